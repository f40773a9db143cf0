"""Charts: the page's own colours, no ground, the same bytes, readable as XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from reports import charts, multiples, reliability, scatters, strips

POINTS = tuple(
    charts.Point(f"scale={x}", 0.9 - 0.1 * x, 0.85 - 0.1 * x, 0.95 - 0.1 * x, 0.7, "at_least", verdict, x)
    for x, verdict in ((1.0, "holds"), (1.5, "undecided"), (2.0, "violated"), (3.0, "reported"))
)
NAMES = tuple(charts.Point(name, 0.9, 0.85, 0.95, x=x) for x, name in enumerate(("own", "blueprint", "checkered", "dotted", "yellow")))
OTHERS = (strips.Other("people (10)", 0.95, 0.91, 0.98), strips.Other("resnet50", 0.22), strips.Other("x" * 60, 0.2))
ROW = [[0.5, 0.4], [0.6, 0.5], [0.7, 0.62], [0.8, 0.7]]
TOLD = {
    "x": "imagenet_val", "y": "imagenet_v2", "fitted": ROW, "others": [[0.7, 0.7]],
    "band": [[0.5, 0.4, 0.35, 0.45], [0.7, 0.6, 0.56, 0.64], [0.85, 0.77, 0.72, 0.81]],
}  # fmt: skip
SPOTS = [scatters.Spot(f"backbone_{index}", 0.76, 0.65 + 0.002 * index, "violated" if index else "holds") for index in range(4)]
BINS = [{"low": i / 15, "high": (i + 1) / 15, "count": i, "confidence": (i + 0.5) / 15, "accuracy": (i + i % 2) / 15} for i in range(15)]
DRAWINGS = {
    "reliability": lambda: reliability.diagram(BINS, "key", "name"),
    "curve": lambda: charts.curve([charts.Series("one", POINTS)], True, False, "enlarged", "key", "name"),
    "curves": lambda: charts.curve([charts.Series(name, POINTS) for name in "abcdefgh"], False, True, "px", "key", "name"),
    "rows": lambda: charts.rows(POINTS, True, False, "key", "name"),
    "bars": lambda: charts.rows(POINTS, True, True, "key", "name"),
    "bars beside a level": lambda: charts.rows(NAMED, False, True, "key", "name", level=1),
    "strip": lambda: strips.strip(POINTS, OTHERS, ["texture", "shape"], True, "key", "name"),
    "scatter": lambda: scatters.scatter(SPOTS[:1], TOLD, "key", "name"),
    "scatter of several": lambda: scatters.scatter([*SPOTS, scatters.Spot("none right", 0.0, 1.0, "reported")], TOLD, "key", "name"),
    "along numbers": lambda: multiples.levels([charts.Series("one", POINTS)], False, 1.0, "key", "name"),
    "along names": lambda: multiples.levels([charts.Series(name, NAMES) for name in "abcd"], True, 0.0, "key", "name"),
    "hostile": lambda: charts.rows([charts.Point("$\\frac{<b>\x00\n☃漢\ud800" * 9, 0.5)], False, False, "key", "<&\"'\x00"),
    "no bins": lambda: reliability.diagram([one | {"count": 0} for one in BINS], "key", "name"),
}


@pytest.fixture(params=DRAWINGS)
def drawing(request: pytest.FixtureRequest) -> str:
    return str(DRAWINGS[request.param]())


def test_colours_come_from_the_page(drawing: str) -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\"])", re.sub(r'href="#[^"]+"', "", drawing)) == []
    assert "white" not in drawing
    assert "var(--soft)" in drawing or "var(--line)" in drawing


def test_a_drawing_is_named_and_fits_the_page(drawing: str) -> None:
    root = ElementTree.fromstring(drawing)

    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert root.get("width") == "350"
    assert root.get("viewBox", "").startswith("0 0 350 ")
    assert "style" not in {element.tag for element in root.iter()}


def test_text_stays_text_within_the_drawing(drawing: str) -> None:
    root = ElementTree.fromstring(drawing)
    height = float(root.get("height", "0"))

    texts = list(root.iter("text"))
    assert texts
    for text in texts:
        assert 0 <= float(text.get("x", "0")) <= 350
        assert 0 <= float(text.get("y", "0")) <= height
        assert "font-family" not in text.get("style", "")


LETTER = 6.6
NAMED = tuple(charts.Point(name, 0.7, 0.5, 0.9, 0.67) for name in ("scene_agrees=conflicts", "colour_agrees=conflicts", "x" * 60))
CLOSE = tuple(charts.Point(str(x), 0.5, x=x) for x in (56, 84, 112, 224, 336, 512, 640))


def texts_of(element: ElementTree.Element, style: str = "") -> Iterator[tuple[ElementTree.Element, str]]:
    """Every text with the style that it and the groups around it have."""
    style += ";" + element.get("style", "")
    if element.tag == "text":
        yield element, style
    for child in element:
        yield from texts_of(child, style)


@pytest.mark.parametrize(
    "drawing",
    [
        charts.rows(NAMED, True, False, "key", "name"),
        charts.rows(NAMED, True, True, "key", "name"),
        charts.rows(NAMED, False, True, "key", "name", level=1),
        charts.rows(POINTS[:1], True, False, "key", "name"),
        strips.strip(NAMED, OTHERS, ["texture", "shape"], True, "key", "name"),
        strips.strip(NAMED, OTHERS, [], False, "key", "name"),
        strips.strip(NAMED[:1], [], ["texture", "shape"], True, "key", "name"),
        charts.curve([charts.Series("one", CLOSE)], True, True, "px", "key", "name"),
        scatters.scatter(SPOTS[:1], TOLD, "key", "name"),
        scatters.scatter(SPOTS, TOLD, "key", "name"),
        charts.curve([charts.Series("one", POINTS)], True, False, "times", "key", "name"),
    ],
)
def test_words_are_neither_cut_off_nor_on_top_of_each_other(drawing: str) -> None:
    lines: dict[float, list[tuple[float, float]]] = {}
    for text, style in texts_of(ElementTree.fromstring(drawing)):
        width = LETTER * len(text.text or "")
        anchor = next((word for word in ("middle", "end") if f"text-anchor:{word}" in style), "start")
        start = float(text.get("x", "0")) - {"start": 0, "middle": width / 2, "end": width}[anchor]
        if "rotate" not in text.get("transform", ""):
            assert start > -1
            assert start + width < 351
            lines.setdefault(round(float(text.get("y", "0"))), []).append((start, start + width))
    for placed in map(sorted, lines.values()):
        assert all(end < start for (_, end), (start, _) in pairwise(placed)), placed


def filled(drawing: str) -> int:
    """How many shapes above the histogram are filled in the accent's colour."""
    above = ElementTree.fromstring(drawing)[0]
    styles = [element.get("style", "") for element in above.iter()]
    return sum("fill:var(--accent)" in style for style in styles)


def test_a_bin_of_few_images_is_an_outline() -> None:
    few = reliability.diagram([one | {"count": 3} for one in BINS], "key", "name")
    many = reliability.diagram([one | {"count": 300} for one in BINS], "key", "name")

    assert filled(few) == 0
    assert filled(many) > 0


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_drawing_has_the_same_bytes(name: str) -> None:
    assert DRAWINGS[name]() == DRAWINGS[name]()


def test_a_verdict_is_a_shape_as_well_as_a_colour() -> None:
    assert len({charts.MARKS[verdict] for verdict in ("holds", "violated", "undecided", "waived")}) == 4
    root = ElementTree.fromstring(charts.rows(POINTS, True, False, "key", "name"))
    marks = {(element.get("href"), element.get("style")) for element in root.iter("use")}
    assert sum("var(--violated)" in str(style) for _, style in marks) == 1


def test_names_of_levels_do_not_touch() -> None:
    root = ElementTree.fromstring(str(DRAWINGS["along names"]()))

    spans = sorted(
        (float(text.get("x", "0")) - len(text.text or "") * 5.8 / 2, float(text.get("x", "0")) + len(text.text or "") * 5.8 / 2)
        for text in root.iter("text")
        if (text.text or "") in {point.name for point in NAMES}
    )
    assert len(spans) == 5
    assert all(left[1] < right[0] for left, right in pairwise(spans))


def test_a_difference_of_shares_below_zero_is_within_the_axis() -> None:
    """Beside shares; of these alone the axis is all that a share can be."""
    less = charts.Point("reliance", -0.016, -0.021, -0.011, 0.05, "at_most", "holds")

    low, high = charts.limits_of([*POINTS, less], share=True, from_zero=True)

    assert -1 <= low < -0.021
    assert 0.95 < high <= 1
    assert charts.limits_of(POINTS, share=True, from_zero=True) == (0, 1)


def test_a_level_that_all_are_compared_with_is_within_the_axis() -> None:
    points = [charts.Point(name, value) for name, value in (("fog", 0.2), ("snow", 0.3))]

    drawing = ElementTree.fromstring(charts.rows(points, False, True, "key", "name", level=1))

    assert {"0", "1"} < {text.text for text in drawing.iter("text")}
    assert sum("stroke-dasharray" in str(line.get("style")) for line in drawing.iter()) == 1

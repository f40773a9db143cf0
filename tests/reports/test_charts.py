"""Charts: the page's own colours, no ground, the same bytes, readable as XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from reports import charts
from reports.claims import claims_of, records_of
from reports.figures import Figure, figures_of
from reports.prose import read_prose
from reports.sections import Exhibit, Section
from tests.reports.sample import BACKBONES, sample_run

POINTS = tuple(
    charts.Point(f"scale={x}", 0.9 - 0.1 * x, 0.85 - 0.1 * x, 0.95 - 0.1 * x, 0.7, "at_least", verdict, x)
    for x, verdict in ((1.0, "holds"), (1.5, "undecided"), (2.0, "violated"), (3.0, "reported"))
)
BINS = [{"low": i / 15, "high": (i + 1) / 15, "count": i, "confidence": (i + 0.5) / 15, "accuracy": (i + i % 2) / 15} for i in range(15)]
DRAWINGS = {
    "reliability": lambda: charts.reliability(BINS, "key", "name"),
    "curve": lambda: charts.curve([charts.Series("one", POINTS)], True, False, "enlarged", "key", "name"),
    "curves": lambda: charts.curve([charts.Series(name, POINTS) for name in "abcdefgh"], False, True, "px", "key", "name"),
    "rows": lambda: charts.rows(POINTS, True, False, "key", "name"),
    "bars": lambda: charts.rows(POINTS, True, True, "key", "name"),
    "hostile": lambda: charts.rows([charts.Point("$\\frac{<b>\x00\n☃漢\ud800" * 9, 0.5)], False, False, "key", "<&\"'\x00"),
    "no bins": lambda: charts.reliability([one | {"count": 0} for one in BINS], "key", "name"),
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
        charts.rows(POINTS[:1], True, False, "key", "name"),
        charts.curve([charts.Series("one", CLOSE)], True, True, "px", "key", "name"),
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
    few = charts.reliability([one | {"count": 3} for one in BINS], "key", "name")
    many = charts.reliability([one | {"count": 300} for one in BINS], "key", "name")

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


@pytest.fixture(scope="module")
def figures() -> dict[str, list[str]]:
    claims = claims_of(records_of(sample_run(BACKBONES[:2])))
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(claim.property_name for claim in claims):
        drawn = figures_of([claim for claim in claims if claim.property_name == name], name)
        found[name] = [f"{figure.title} | {figure.about}" for figure in drawn]
    return found


def test_views_over_one_number_share_a_curve_and_others_are_listed(figures: dict[str, list[str]]) -> None:
    assert "Accuracy survives a change of scale | invariance.scale · shapes" in figures["invariance"]
    consistency = [one for one in figures["invariance"] if "invariance.consistency" in one]
    assert consistency == [
        f"Predictions stay the same under mild changes | invariance.consistency · {name} · shapes" for name in BACKBONES[:2]
    ]


def test_bins_classes_and_slices_are_drawn_for_each_backbone(figures: dict[str, list[str]]) -> None:
    assert [one.partition(" | ")[0] for one in figures["calibration"]] == [
        *2 * ["Confidence matches how often the backbone is right"],
        *2 * ["One temperature would mend calibration"],
    ]
    assert [one.partition(" | ")[0] for one in figures["accuracy"]] == [
        "Scores with their intervals",
        *2 * ["No class is left behind"],
        *2 * ["No slice of the images is left behind"],
    ]
    assert figures["determinism"] == []


def test_what_a_chart_leaves_out_is_said_beside_it() -> None:
    claims = [claim for claim in claims_of(records_of(sample_run())) if claim.audit in ("accuracy.worst_class", "calibration.temperature")]

    groups, cooled = (figure for figure in figures_of(claims, "key") if figure.note)

    assert groups.note == "The lowest 5 of 12. 2 more had too few images to compare."
    assert cooled.note.startswith("At temperature 1.31; 0.0542 before. Mean confidence")


def test_a_view_that_could_not_be_measured_is_named_beside_its_chart() -> None:
    claims = [claim for claim in claims_of(records_of(sample_run())) if claim.audit == "invariance.consistency"]

    (figure,) = figures_of(claims, "key")

    assert figure.note == "Not measured: blur 2."


@pytest.mark.parametrize(("widths", "alone"), [("1", True), ("11", False), ("111", False), ("1111", True), ("121", True), ("1212", False)])
def test_a_chart_alone_in_its_row_is_known(widths: str, alone: bool) -> None:
    figure, exhibit = Figure("", "", Markup(""), ("", "", "")), Exhibit("", "", ("", "", ""), ())
    panels = tuple(figure if width == "1" else exhibit for width in widths)

    assert Section("", "", read_prose("", ""), (), panels, ()).ends_alone is alone

"""Matplotlib's drawings as inline SVG that belongs to the page: its colours by name, its font, no ground, the same bytes each time.

A drawing uses the stand-in colours below; on the way out each becomes a CSS variable of the page, so that one chart is right in light, in
dark and on paper.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.record import VERDICTS

WIDTH = 350
SERIES = tuple(f"#0201{number:02x}" for number in range(6))
OF_VERDICT = {verdict: f"#0202{number:02x}" for number, verdict in enumerate(VERDICTS)}
INK, SOFT, LINE, ALLOWED, ACCENT, PAPER = (f"#0203{number:02x}" for number in range(6))
_VARIABLES = {
    **{colour: f"series-{number + 1}" for number, colour in enumerate(SERIES)},
    **{colour: verdict for verdict, colour in OF_VERDICT.items()},
    INK: "ink", SOFT: "soft", LINE: "line", ALLOWED: "allowed", ACCENT: "accent", PAPER: "paper",
}  # fmt: skip
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "backbone-audits", "text.parse_math": False, "axes.unicode_minus": True,
    "font.size": 11, "font.family": "sans-serif", "text.color": SOFT, "axes.labelcolor": SOFT, "axes.edgecolor": LINE, "axes.linewidth": 1,
    "xtick.color": LINE, "ytick.color": LINE, "xtick.labelcolor": SOFT, "ytick.labelcolor": SOFT, "axes.labelsize": 11,
    "xtick.labelsize": 11, "ytick.labelsize": 11, "axes.spines.top": False, "axes.spines.right": False, "path.simplify": False,
    "xtick.bottom": False,
    "ytick.left": False,
    "legend.frameon": False, "legend.fontsize": 11, "hatch.linewidth": 1,
}  # fmt: skip
_NUMBER = re.compile(r"-?\d+\.\d+")
_PATH = re.compile(r"[MLCQz\d\s.,-]+")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@contextmanager
def drawing(height: float) -> Iterator[Figure]:
    """A blank figure of the page's chart width and a height, both in pixels, under the page's style."""
    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(WIDTH / 72, height / 72))


def place(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes whose edges stand at these distances in pixels from the edges of the figure: no guessing at layout, the same everywhere."""
    width, height = figure.get_size_inches() * 72
    return figure.add_axes((left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height))


def label(text: str, longest: int = 22) -> str:
    """A name fit to stand in a drawing: no control characters, its end cut off where it is too long."""
    text = _UNSAFE.sub(" ", text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def to_svg(figure: Figure, key: str, name: str) -> Markup:
    """The figure as an `<svg>` element. `key` keeps its ids apart from those of other charts, `name` is what a screen reader says."""
    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the reader's browser has its own fonts
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    root = ElementTree.fromstring(buffer.getvalue())
    _tidy(root, key, {})
    _drop_empty(root)
    _gather(root)
    width, height = (round(float(size)) for size in root.attrib["viewBox"].split()[2:])
    body = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    safe_name = escape(_UNSAFE.sub(" ", name))
    return Markup(f'<svg class="chart" {box} role="img" aria-label="{safe_name}">{body}</svg>')


def _tidy(element: ElementTree.Element, key: str, ids: dict[str, str]) -> None:
    """Plain tag names, short numbers, the page's colours, and only those ids that something refers to."""
    element.tag = element.tag.rpartition("}")[2]
    element.text, element.tail = (element.text if element.tag == "text" else None), None
    for attribute, value in list(element.attrib.items()):
        del element.attrib[attribute]
        attribute = attribute.rpartition("}")[2]
        if attribute == "id":
            if element.tag in ("path", "clipPath", "pattern"):
                element.set("id", ids.setdefault(value, f"{key}-{len(ids)}"))
        elif attribute == "href":
            element.set("href", f"#{ids.setdefault(value[1:], f'{key}-{len(ids)}')}")
        else:
            value = re.sub(r"url\(#(\w+)\)", lambda match: f"url(#{ids.setdefault(match[1], f'{key}-{len(ids)}')})", value)
            kept = _style(value, element.tag) if attribute == "style" else _short(value)
            if kept and not (attribute == "transform" and kept.startswith("rotate(-0 ")):
                element.set(attribute, kept)
    for child in list(element):
        _tidy(child, key, ids)


def _style(style: str, tag: str) -> str:
    """Style declarations in the page's colours; what the page's style sheet says of every chart's text is left to it."""
    kept = []
    for declaration in style.split("; "):
        name, _, value = declaration.partition(": ")
        said_by_page = name == "font-family" or (tag == "text" and (name, value) in (("font-size", "11px"), ("fill", SOFT)))
        if not said_by_page and (name, value) != ("stroke-dashoffset", "0"):
            kept.append(f"{name}:{f'var(--{_VARIABLES[value]})' if value in _VARIABLES else value}")
    return ";".join(kept)


def _short(value: str) -> str:
    """Numbers to a tenth of a pixel, path commands without the spaces that they do not need."""
    value = _NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), " ".join(value.split()))
    return re.sub(r" ?\b([MLCQz])\b ?", r"\1", value) if _PATH.fullmatch(value) else value


def _drop_empty(element: ElementTree.Element) -> None:
    """Leave out what draws nothing, and put the children of groups that say nothing in their place."""
    for child in list(element):
        _drop_empty(child)
    kept: list[ElementTree.Element] = []
    for child in list(element):
        invisible = child.tag == "style" or (child.tag in ("g", "defs") and not len(child)) or child.get("style") == "fill:none"
        if not invisible:
            kept.extend(child if child.tag == "g" and not child.attrib else [child])
        element.remove(child)
    element.extend(kept)


def _gather(element: ElementTree.Element) -> None:
    """Say once, for a group, what neighbours would each say of their looks."""
    for child in element:
        _gather(child)
    runs: list[tuple[dict[str, str], list[ElementTree.Element]]] = []
    for child in list(element):
        looks = {name: child.attrib[name] for name in ("clip-path", "style") if name in child.attrib}
        if runs and looks and runs[-1][0] == looks:
            runs[-1][1].append(child)
        else:
            runs.append((looks, [child]))
        element.remove(child)
    for looks, children in runs:
        if len(children) == 1:
            element.append(children[0])
            continue
        group = ElementTree.SubElement(element, "g", looks)
        for child in children:
            for name in looks:
                del child.attrib[name]
            group.append(child)

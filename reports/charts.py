"""The three drawings of the report: a reliability diagram, scores over a view's number, and scores one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2, nan
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from reports import numbers
from reports.svg import ACCENT, ALLOWED, INK, LINE, OF_VERDICT, PAPER, SERIES, SOFT, WIDTH, drawing, label, place, to_svg

# Every colour also a shape: verdicts as in the bars of the tables, series by marker and dash.
MARKS = {"holds": "o", "violated": "X", "undecided": "D", "waived": "s", "reported": "o", "error": "o"}
_SERIES_MARKS = ("o", "s", "^", "D", "v", "P")
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (8, 3)), (0, (3, 1)))
_ROW_HEIGHT = 18
_LETTER_PX = 6.6  # of the widest usual font at the size of a chart's text
_LONGEST_NAME = 24
# A share of so few images says next to nothing: its bar is an outline.
FEW = 10


@dataclass(frozen=True)
class Point:
    """One score: where it stands (`x` over a number, `name` in a list), its interval, its bound, its verdict (empty: not judged)."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    direction: str | None = None
    verdict: str = ""
    x: float = 0.0
    heading: str = ""


@dataclass(frozen=True)
class Series:
    """The scores of one backbone."""

    name: str
    points: tuple[Point, ...]


def reliability(bins: Sequence[dict[str, Any]], key: str, name: str) -> Markup:
    """How often a backbone is right at each confidence, and how its images are spread over confidence.

    Bins are `{low, high, count, confidence, accuracy}`; empty ones draw nothing, those of less than `FEW` images outlines.
    """
    full = [one for one in bins if one["count"]]
    middles = [(one["low"] + one["high"]) / 2 for one in full]
    widths = [(one["high"] - one["low"]) * 0.88 for one in full]
    total = sum(one["count"] for one in full)
    with drawing(388) as figure:
        upper, lower = place(figure, 62, 132, 20, 8), place(figure, 62, 42, 20, 270)
        _draw_bins(upper, full, middles, widths)
        upper.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 4)))
        lower.bar(middles, [one["count"] / total for one in full], widths, color=ACCENT, alpha=0.75, linewidth=0)
        upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share right")
        upper.tick_params(labelbottom=False)
        lower.set(xlim=(0, 1), xlabel="confidence", ylabel="images")
        most = max((one["count"] / total for one in full), default=1.0)
        lower.set_ylim(0, most * 1.05)
        for axis in (upper.xaxis, upper.yaxis, lower.xaxis):
            _ticks(axis, [0, 0.25, 0.5, 0.75, 1], share=True)
        _ticks(lower.yaxis, [0, float(f"{most:.2g}")], share=True)
        return to_svg(figure, key, name)


def _draw_bins(axes: Axes, bins: Sequence[dict[str, Any]], middles: Sequence[float], widths: Sequence[float]) -> None:
    """Full up to what is both claimed and kept; empty and dashed what is claimed beyond, pale what is kept beyond."""
    many = [one["count"] >= FEW for one in bins]
    shared = [min(one["accuracy"], one["confidence"]) for one in bins]
    claimed = [max(0.0, one["confidence"] - one["accuracy"]) for one in bins]
    kept = [max(0.0, one["accuracy"] - one["confidence"]) for one in bins]
    solid = [(ACCENT, 0.75) if enough else "none" for enough in many]
    axes.bar(middles, shared, widths, color=solid, edgecolor=["none" if enough else ACCENT for enough in many], linewidth=1)
    for heights, pale, edge in ((claimed, False, OF_VERDICT["violated"]), (kept, True, ACCENT)):
        drawn = [number for number, height in enumerate(heights) if height > 0]
        chosen = [[column[number] for number in drawn] for column in (middles, heights, widths, shared)]
        faces = [(ACCENT, 0.25) if pale and many[number] else "none" for number in drawn]
        axes.bar(*chosen[:3], bottom=chosen[3], facecolor=faces, edgecolor=edge, linewidth=1, linestyle=(0, (2, 2)))


def curve(series: Sequence[Series], share: bool, halves: bool, xlabel: str, key: str, name: str) -> Markup:
    """Scores over the number of a view, each with its interval as a band; `halves` spaces the numbers by their logarithm.

    The side that the policy allows is a field where all points have one bound, else each bound is a short line of its own.
    """
    points = [point for one in series for point in one.points]
    legend_height = 16 * len(series) if len(series) > 1 else 0
    with drawing(236 + legend_height) as figure:
        axes = place(figure, 48, 42, 14, 10 + legend_height)
        for number, one in enumerate(series):
            _draw_series(axes, one, number, alone=len(series) == 1)
        axes.set_ylim(_limits(points, share))
        _show_bounds(axes, points, sideways=False)
        if halves:
            axes.set_xscale("log", base=2)
        places = sorted({point.x for point in points})
        _ticks(axes.xaxis, _apart(places, halves, WIDTH - 62), share=False)
        axes.set_xlabel(label(xlabel, 48))
        _tick_scores(axes.yaxis, axes.get_ylim(), share)
        if legend_height:
            axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderaxespad=0.2, labelspacing=0.25, handlelength=3, labelcolor=INK)
        return to_svg(figure, key, name)


def rows(points: Sequence[Point], share: bool, filled: bool, key: str, name: str) -> Markup:
    """Scores one below the other, each with its interval: over views, classes, slices or audits; `filled` draws bars from zero.

    A point with a heading begins a group under that heading.
    """
    lines: list[tuple[str, Point | None]] = []
    for point in points:
        lines += [(point.heading, None)] * bool(point.heading) + [(point.name, point)]
    with drawing(len(lines) * _ROW_HEIGHT + 32) as figure:
        left = 12 + _LETTER_PX * max((min(len(text), _LONGEST_NAME) for text, _ in lines), default=0)
        across = WIDTH - left - 22
        axes = place(figure, left, 26, 22, 6)
        axes.set(ylim=(len(lines) - 0.5, -0.5), xlim=_limits(points, share, from_zero=filled))
        placed = {height: point for height, (_, point) in enumerate(lines) if point}
        _show_bounds(axes, points, sideways=True, heights=list(placed))
        for height, (text, _) in enumerate(lines):
            axes.text(
                -8 / across, height, label(text, _LONGEST_NAME), ha="right", va="center", color=SOFT if height in placed else INK,
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
        _draw_rows(axes, placed, filled)
        axes.yaxis.set_major_locator(NullLocator())
        axes.spines["left"].set_visible(False)
        _tick_scores(axes.xaxis, axes.get_xlim(), share, across)
        return to_svg(figure, key, name)


def _draw_rows(axes: Axes, placed: dict[int, Point], filled: bool) -> None:
    """Points at their heights. What has one colour is one path: a report holds thousands of points."""
    if not filled:
        _strokes(axes, [(axes.get_xlim(), (height, height)) for height in placed], LINE, 0.7)
    for verdict in dict.fromkeys(point.verdict for point in placed.values()):
        own = {height: point for height, point in placed.items() if point.verdict == verdict}
        colour = OF_VERDICT.get(verdict, SOFT)
        if filled:
            axes.barh(list(own), [point.value for point in own.values()], 0.6, color=colour, alpha=0.3, linewidth=0)
        intervals = [((point.low, point.high), (height, height)) for height, point in own.items() if point.low is not None]
        _strokes(axes, intervals, colour, 2.5)
        _marks(axes, [(point.value, height) for height, point in own.items()], verdict, 7)


def _draw_series(axes: Axes, one: Series, number: int, alone: bool) -> None:
    points = sorted(one.points, key=lambda point: point.x)
    colour, xs = ACCENT if alone else SERIES[number % len(SERIES)], [point.x for point in points]
    banded = [point for point in points if point.low is not None and point.high is not None]
    lows, highs = [point.low or 0.0 for point in banded], [point.high or 0.0 for point in banded]
    axes.fill_between([point.x for point in banded], lows, highs, color=colour, alpha=0.18, linewidth=0)
    if alone:
        _strokes(axes, [((point.x, point.x), (point.low, point.high)) for point in banded], colour, 1.6)
    axes.plot(
        xs, [point.value for point in points], color=colour, linewidth=1.6, linestyle=_DASHES[number % len(_DASHES)],
        marker="" if alone else _SERIES_MARKS[number % len(_SERIES_MARKS)], markersize=4.5, markeredgewidth=0, label=label(one.name, 44),
    )  # fmt: skip
    for verdict in dict.fromkeys(point.verdict for point in points):
        if alone or verdict in ("violated", "undecided", "waived"):
            size = 6 if verdict in ("holds", "reported") else 8
            _marks(axes, [(point.x, point.value) for point in points if point.verdict == verdict], verdict, size)


def _strokes(axes: Axes, strokes: Sequence[tuple[tuple[Any, Any], tuple[Any, Any]]], colour: str, width: float) -> None:
    """Separate lines, given by the x and the y of both ends, as one path."""
    xs = [x for (first, last), _ in strokes for x in (first, last, nan)]
    ys = [y for _, (first, last) in strokes for y in (first, last, nan)]
    axes.plot(xs, ys, color=colour, linewidth=width, solid_capstyle="butt")


def _marks(axes: Axes, places: Sequence[tuple[float, float]], verdict: str, size: float) -> None:
    hollow = verdict == "reported"
    axes.plot(
        [x for x, _ in places], [y for _, y in places], linestyle="none", marker=MARKS.get(verdict, "o"), markersize=size, zorder=5,
        color=OF_VERDICT.get(verdict, SOFT), markeredgewidth=1.5 if hollow else 0, markerfacecolor=PAPER if hollow else None,
    )  # fmt: skip


def _show_bounds(axes: Axes, points: Sequence[Point], sideways: bool, heights: Sequence[float] = ()) -> None:
    """The allowed side of the bound as a field where all points share it, else one short line a point."""
    bounds = {(point.bound, point.direction) for point in points}
    if len(bounds) == 1:
        bound, direction = bounds.pop()
        if bound is None:
            return
        low, high = axes.get_xlim() if sideways else axes.get_ylim()
        ends = (low, bound) if direction == "at_most" else (bound, high)
        (axes.axvspan if sideways else axes.axhspan)(*ends, color=ALLOWED, linewidth=0)
        (axes.axvline if sideways else axes.axhline)(bound, color=SOFT, linewidth=1.3)
        return
    for place_, point in zip(heights or [point.x for point in points], points, strict=True):
        if point.bound is not None and sideways:
            axes.plot([point.bound] * 2, [place_ - 0.42, place_ + 0.42], color=SOFT, linewidth=1.3)
        elif point.bound is not None:
            axes.plot([place_], [point.bound], marker="_", markersize=12, markeredgewidth=1.3, color=SOFT)


def _limits(points: Sequence[Point], share: bool, from_zero: bool = False) -> tuple[float, float]:
    if from_zero and share:
        return 0.0, 1.0
    seen = [number for point in points for number in (point.value, point.low, point.high, point.bound) if number is not None]
    return numbers.axis_limits([*seen, 0.0] if from_zero else seen, share)


def _tick_scores(axis: Any, limits: tuple[float, float], share: bool, across: float = WIDTH) -> None:
    """Round numbers; on an axis that lies across so many pixels, no more than can stand beside each other."""
    quarters = [0, 0.25, 0.5, 0.75, 1] if share and limits == (0, 1) else []
    _ticks(axis, quarters or numbers.ticks(*limits, most=min(6, int(across // (7 * _LETTER_PX)))), share)


def _ticks(axis: Any, places: Sequence[float], share: bool) -> None:
    axis.set_major_locator(FixedLocator(list(places)))
    axis.set_minor_locator(NullLocator())
    axis.set_ticklabels([numbers.limit(float(f"{place:.3g}"), share) for place in places])


def _apart(places: Sequence[float], halves: bool, across: float) -> list[float]:
    """Those numbers that can be written below an axis of so many pixels without touching, both ends among them."""
    spread = [log2(place) if halves else place for place in places]
    pixel = (spread[-1] - spread[0]) / across
    room = [(_LETTER_PX * len(numbers.limit(place)) + 10) * pixel for place in places]
    kept = [0]
    for index in range(1, len(places)):
        last = index == len(places) - 1
        while last and len(kept) > 1 and spread[index] - spread[kept[-1]] < room[index]:
            kept.pop()
        if spread[index] - spread[kept[-1]] >= room[index]:
            kept.append(index)
    return [places[index] for index in kept]

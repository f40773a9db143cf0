"""The two drawings that most scores get: over a view's number, or one below the other; and the parts that other drawings share."""

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
        axes.set_ylim(limits_of(points, share))
        _show_bounds(axes, points, sideways=False)
        if halves:
            axes.set_xscale("log", base=2)
        places = sorted({point.x for point in points})
        tick_at(axes.xaxis, _apart(places, halves, WIDTH - 62), share=False)
        axes.set_xlabel(label(xlabel, 48))
        tick_scores(axes.yaxis, axes.get_ylim(), share)
        if legend_height:
            axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderaxespad=0.2, labelspacing=0.25, handlelength=3, labelcolor=INK)
        return to_svg(figure, key, name)


def rows(points: Sequence[Point], share: bool, filled: bool, key: str, name: str, level: float | None = None) -> Markup:
    """Scores one below the other, each with its interval: over views, classes, slices or audits; `filled` draws bars from zero.

    A point with a heading begins a group under that heading. `level`: what all are compared with, a dashed line.
    """
    lines: list[tuple[str, Point | None]] = []
    for point in points:
        lines += [(point.heading, None)] * bool(point.heading) + [(point.name, point)]
    with drawing(len(lines) * _ROW_HEIGHT + 32) as figure:
        left = 12 + _LETTER_PX * max((min(len(text), _LONGEST_NAME) for text, _ in lines), default=0)
        across = WIDTH - left - 22
        axes = place(figure, left, 26, 22, 6)
        axes.set(ylim=(len(lines) - 0.5, -0.5), xlim=limits_of(points, share, from_zero=filled, level=level))
        if level is not None:
            axes.axvline(level, color=SOFT, linewidth=1, linestyle=(0, (4, 4)))
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
        tick_scores(axes.xaxis, axes.get_xlim(), share, across)
        return to_svg(figure, key, name)


def _draw_rows(axes: Axes, placed: dict[int, Point], filled: bool) -> None:
    """Points at their heights. What has one colour is one path: a report holds thousands of points."""
    if not filled:
        draw_strokes(axes, [(axes.get_xlim(), (height, height)) for height in placed], LINE, 0.7)
    for verdict in dict.fromkeys(point.verdict for point in placed.values()):
        own = {height: point for height, point in placed.items() if point.verdict == verdict}
        colour = OF_VERDICT.get(verdict, SOFT)
        if filled:
            axes.barh(list(own), [point.value for point in own.values()], 0.6, color=colour, alpha=0.3, linewidth=0)
        intervals = [((point.low, point.high), (height, height)) for height, point in own.items() if point.low is not None]
        draw_strokes(axes, intervals, colour, 2.5)
        draw_marks(axes, [(point.value, height) for height, point in own.items()], verdict, 7)


def series_style(number: int) -> tuple[str, Any, str]:
    """The colour, dash and mark of the backbone of that number among several."""
    return SERIES[number % len(SERIES)], _DASHES[number % len(_DASHES)], _SERIES_MARKS[number % len(_SERIES_MARKS)]


def _draw_series(axes: Axes, one: Series, number: int, alone: bool) -> None:
    points = sorted(one.points, key=lambda point: point.x)
    colour, xs = ACCENT if alone else SERIES[number % len(SERIES)], [point.x for point in points]
    banded = [point for point in points if point.low is not None and point.high is not None]
    lows, highs = [point.low or 0.0 for point in banded], [point.high or 0.0 for point in banded]
    axes.fill_between([point.x for point in banded], lows, highs, color=colour, alpha=0.18, linewidth=0)
    if alone:
        draw_strokes(axes, [((point.x, point.x), (point.low, point.high)) for point in banded], colour, 1.6)
    axes.plot(
        xs, [point.value for point in points], color=colour, linewidth=1.6, linestyle=_DASHES[number % len(_DASHES)],
        marker="" if alone else _SERIES_MARKS[number % len(_SERIES_MARKS)], markersize=4.5, markeredgewidth=0, label=label(one.name, 44),
    )  # fmt: skip
    for verdict in dict.fromkeys(point.verdict for point in points):
        if alone or verdict in ("violated", "undecided", "waived"):
            size = 6 if verdict in ("holds", "reported") else 8
            draw_marks(axes, [(point.x, point.value) for point in points if point.verdict == verdict], verdict, size)


def draw_strokes(axes: Axes, strokes: Sequence[tuple[tuple[Any, Any], tuple[Any, Any]]], colour: str, width: float) -> None:
    """Separate lines, given by the x and the y of both ends, as one path."""
    xs = [x for (first, last), _ in strokes for x in (first, last, nan)]
    ys = [y for _, (first, last) in strokes for y in (first, last, nan)]
    axes.plot(xs, ys, color=colour, linewidth=width, solid_capstyle="butt")


def draw_marks(axes: Axes, places: Sequence[tuple[float, float]], verdict: str, size: float) -> None:
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


def limits_of(points: Sequence[Point], share: bool, from_zero: bool = False, level: float | None = None) -> tuple[float, float]:
    seen = [number for point in points for number in (point.value, point.low, point.high, point.bound, level) if number is not None]
    if from_zero and share and min(seen) >= 0:  # a difference of shares may be below
        return 0.0, 1.0
    return numbers.axis_limits([*seen, 0.0] if from_zero else seen, share)


def tick_scores(axis: Any, limits: tuple[float, float], share: bool, across: float = WIDTH) -> None:
    """Round numbers; on an axis that lies across so many pixels, no more than can stand beside each other."""
    quarters = [0, 0.25, 0.5, 0.75, 1] if share and limits == (0, 1) else []
    tick_at(axis, quarters or numbers.ticks(*limits, most=min(6, int(across // (7 * _LETTER_PX)))), share)


def tick_at(axis: Any, places: Sequence[float], share: bool) -> None:
    axis.set_major_locator(FixedLocator(list(places)))
    axis.set_minor_locator(NullLocator())
    axis.set_ticklabels([numbers.limit(float(f"{place:.3g}"), share) for place in places])


def tick_levels(axes: Axes, levels: dict[float, str], named: bool) -> None:
    """The levels of a factor below an axis: all names, or as many numbers as can stand beside each other."""
    places = list(levels)
    if named:
        axes.set_xlim(places[0] - 0.5, places[-1] + 0.5)
        axes.xaxis.set_major_locator(FixedLocator(places))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([label(name, 1 + int((WIDTH - 62) / len(places) // _LETTER_PX)) for name in levels.values()])
    else:
        tick_at(axes.xaxis, _apart(places, False, WIDTH - 62), share=False)


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

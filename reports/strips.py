"""The drawing of backbones among others: people as a band, recorded networks as dots, on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from reports import numbers
from reports.charts import MARKS, Point
from reports.svg import ALLOWED, INK, LINE, OF_VERDICT, PAPER, SOFT, WIDTH, drawing, label, place, to_svg

_ROW_HEIGHT = 20
_LETTER_PX = 6.6  # of the widest usual font at the size of a chart's text
_LONGEST_NAME = 22


@dataclass(frozen=True)
class Other:
    """Somebody who was measured on the same images and is not judged: one, or (with `low` and `high`) a group with its mean."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def strip(points: Sequence[Point], others: Sequence[Other], ends: Sequence[str], share: bool, key: str, name: str) -> Markup:
    """Backbones with their intervals, and others below them; a group's range goes through all rows. `ends` say what lies on either side."""
    names = [*(point.name for point in points), *(other.name for other in others)]
    left = 12 + _LETTER_PX * max(min(len(one), _LONGEST_NAME) for one in names)
    bottom = 40 if ends else 26
    with drawing(len(names) * _ROW_HEIGHT + bottom + 6) as figure:
        across = WIDTH - left - 22
        axes = place(figure, left, bottom, 22, 6)
        axes.set(ylim=(len(names) - 0.5, -0.5), xlim=_limits(points, others, share))
        for row, one in enumerate(names):
            axes.text(
                -8 / across, row, label(one, _LONGEST_NAME), ha="right", va="center", color=INK if row < len(points) else SOFT,
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
            axes.plot(axes.get_xlim(), (row, row), color=LINE, linewidth=0.7)
        _draw_bound(axes, points)
        _draw_others(axes, others, len(points))
        _draw_points(axes, points)
        axes.yaxis.set_major_locator(NullLocator())
        axes.spines["left"].set_visible(False)
        _tick(axes, share)
        for end, x, side in zip(ends, (0.0, 1.0), ("left", "right"), strict=False):
            words = f"← {end}" if side == "left" else f"{end} →"
            axes.annotate(
                label(words), (x, 0), (0, -28), xycoords="axes fraction", textcoords="offset points", ha=side, va="center", color=SOFT
            )
        return to_svg(figure, key, name)


def _limits(points: Sequence[Point], others: Sequence[Other], share: bool) -> tuple[float, float]:
    if share:
        return 0.0, 1.0
    seen = [number for one in (*points, *others) for number in (one.value, one.low, one.high) if number is not None]
    return numbers.axis_limits([*seen, 0.0, *(point.bound for point in points if point.bound is not None)], share)


def _draw_bound(axes: Axes, points: Sequence[Point]) -> None:
    """The side that the policy allows, as far down as there are backbones that it is about."""
    low, high = axes.get_xlim()
    for row, point in enumerate(points):
        if point.bound is not None:
            ends = (low, point.bound) if point.direction == "at_most" else (point.bound, high)
            axes.fill_between(ends, row - 0.5, row + 0.5, color=ALLOWED, linewidth=0)
            axes.plot((point.bound, point.bound), (row - 0.5, row + 0.5), color=SOFT, linewidth=1.3)


def _draw_others(axes: Axes, others: Sequence[Other], first: int) -> None:
    for row, other in enumerate(others, first):
        if other.low is not None and other.high is not None:
            axes.fill_between((other.low, other.high), -0.5, row + 0.3, color=INK, alpha=0.08, linewidth=0)
            axes.fill_between((other.low, other.high), row - 0.3, row + 0.3, color=INK, alpha=0.25, linewidth=0)
            axes.plot((other.value, other.value), (row - 0.3, row + 0.3), color=INK, linewidth=2)
        else:
            axes.plot(
                [other.value], [row], linestyle="none", marker="o", markersize=6, color=SOFT, markeredgewidth=1.5, markerfacecolor=PAPER
            )


def _draw_points(axes: Axes, points: Sequence[Point]) -> None:
    for row, point in enumerate(points):
        colour = OF_VERDICT.get(point.verdict, SOFT)
        if point.low is not None and point.high is not None:
            axes.plot((point.low, point.high), (row, row), color=colour, linewidth=2.5, solid_capstyle="butt")
        hollow = point.verdict == "reported"
        axes.plot(
            [point.value], [row], linestyle="none", marker=MARKS.get(point.verdict, "o"), markersize=8, zorder=5, color=colour,
            markeredgewidth=1.5 if hollow else 0, markerfacecolor=PAPER if hollow else None,
        )  # fmt: skip


def _tick(axes: Axes, share: bool) -> None:
    places = [0, 0.25, 0.5, 0.75, 1] if share else numbers.ticks(*axes.get_xlim(), most=5)
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([numbers.limit(float(f"{place:.3g}"), share) for place in places])

"""Small drawings of one kind for many factors: a score along the levels of a factor, each backbone a line, all on one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from reports import numbers
from reports.charts import Point, Series, draw_strokes, rows, series_style, tick_levels, tick_scores
from reports.svg import ACCENT, INK, LINE, SOFT, drawing, label, place, to_svg

MOST_NAMES = 7  # of levels, written side by side
_HEIGHT, _LEGEND_ROW = 150, 16
_APART = 0.13  # of the distance between two names: where several backbones stand above one


def along(curves: Mapping[str, Mapping[str, Any]], key: str, name: str) -> tuple[Markup, str]:
    """Each backbone's curve, `{levels, reference}`, in one drawing, and what is to be said below it.

    Numbers lie on a line and names stand side by side; of more names than can, the lowest are listed instead.
    """
    names = list(dict.fromkeys(level["name"] for curve in curves.values() for level in curve["levels"]))
    named = not all(map(_is_number, names))
    places = {level: names.index(level) if named else float(level) for level in names}
    series = [
        Series(
            backbone, tuple(Point(one["name"], one["accuracy"], one["low"], one["high"], x=places[one["name"]]) for one in curve["levels"])
        )
        for backbone, curve in curves.items()
    ]
    words = " ".join(
        f"{one.name}: {', '.join(f'{point.name}: {numbers.score(point.value, True)}' for point in one.points)}." for one in series
    )
    reference = next(iter(curves.values()))["reference"]
    note = " Dashed: what the others are compared with." if reference is not None else ""
    if not named or len(names) <= MOST_NAMES:
        return levels(series, named, None if reference is None else places[reference], key, f"{name}: {words}"), note
    several = len(series) > 1
    points = [replace(point, name=f"{one.name} {point.name}" if several else point.name) for one in series for point in one.points]
    lowest = sorted(points, key=lambda point: point.value)[: 2 * MOST_NAMES]
    svg = rows(lowest, True, False, key, f"{name}: {words}")
    return svg, f" Shown: the lowest {len(lowest)} of {numbers.count(len(points))}."


def levels(series: Sequence[Series], named: bool, reference: float | None, key: str, name: str) -> Markup:
    """Shares at the levels of a factor, from 0 to 100 %; `x` places a level, by its number or counting names.

    A dashed line goes through the level that the others are compared with.
    """
    legend_height = _LEGEND_ROW * len(series) if len(series) > 1 else 0
    with drawing(_HEIGHT + legend_height) as figure:
        axes = place(figure, 48, 24, 14, 8 + legend_height)
        axes.set_ylim(-0.02, 1.02)
        for share in (0, 0.5, 1):
            axes.axhline(share, color=LINE, linewidth=0.7)
        if reference is not None:
            axes.axvline(reference, color=SOFT, linewidth=1, linestyle=(0, (4, 4)))
        for number, one in enumerate(series):
            _draw(axes, one, number, len(series), named)
        places = {point.x: point.name for one in series for point in one.points}
        tick_levels(axes, dict(sorted(places.items())), named)
        tick_scores(axes.yaxis, (0, 1), True)
        if legend_height:
            axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), borderaxespad=0.2, labelspacing=0.25, handlelength=3, labelcolor=INK)
        return to_svg(figure, key, name)


def _draw(axes: Axes, one: Series, number: int, of: int, named: bool) -> None:
    points: list[Point] = sorted(one.points, key=lambda point: point.x)
    colour, dash, mark = series_style(number)
    colour = ACCENT if of == 1 else colour
    aside = _APART * (number - (of - 1) / 2) if named else 0.0
    xs, ys = [point.x + aside for point in points], [point.value for point in points]
    lows, highs = ([getattr(point, end) for point in points] for end in ("low", "high"))
    if named or of == 1:
        draw_strokes(axes, [((x, x), (low, high)) for x, low, high in zip(xs, lows, highs, strict=True)], colour, 1.6)
    if not named:
        axes.fill_between(xs, lows, highs, color=colour, alpha=0.18, linewidth=0)
    axes.plot(
        xs, ys, color=colour, linewidth=0 if named else 1.6, linestyle=dash, marker=mark, markersize=5, markeredgewidth=0,
        label=label(one.name, 44),
    )  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False

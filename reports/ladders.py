"""A drawing for what gets worse step by step in many ways: a row each way, its steps along the score, as rungs of a ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from reports.charts import Point, draw_marks, draw_strokes, limits_of, tick_scores
from reports.svg import LINE, OF_VERDICT, SOFT, WIDTH, drawing, label, place, to_svg

_ROW_HEIGHT = 18
_LETTER_PX = 6.6
_SMALLEST, _GROWTH = 3.5, 1.1  # of marks, px: the further a step, the larger


def ladders(ways: Mapping[str, Sequence[Point]], share: bool, key: str, name: str) -> Markup:
    """Scores of each way at each step, `x` the step: one row a way, the marks the larger the further, a thin line for each bound."""
    points = [point for steps in ways.values() for point in steps]
    with drawing(len(ways) * _ROW_HEIGHT + 32) as figure:
        left = 12 + _LETTER_PX * max(map(len, ways))
        across = WIDTH - left - 22
        axes = place(figure, left, 26, 22, 6)
        axes.set(ylim=(len(ways) - 0.5, -0.5), xlim=limits_of(points, share))
        for bound in sorted({point.bound for point in points if point.bound is not None}):
            axes.axvline(bound, color=LINE, linewidth=1.3)
        for height, (way, steps) in enumerate(ways.items()):
            axes.text(-8 / across, height, label(way), ha="right", va="center", color=SOFT, transform=axes.get_yaxis_transform())
            values = [point.value for point in steps]
            draw_strokes(axes, [((min(values), max(values)), (height, height))], SOFT, 1)
        for step in sorted({point.x for point in points}):
            size = _SMALLEST + _GROWTH * step
            for verdict in OF_VERDICT:
                marked = [
                    (point.value, height)
                    for height, steps in enumerate(ways.values())
                    for point in steps
                    if (point.x, point.verdict) == (step, verdict)
                ]
                if marked:
                    draw_marks(axes, marked, verdict, size)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        tick_scores(axes.xaxis, axes.get_xlim(), share, across)
        return to_svg(figure, key, name)

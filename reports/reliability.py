"""The reliability diagram: how often a backbone is right at each confidence, over how its images are spread over confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from reports.charts import tick_at
from reports.svg import ACCENT, OF_VERDICT, SOFT, drawing, place, to_svg

# A share of so few images says next to nothing: its bar is an outline.
FEW = 10


def diagram(bins: Sequence[dict[str, Any]], key: str, name: str) -> Markup:
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
            tick_at(axis, [0, 0.25, 0.5, 0.75, 1], share=True)
        tick_at(lower.yaxis, [0, float(f"{most:.2g}")], share=True)
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

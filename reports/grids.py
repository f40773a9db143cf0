"""A drawing for numbers between each two of a list: a grid of fields, the darker the nearer to 1."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reports import numbers
from reports.svg import ACCENT, INK, LINE, WIDTH, drawing, label, place, to_svg

_MOST_NAMED, _MOST_WRITTEN = 26, 8  # beyond these every other name, and no numbers in the fields


def grid(names: Sequence[str], values: Sequence[Sequence[float]], words: str, key: str, name: str) -> Markup:
    """A symmetric table of numbers from 0 to 1 (below 0 drawn as 0) as fields; `words` say what its rows and columns are."""
    count = len(names)
    side = WIDTH - 62
    with drawing(side + 44) as figure:
        axes = place(figure, 44, 40, 18, 4)
        axes.set(xlim=(-0.5, count - 0.5), ylim=(-0.5, count - 0.5))
        for row in range(count):
            for column in range(count):
                value = min(1.0, max(0.0, values[row][column]))
                axes.fill_between((column - 0.5, column + 0.5), row - 0.5, row + 0.5, color=ACCENT, alpha=0.06 + 0.7 * value, linewidth=0)
                if count <= _MOST_WRITTEN:
                    written = numbers.score(round(values[row][column], 2))
                    axes.text(column, row, label(written), ha="center", va="center", color=INK)
        shown = [index for index in range(count) if count <= _MOST_NAMED or index % 2 == 0]
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(shown, [label(names[index]) for index in shown])
        for spine in axes.spines.values():
            spine.set_color(LINE)
        axes.set_xlabel(label(words))
        axes.set_ylabel(label(words))
        return to_svg(figure, key, name)

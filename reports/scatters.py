"""The drawing of backbones among other networks: right answers on shifted images over right answers at home, with the others' line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from reports import numbers
from reports.charts import draw_marks
from reports.svg import ACCENT, INK, LINE, SOFT, drawing, label, place, to_svg

_ROUND = (0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
_NEAREST = 26.0  # px between two ticks
_EDGE = 0.0005  # shares beyond it stand at it: none and all have no logit


@dataclass(frozen=True)
class Spot:
    """One backbone: its shares right at home and on the shifted images, and the verdict on it."""

    name: str
    home: float
    shifted: float
    verdict: str


def scatter(spots: Sequence[Spot], told: dict[str, Any], key: str, name: str) -> Markup:
    """Backbones among others on axes of logits, on which the others lie along a line; `told` is `detail["scatter"]` of a record.

    `fitted` and `others` are [home, shifted] pairs (the latter hollow), `band` rows of [home, line, low, high], `x` and `y` the datasets.
    """
    with drawing(300) as figure:
        axes = place(figure, 54, 44, 14, 10)
        homes, lines, lows, highs = ([_logit(row[column]) for row in told["band"]] for column in range(4))
        axes.fill_between(homes, lows, highs, color=ACCENT, alpha=0.14, linewidth=0)
        axes.plot(homes, lines, color=ACCENT, linewidth=1.4)
        size = 3 if len(told["fitted"]) > 40 else 5
        for pairs, hollow in ((told["others"], True), (told["fitted"], False)):
            axes.plot(
                [_logit(home) for home, _ in pairs], [_logit(shifted) for _, shifted in pairs], linestyle="none", marker="o",
                markersize=size, color=SOFT, alpha=0.55, markeredgewidth=0.8 if hollow else 0, markerfacecolor="none" if hollow else SOFT,
            )  # fmt: skip
        for verdict in dict.fromkeys(spot.verdict for spot in spots):
            own = [(_logit(spot.home), _logit(spot.shifted)) for spot in spots if spot.verdict == verdict]
            draw_marks(axes, own, verdict, 9)
        _name_spots(axes, spots)
        _tick(axes.xaxis, axes.get_xlim(), 282.0)
        _tick(axes.yaxis, axes.get_ylim(), 246.0)
        axes.grid(True, color=LINE, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.set_xlabel(label(f"right on {told['x']}", 44))
        axes.set_ylabel(label(f"right on {told['y']}", 40))
        return to_svg(figure, key, name)


def words(found: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """What stands below the drawing of these backbones, each with the `detail` of its record; the others are the same for all."""
    detail = found[0][1]
    shown = len(detail["scatter"]["fitted"])
    some = f" ({numbers.count(shown)} shown)" if shown < detail["networks"] else ""
    hollow = " Hollow: networks trained otherwise, which make no part of it." if detail["scatter"]["others"] else ""
    line = f"Line through {numbers.count(detail['networks'])} other networks{some}, from {detail['cohort']}; in the band lie 95 of 100 of "
    return " ".join([*(_foretold(name if len(found) > 1 else "", own) for name, own in found), f"{line}their kind.{hollow}"])


def _foretold(name: str, detail: dict[str, Any]) -> str:
    """`Of 76.3 % at home the line makes 64.0 %; measured 65.1 %.`"""
    home, predicted, measured = (numbers.score(detail[key], True) for key in ("accuracy_at_home", "predicted", "accuracy"))
    said = f"{f'{name}: of' if name else 'Of'} {home} at home the line makes {predicted}; measured {measured}."
    said += " That is outside the others' range at home: the line is drawn on." if detail.get("extrapolated") else ""
    alike = ", and images were shown as it has them" if detail.get("measured_alike") else ""
    return said + (f" The row of {detail['own_row']} was left out{alike}." if detail.get("own_row") else "")


def _name_spots(axes: Axes, spots: Sequence[Spot]) -> None:
    """Names beside the marks, where there are several; each on the side where there is more room, none upon another."""
    if len(spots) < 2:
        return
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    step, last = (high - low) * 13 / 246, float("inf")
    for spot in sorted(spots, key=lambda spot: -spot.shifted):
        x, y = _logit(spot.home), _logit(spot.shifted)
        last = min(y, last - step)
        before = x > (left + right) / 2
        axes.text(
            x + (right - left) * (-0.025 if before else 0.025), last, label(spot.name, 24), color=INK, va="center",
            ha="right" if before else "left",
        )  # fmt: skip


def _logit(share: float) -> float:
    share = min(max(share, _EDGE), 1 - _EDGE)
    return log(share / (1 - share))


def _tick(axis: Any, limits: tuple[float, float], pixels: float) -> None:
    """Round shares, as many as can stand beside each other."""
    inside = [share for share in _ROUND if limits[0] <= _logit(share) <= limits[1]]
    kept: list[float] = []
    for share in inside:
        apart = (_logit(share) - _logit(kept[-1])) / (limits[1] - limits[0]) * pixels if kept else _NEAREST
        if apart >= _NEAREST:
            kept.append(share)
    if len(kept) < 2:
        ends = [1 / (1 + exp(-(limits[0] + part * (limits[1] - limits[0])))) for part in (0.15, 0.5, 0.85)]
        kept = [float(f"{share:.2g}") for share in ends]
    axis.set_major_locator(FixedLocator([_logit(share) for share in kept]))
    axis.set_minor_locator(NullLocator())
    axis.set_ticklabels([numbers.limit(share, True) for share in kept])

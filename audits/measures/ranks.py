"""Where several backbones stand by one score: distances in units of their own spread, and ranks with what is known of them. numpy only.

Scores here are oriented: more is better. A rank is known no better than the differences that it counts, so its interval counts only the
differences that are sure, all pairs allowed for at once. Ranks are not resampled: where two are nearly alike, resampled ranks look surer
than they are, however many images there are (Hall and Miller 2009; Xie, Singh and Zhang 2009).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.tails import NORMAL

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

FEWEST = 3  # scores whose distances from their mean say more than who is ahead: of two each is always as far from it as the other


def z_scores(scores: Any) -> Floats:
    """How many standard deviations each score lies above the mean of them all, [..., n] → [..., n].

    The standard deviation is that of these scores and of no population beyond them (divided by n): z-scores tell who is ahead, and
    not whether it matters. NaN where the scores do not differ by more than rounding.
    """
    scores = np.asarray(scores, dtype=np.float64)
    spread = scores.std(axis=-1, keepdims=True)
    differ = spread > 1e-9 * np.maximum(1.0, np.abs(scores).max(axis=-1, keepdims=True))
    return np.where(differ, (scores - scores.mean(axis=-1, keepdims=True)) / np.where(differ, spread, 1.0), np.nan)


def ranks(scores: Any) -> Counts:
    """The place of each score, [n] → [n]: one more than how many scores are better; equal ones share a place."""
    scores = np.asarray(scores, dtype=np.float64)
    return 1 + (scores[None, :] > scores[:, None]).sum(axis=1)


def difference_limits(values: Any, lows: Any, highs: Any) -> tuple[Floats, Floats]:
    """The limits of every difference, row − column, of scores that are known by their intervals only, each [..., n] → [..., n, n].

    The distances from the scores to the limits that face each other are put together as standard errors of independent numbers are (Zou
    and Donner 2008), which keeps intervals that are not symmetric so. Of the same images scores agree more than that: the limits are then
    too far apart, never too near. A score outside its own interval gives way to the middle of that.
    """
    values, lows, highs = (np.asarray(each, dtype=np.float64) for each in (values, lows, highs))
    centre = np.where((values >= lows) & (values <= highs), values, (lows + highs) / 2)
    below, above = centre - lows, highs - centre
    apart = centre[..., :, None] - centre[..., None, :]
    return (
        apart - np.sqrt(below[..., :, None] ** 2 + above[..., None, :] ** 2),
        apart + np.sqrt(above[..., :, None] ** 2 + below[..., None, :] ** 2),
    )


def for_all_pairs(lows: Any, highs: Any, values: Any, n: int, confidence_level: float = 0.95) -> tuple[Floats, Floats]:
    """Limits of differences moved out so that those of all n (n − 1) / 2 pairs hold at once at the level at which each one held alone.

    Each distance from the difference to its limit grows as the normal quantile does (Bonferroni). A difference outside its own limits
    grows from the nearer one.
    """
    tail = (1 - confidence_level) / 2
    factor = NORMAL.inv_cdf(1 - tail / max(1, n * (n - 1) // 2)) / NORMAL.inv_cdf(1 - tail)
    lows, highs = np.asarray(lows, dtype=np.float64), np.asarray(highs, dtype=np.float64)
    values = np.clip(values, lows, highs)
    return values - factor * (values - lows), values + factor * (highs - values)


def rank_limits(lows: Any, highs: Any) -> tuple[Counts, Counts]:
    """The best and the worst place that each of n scores may have, from limits of all differences row − column, [..., n, n] → [..., n].

    Places from 1 + how many are surely better to n − how many are surely worse. Where the limits hold for all pairs at once, these hold
    for all places at once, ties included (Klein, Wright and Wieczorek 2020; Mogstad, Romano, Shaikh and Wilhelm 2024).
    """
    lows, highs = np.asarray(lows, dtype=np.float64), np.asarray(highs, dtype=np.float64)
    return 1 + (highs < 0).sum(axis=-1), lows.shape[-1] - (lows > 0).sum(axis=-1)

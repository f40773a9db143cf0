"""Measures of two answers to the same images: how much more often the one is right."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import flags, same_length
from audits.measures.estimate import ANSWERS, Estimate, with_replicates
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]


def difference(correct: Any, other_correct: Any, ids: Sequence[Any] | None = None, *, confidence_level: float = 0.95) -> Estimate:
    """How much more often a backbone is right in one pass over images than in another over the same: share minus share, -1 to 1.

    correct, other_correct: [n] booleans, same order; ids: [n]. Interval: Newcombe's for paired proportions (1998, method 10), which joins
    the two Wilson intervals, allowing for their correlation (`paired_limits`). detail: how many images are right in `both`,
    `only_here`, `only_there`, `neither`.
    Errors: ValueError for no images, different lengths, values other than true and false.
    """
    here, there = flags("correct", correct), flags("other_correct", other_correct)
    n = same_length(correct=here, other_correct=there)
    both, only_here, only_there = (int(each.sum()) for each in (here & there, here & ~there, ~here & there))
    counts = {"both": both, "only_here": only_here, "only_there": only_there, "neither": n - both - only_here - only_there}

    def limits(tail: float) -> tuple[float, float]:
        low, high = paired_limits([list(counts.values())], tail)
        return max(-1.0, float(low[0])), min(1.0, float(high[0]))

    value, ends = (only_here - only_there) / n, limits((1 - confidence_level) / 2)
    found = Estimate(value, *ends, n, confidence_level, "newcombe", counts, tail=of_limits(limits), averages=2 * ANSWERS)
    return with_replicates(found, _weighted_difference, ids, [here, there])


def _weighted_difference(weights: Floats, here: NDArray[np.bool_], there: NDArray[np.bool_]) -> Floats:
    return weights @ (here.astype(np.float64) - there) / weights.sum(axis=1)


def paired_limits(counts: Any, tail: float) -> tuple[Floats, Floats]:
    """Limits of differences of paired proportions, each passed by the truth with probability `tail` (Newcombe 1998, method 10).

    counts: [k, 4], pairs that hit in both, in the first only, in the second only, in neither → low [k], high [k] of first − second. The
    Wilson limits of both proportions are put together with their correlation phi, corrected for continuity where it is positive.
    """
    both, first, second, neither = np.asarray(counts, dtype=np.float64).T
    n = both + first + second + neither
    one, other = (both + first) / n, (both + second) / n
    (below_one, above_one), (below_other, above_other) = (_wilson_distances(share, n, tail) for share in (one, other))
    product = both * neither - first * second
    spread = np.sqrt((both + first) * (second + neither) * (both + second) * (first + neither))
    corrected = np.where(product > 0, np.maximum(product - n / 2, 0), product)
    phi = np.divide(corrected, spread, out=np.zeros_like(n), where=spread > 0)
    low = np.sqrt(np.maximum(below_one**2 - 2 * phi * below_one * above_other + above_other**2, 0))
    high = np.sqrt(np.maximum(above_one**2 - 2 * phi * above_one * below_other + below_other**2, 0))
    return one - other - low, one - other + high


def _wilson_distances(share: Floats, n: Floats, tail: float) -> tuple[Floats, Floats]:
    """How far the Wilson limits of shares of n lie below and above them."""
    z = NormalDist().inv_cdf(1 - tail)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share - np.maximum(centre - half, 0), np.minimum(centre + half, 1) - share

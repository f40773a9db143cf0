"""Measures of mistakes: how many more of them there are under a condition than overall."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import flags, same_length
from audits.measures.estimate import Estimate, with_replicates
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]

CONFIDENCE_LEVEL = 0.95
LARGEST_LOG_RATIO = 40.0  # of two shares of images: e^40 to one is as good as never against always
STEPS = 80  # of bisection: more halvings than a float64 can tell apart


def error_ratio(correct: Any, under: Any, ids: Sequence[Any] | None = None, *, confidence_level: float = CONFIDENCE_LEVEL) -> Estimate:
    """How many times as often a backbone is wrong under a condition as it is overall (error ratio, Idrissi et al. 2022, ImageNet-X).

    (1 - accuracy under the condition) / (1 - accuracy overall): 1 where the condition makes no difference, at most one over the
    condition's share of the images, where all mistakes happen under it.
    correct: [n] booleans; under: [n] booleans, whether the condition holds; ids: [n]. The ratio is that of this mix: the condition has the
    share of images that it has here.
    Interval: the ratio grows with the relative risk θ of images with and without the condition, as θ / (share · θ + 1 - share); its ends
    are those of the score interval of θ (Koopman 1984; Miettinen and Nurminen 1985), which holds where one side has no mistake at all.
    Where nothing is wrong no condition makes it worse: the ratio is 1 by definition, and exact.
    n: all images. detail: `condition_n`, `accuracy_under`, `accuracy_otherwise` (None without other images), `mistakes_under`, `mistakes`.
    Errors: ValueError for no images, different lengths, no image with the condition.
    """
    right, holds = flags("correct", correct), flags("under", under)
    n = same_length(correct=right, under=holds)
    size, wrong, wrong_under = int(holds.sum()), int((~right).sum()), int((~right & holds).sum())
    if size == 0:
        raise ValueError(f"under: the condition holds for none of {n:,} images, wanted at least one. No data is not a score.")
    other_accuracy = None if size == n else 1 - (wrong - wrong_under) / (n - size)
    detail = {
        "condition_n": size,
        "accuracy_under": 1 - wrong_under / size,
        "accuracy_otherwise": other_accuracy,
        "mistakes_under": wrong_under,
        "mistakes": wrong,
    }
    if wrong == 0 or size == n:
        nothing_wrong = Estimate(1.0, 1.0, 1.0, n, method="exact", detail=detail)
        return with_replicates(nothing_wrong, _weighted_ratio, ids, [~right, holds])
    share = size / n
    value = (wrong_under / size) / (wrong / n)

    def limits(tail: float) -> tuple[float, float]:
        risks = relative_risk_limits(wrong_under, size, wrong - wrong_under, n - size, 1 - 2 * tail)
        low, high = (1 / (share + (1 - share) / risk) if risk else 0.0 for risk in risks)
        return min(low, value), max(high, value)

    found = Estimate(value, *limits((1 - confidence_level) / 2), n, confidence_level, "score", detail, tail=of_limits(limits))
    return with_replicates(found, _weighted_ratio, ids, [~right, holds])


def _weighted_ratio(weights: Floats, wrong: NDArray[np.bool_], holds: NDArray[np.bool_]) -> Floats:
    mistakes = weights @ wrong
    ratio = (weights @ (wrong & holds)) / (weights @ holds) / np.where(mistakes > 0, mistakes / weights.sum(axis=1), 1.0)
    return np.where(mistakes > 0, ratio, 1.0)


def relative_risk_limits(
    hits: int, n: int, other_hits: int, other_n: int, confidence_level: float = CONFIDENCE_LEVEL
) -> tuple[float, float]:
    """Limits of how many times as likely something is in one group as in another: the relative risks that a score test does not reject.

    hits of n in the one, other_hits of other_n in the other → (low, high), 0 and infinity where a group has no hits. A test of θ compares
    the share of hits with θ times the other share, in units of the spread that both would have if θ were true (Miettinen and Nurminen
    1985, with their factor of n / (n - 1) of the variance). Errors: ValueError unless 0 <= hits <= n >= 1 in both groups.
    """
    if not (0 <= hits <= n >= 1 and 0 <= other_hits <= other_n >= 1):
        raise ValueError(f"relative risk: got {hits} of {n} and {other_hits} of {other_n}, wanted 0 <= hits <= n and n >= 1 in both.")
    quantile = NormalDist().inv_cdf((1 + confidence_level) / 2)

    def score(log_risk: float) -> float:
        return _score(math.exp(log_risk), hits, n, other_hits, other_n)

    low = math.exp(_crossing(score, quantile)) if hits else 0.0
    high = math.exp(_crossing(score, -quantile)) if other_hits else math.inf
    return low, high


def _score(risk: float, hits: int, n: int, other_hits: int, other_n: int) -> float:
    """How far the two shares are from having this relative risk, in standard deviations; falls as the risk grows."""
    total = n + other_n
    # the most likely other share under this relative risk: the smaller root of a quadratic equation, in the form that does not cancel
    squared, linear, constant = total * risk, -(n * risk + hits + other_n + other_hits * risk), hits + other_hits
    other_share = 2 * constant / (-linear + math.sqrt(max(linear * linear - 4 * squared * constant, 0.0)))
    share = min(other_share * risk, 1.0)
    variance = share * (1 - share) / n + risk * risk * other_share * (1 - other_share) / other_n
    distance = hits / n - risk * other_hits / other_n
    return distance / math.sqrt(max(variance * total / (total - 1), 1e-300))


def _crossing(falling: Callable[[float], float], level: float) -> float:
    """Where a falling function of the logarithm of a ratio passes a level."""
    low, high = -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > level else (low, middle)
    return (low + high) / 2

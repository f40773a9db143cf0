"""Measures of outliers: does a score tell images that show one of the classes from images that show none?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betaincinv, expit, logit

from audits.measures.columns import column
from audits.measures.estimate import Estimate, with_replicates
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]

CONFIDENCE_LEVEL = 0.95
TAIL = (1 - CONFIDENCE_LEVEL) / 2
KEPT = 0.95  # of the images that show a class


def auroc(inside: Any, outside: Any, ids: Sequence[Any] | None = None) -> Estimate:
    """How probable it is that an image that shows a class has a higher score than one that shows none; ties count half.

    The area under the receiver operating characteristic. inside: [m] scores, outside: [n], higher where an image looks more like those of
    the classes; ids: [m + n] names of the images, those inside first.
    Interval: DeLong, DeLong and Clarke-Pearson 1988 on the logit scale (Pepe 2003), but no narrower on either side than the exponential
    model asks (Hanley and McNeil 1982, inverted as Newcombe 2006 does), which also serves where no pair or every pair is in
    order. n: all images. detail: `inside` and `outside`, how many of each. Errors: ValueError for no images, NaN or infinite scores.
    """
    inner, outer = column("inside", inside).astype(np.float64), column("outside", outside).astype(np.float64)
    m, n = len(inner), len(outer)
    of_inner = _above(inner, outer)
    of_outer = 1 - _above(outer, inner)
    area = float(of_inner.mean())
    spread = math.sqrt(sum(float(part.var(ddof=1)) / len(part) for part in (of_inner, of_outer) if len(part) > 1))

    def limits(tail: float) -> tuple[float, float]:
        low, high = exponential_limits(area, m, n, tail)
        if 0 < area < 1 and spread > 0:
            reach = NormalDist().inv_cdf(1 - tail) * spread / (area * (1 - area))
            low, high = min(low, float(expit(logit(area) - reach))), max(high, float(expit(logit(area) + reach)))
        return min(low, area), max(high, area)

    found = Estimate(area, *limits(TAIL), m + n, CONFIDENCE_LEVEL, "delong", {"inside": m, "outside": n}, tail=of_limits(limits))
    return with_replicates(found, _weighted_area, ids, [np.concatenate([inner, outer]), np.arange(m + n) < m])


def fpr95(inside: Any, outside: Any, ids: Sequence[Any] | None = None) -> Estimate:
    """Share of images without any of the classes that pass a threshold which lets 95 of 100 images with one pass.

    inside, outside: as in `auroc`. The threshold is the largest score that at least 95 % of the inner images reach.
    Interval: the threshold lies between two order statistics of the inner scores, and the share of outer images above each of these in its
    binomial limits (Clopper and Pearson 1934); half of each tail for either, so that both hold together (Bonferroni). n, errors: as there.
    """
    scores, outer = column("inside", inside).astype(np.float64), column("outside", outside).astype(np.float64)
    inner = np.sort(scores)
    m, n = len(inner), len(outer)
    threshold = inner[math.floor((1 - KEPT) * m + 1e-9)]
    value = float((outer >= threshold).mean())

    def limits(tail: float) -> tuple[float, float]:
        # The true threshold lies below the k-th smallest score unless fewer than k of m fall below it.
        lower, upper = np.searchsorted(bdtr(np.arange(m + 1), m, 1 - KEPT), [tail / 2, 1 - tail / 2])
        below = inner[lower - 1] if lower > 0 else -np.inf
        above = inner[upper] if upper < m else np.inf
        passing = [int((outer >= at).sum()) for at in (above, below)]
        low = float(betaincinv(passing[0], n - passing[0] + 1, tail / 2)) if passing[0] else 0.0
        high = float(betaincinv(passing[1] + 1, n - passing[1], 1 - tail / 2)) if passing[1] < n else 1.0
        return min(low, value), max(high, value)

    detail = {"inside": m, "outside": n, "threshold": float(threshold)}
    found = Estimate(value, *limits(TAIL), m + n, CONFIDENCE_LEVEL, "clopper-pearson", detail, tail=of_limits(limits))
    return with_replicates(found, _weighted_passing, ids, [np.concatenate([scores, outer]), np.arange(m + n) < m])


def _above(scores: Floats, others: Floats) -> Floats:
    """The share of the others that each score is above; ties count half."""
    ascending = np.sort(others)
    return (np.searchsorted(ascending, scores, side="left") + np.searchsorted(ascending, scores, side="right")) / (2 * len(others))


def _weighted_area(weights: Floats, scores: Floats, within: NDArray[np.bool_]) -> Floats:
    inner, outer = _ascending(weights, scores, within)
    above = inner.sum(axis=1, keepdims=True) - inner.cumsum(axis=1) + inner / 2
    return (outer * above).sum(axis=1) / (inner.sum(axis=1) * outer.sum(axis=1))


def _weighted_passing(weights: Floats, scores: Floats, within: NDArray[np.bool_]) -> Floats:
    inner, outer = _ascending(weights, scores, within)
    below = inner.cumsum(axis=1) - inner
    allowed = (1 - KEPT) * inner.sum(axis=1, keepdims=True) + 1e-9
    threshold = np.where((below <= allowed) & (inner > 0), np.arange(inner.shape[1]), -1).max(axis=1, keepdims=True)
    return (outer * (np.arange(inner.shape[1]) >= threshold)).sum(axis=1) / outer.sum(axis=1)


def _ascending(weights: Floats, scores: Floats, within: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Weights of the inner and of the outer images at each score that occurs, from the lowest to the highest, [r, scores]."""
    order = np.argsort(scores, kind="stable")
    begins = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    sorted_weights, inside = weights[:, order], within[order]
    if len(begins) == len(scores):  # no two are alike
        return sorted_weights * inside, sorted_weights * ~inside
    ends = np.append(begins[1:], len(scores)) - 1
    inner, outer = ((sorted_weights * chosen).cumsum(axis=1)[:, ends] for chosen in (inside, ~inside))
    return np.diff(inner, axis=1, prepend=0), np.diff(outer, axis=1, prepend=0)


def exponential_limits(area: float, m: int, n: int, tail: float) -> tuple[float, float]:
    """The areas that a score test with the variance of exponential scores does not reject, by bisection from the area seen."""
    z = NormalDist().inv_cdf(1 - tail)
    extra = (m + n) / 2 - 1

    def rejected(true: float) -> bool:
        variance = true * (1 - true) * (1 + extra * (1 - true) / (2 - true) + extra * true / (1 + true)) / (m * n)
        return (area - true) ** 2 > z * z * variance

    return _last_kept(rejected, area, 0.0), _last_kept(rejected, area, 1.0)


def _last_kept(rejected: Any, kept: float, end: float) -> float:
    if not rejected(end):
        return end
    for _ in range(60):
        middle = (kept + end) / 2
        kept, end = (kept, middle) if rejected(middle) else (middle, end)
    return kept

"""Means of one number an image, with an interval that allows for what few images carry and what no image showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from audits.measures.columns import column
from audits.measures.estimate import Estimate, bootstrap
from audits.measures.hashing import id_digests
from audits.measures.tails import Limits, both, of_limits

Floats = NDArray[np.float64]

FEW = 50  # images; what more than these carry, the bootstrap knows


def mean(
    values: Any,
    ids: Sequence[Any],
    clusters: Sequence[Any] | None = None,
    detail: dict[str, Any] | None = None,
    within: tuple[float, float] | None = None,
) -> Estimate:
    """The mean of one number an image, [n], with its bootstrap interval (`bootstrap`), moved out as far as `upper_limit` asks.

    A bootstrap repeats what was seen and nothing else: around thirty right answers it has no width at all. within: the least and the most
    that the number can be for an image, seen or not; None where nobody knows, and then for the least and the most that was seen.
    """
    value = column("values", values)
    estimate = bootstrap(_weighted_mean, ids, [value], clusters, detail=detail)
    each = value if clusters is None else _totals(value, clusters)
    lowest, highest = within or (each.min(), each.max())

    def limits(tail: float) -> tuple[float, float]:
        lowest_mean = -upper_limit(-each, max(-lowest, -each.min()), 1 - 2 * tail)
        return lowest_mean, upper_limit(each, max(highest, each.max()), 1 - 2 * tail)

    return reaching(estimate, limits)


def reaching(estimate: Estimate, limits: Limits) -> Estimate:
    """An estimate whose interval reaches as far as its own or that of these limits, whichever is further on each side."""
    low, high = limits((1 - estimate.confidence_level) / 2)
    tail = estimate.tail and both(estimate.tail, of_limits(limits))
    return replace(estimate, low=min(low, estimate.low), high=max(high, estimate.high), tail=tail)


def upper_limit(values: Floats, highest: float, confidence_level: float = 0.95) -> float:
    """The most that the true mean can be for all that the number of rare, costly images says. values: [n], none above `highest`.

    Images are split into the k with the largest values and the rest. k of n seen, their true share may be as high as its exact
    binomial limit U(k) (Clopper & Pearson 1934): the mean is then (1 - U) · mean of the rest + U · mean of the k. The limit is the largest
    over k = 0 … FEW. For k = 0, the images that were not seen at all have the value `highest` and the share 1 - 0.025^(1/n), about
    3.7 / n: the rule of three (Hanley & Lippman-Hand 1983) at 97.5 %. For numbers of two values it is the binomial limit itself; for
    others and many images the bootstrap reaches further, since no split has more variance than all images. It cannot know of an image
    that was not seen and has a value above `highest`.
    """
    n = len(values)
    count = np.arange(min(n, FEW + 1))
    share = betaincinv(count + 1, n - count, (1 + confidence_level) / 2)
    largest = np.append(0.0, np.cumsum(np.sort(values)[::-1][: len(count) - 1]))
    of_few = np.append(highest, largest[1:] / count[1:])
    of_rest = (values.sum() - largest) / (n - count)
    return min(highest, float(((1 - share) * of_rest + share * of_few).max()))


def _totals(values: Floats, clusters: Sequence[Any]) -> Floats:
    """The sum of each cluster, [clusters], over the mean size of one: their mean is the mean of the values."""
    _, place = np.unique(id_digests(clusters), return_inverse=True)
    totals = np.bincount(place, values)
    return np.multiply(totals, len(totals) / len(values), dtype=np.float64)


def _weighted_mean(weights: Floats, values: Floats) -> Floats:
    return weights @ values / weights.sum(axis=1)

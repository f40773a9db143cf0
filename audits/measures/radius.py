"""How far an image can be changed before a backbone's answers give way."""

from __future__ import annotations

from typing import Any

import numpy as np

from audits.measures.columns import array, same_length
from audits.measures.estimate import Estimate, wilson
from audits.measures.tails import of_limits

CONFIDENCE_LEVEL = 0.95


def mildest_failure(radius: Any, unchanged: Any, images: int, least_consistency: float, detail: dict[str, Any] | None = None) -> Estimate:
    """How far an image must be changed, along one way of changing it, until fewer than a given share of the answers stay.

    radius: [k] how far each tried change is from none, rising; unchanged: [k] answers, of `images`, that stayed under it. The value is the
    mildest tried change with a share below `least_consistency`; the furthest tried, where there is none: the truth lies beyond it.
    Interval: from the last change before any whose Wilson interval reaches below that share, to the first whose interval lies below it
    (the test of each change is inverted; it takes for granted that more of a change leaves fewer answers as they were). No change, with
    a radius of `radius[0]`, must be among the tried ones: there all answers stay.
    Errors: ValueError for no images, different lengths, or radii that do not rise. Source: the radius is the dose at which a share of
    subjects responds (Finney 1971, "Probit analysis"), found by bisection.
    """
    places, counts = array("radius", radius), array("unchanged", unchanged)
    same_length(radius=places, unchanged=counts)
    if (np.diff(places) <= 0).any():
        raise ValueError(f"radius: got {places.tolist()}, wanted numbers that rise.")
    value = _first(places, (counts / images < least_consistency).tolist())

    def limits(tail: float) -> tuple[float, float]:
        intervals = [wilson(int(count), images, 1 - 2 * tail) for count in counts]
        low = _before(places, [one.low < least_consistency for one in intervals])
        return min(low, value), _first(places, [one.high < least_consistency for one in intervals])

    return Estimate(value, *limits((1 - CONFIDENCE_LEVEL) / 2), images, CONFIDENCE_LEVEL, "inverted", detail, tail=of_limits(limits))


def _first(places: np.ndarray, crossed: list[bool]) -> float:
    return float(places[crossed.index(True)]) if True in crossed else float(places[-1])


def _before(places: np.ndarray, crossed: list[bool]) -> float:
    return float(places[max(0, crossed.index(True) - 1)]) if True in crossed else float(places[-1])

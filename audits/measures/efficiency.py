"""Measures of efficiency: what an answer costs. Counts are exact; what is tried, time and memory, has the interval of its median."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from audits.measures.columns import column
from audits.measures.estimate import Estimate, exact
from audits.measures.tails import Tail

METHOD = "median of trials"


def count(number: int, one: float, unit: str) -> Estimate:
    """A quantity that is counted, in units of so many: parameters in millions, operations in thousand millions. Exact."""
    return exact(number / one, 1, {"unit": unit})


def rate(seconds: Any, images: int, detail: dict[str, Any]) -> Estimate:
    """Images that are answered in a second, in batches.

    Images a batch over the median of the trials' seconds. seconds: [k] of passes over `images` images each. Interval: as `duration`, but
    n: images in all trials. Errors: ValueError for no trials, NaN. detail: where it was tried (`device`, `threads`, `processes`, `batch`),
    `unit`.
    """
    each = column("seconds", seconds)
    found = _median(each, {**detail, "unit": "images a second"})
    ends = {"value": images / found.value, "low": images / found.high, "high": images / found.low}
    return replace(found, **ends, n=images * found.n, tail=_sign_test(images / each))


def duration(seconds: Any, detail: dict[str, Any]) -> Estimate:
    """How long an answer takes, usually: the median, which one slow trial does not move; in milliseconds.

    seconds: [k] trials, of one image each. Interval: between the order statistics that hold the median with 95 %, whatever the
    distribution (with fewer than six trials the smallest and the largest, which hold it less surely). They hold it for trials of this
    process on this device: what another day or another load of the machine would show is not in them. n: trials.
    Errors: ValueError for no trials, NaN. Source: Conover 1999, "Practical Nonparametric Statistics", 3.2.
    """
    return _median(1e3 * column("seconds", seconds), {**detail, "unit": "ms"})


def memory(taken: Any, images: int, detail: dict[str, Any]) -> Estimate:
    """The most memory that is held while a batch is answered, usually: the median of trials, in MB.

    taken: [k] bytes, the peak of each trial, in which `images` images are answered. Interval and errors: as `duration`. It is about what
    the trials saw: where they look from time to time only, as on a CPU, all of them may miss what is held for a moment. n: images in all
    trials.
    """
    found = _median(column("taken", taken) / 1e6, {**detail, "unit": "MB"})
    return replace(found, n=images * found.n)


def _median(tried: NDArray[np.float64], detail: dict[str, Any]) -> Estimate:
    trials = np.sort(tried)
    k = len(trials)
    below = max(0, int(np.searchsorted(bdtr(np.arange(k), k, 0.5), 0.025, side="right")) - 1)
    middle, low, high = (float(each) for each in (np.median(trials), trials[below], trials[k - 1 - below]))
    return Estimate(middle, low, high, k, method=METHOD, detail=detail, timing=True, tail=_sign_test(trials))


def _sign_test(trials: NDArray[np.float64]) -> Tail:
    """How probable so few trials on the other side of a bound are, were it the median."""
    return lambda bound, above: float(bdtr(int((trials <= bound if above else trials >= bound).sum()), len(trials), 0.5))

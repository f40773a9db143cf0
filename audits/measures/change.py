"""How much a score has changed from one backbone to another on the same images, and how sure that is. numpy only.

The same images make most of the noise the same, so a difference is known far better than the two scores: shares are compared by the images
on which only one of them hits, other scores by subtracting replicates of the same images, weight by weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.measures.estimate import Estimate
from audits.measures.paired import paired_limits
from audits.measures.tails import NORMAL

Floats = NDArray[np.float64]

BINNED = "inverted bins"  # the method of scores that come out too large, by what noise adds to every bin
APART = "intervals apart"
STANDS_OUT = 2.0  # standard errors: a gap of which so much may be noise


@dataclass(frozen=True)
class Change:
    """A score minus an earlier one, with its interval at the level of theirs, and how that was found.

    fixes, breaks: images on which only the later, only the earlier one hits; None where the score is no share of images.
    """

    value: float
    low: float
    high: float
    method: str
    fixes: int | None = None
    breaks: int | None = None


def change(later: Estimate, earlier: Estimate) -> Change:
    """The difference of two estimates of one measure on the same images: later − earlier.

    * Shares of images (`hits`): Newcombe's interval for paired proportions (1998, method 10). Of the lowest share of several slices: the
      lowest share falls by no more than that of the slice that falls most, and ends no lower than the lowest of what every slice can be.
    * Replicates: the replicates of the difference, between their 2.5 % and 97.5 % quantiles; where they do not differ, as far as images
      that these may have failed to show (a share of 1 - 0.025^(1/n)) would move a share. Of the largest of several
      numbers: from the lowest to the highest limit of all of them, since the largest moves by no more than the one that moves most.
    * Binned calibration errors: likewise, moved out by as much as noise may have added to one of the two and not to the other
      (`_bias_limits`): subtracting replicates alone covers 10 to 30 % where one of two backbones is calibrated and the other is not.
    * Otherwise the one interval minus the other, end by end, which holds whatever the two have in common.

    Errors: ValueError for different images, or where one has what the other lacks.
    """
    if (later.images is None) != (earlier.images is None) or (later.hits is None) != (earlier.hits is None):
        raise ValueError("the two were not kept in the same form")
    if later.images is not None and not np.array_equal(later.images, earlier.images):  # type: ignore[arg-type]
        raise ValueError("the two are not about the same images")
    value = later.value - earlier.value
    if later.hits is not None and earlier.hits is not None:
        return _of_hits(value, later, earlier)
    one, other = later.replicates, earlier.replicates
    if one is None or other is None or one.shape != other.shape:
        low, high = later.low - earlier.high, later.high - earlier.low
        return Change(value, min(low, value), max(high, value), APART)
    tail = (1 - later.confidence_level) / 2
    limits = np.quantile((one - other).reshape(len(one), -1), [tail, 1 - tail], axis=0)
    low, high = float(limits[0].min()), float(limits[1].max())
    if later.method == BINNED:
        drawn = one - other
        low, high = low - float(drawn.mean()) + value, high - float(drawn.mean()) + value
        most_down, most_up = _bias_limits(later, earlier)
        return Change(value, low - most_down, high + most_up, "replicates and bias")
    if low == high:  # no image shows a difference; those that were not seen may
        unseen = 1 - tail ** (1 / len(later.images)) if later.images is not None else 0.0
        low, high = low - unseen, high + unseen
    return Change(value, min(low, value), max(high, value), "replicates")


def _of_hits(value: float, later: Estimate, earlier: Estimate) -> Change:
    now, then = later.hits, earlier.hits
    assert now is not None
    assert then is not None
    fixes, breaks = int((now & ~then).sum()), int((~now & then).sum())
    tail = (1 - later.confidence_level) / 2
    if not np.array_equal(later.slices, earlier.slices):  # type: ignore[arg-type]
        raise ValueError("the two are not about the same slices of the images")
    if later.slices is None:
        counts = [[int((now & then).sum()), fixes, breaks, int((~now & ~then).sum())]]
        low, high = paired_limits(counts, tail)
        return Change(value, float(low[0]), float(high[0]), "newcombe", fixes, breaks)
    counts = np.concatenate([_by_slice(now, then, slice_of) for slice_of in later.slices])
    low, high = paired_limits(counts, tail)
    at_least = np.maximum(low, later.low - earlier.high)  # of a slice far above the lowest, a fall alone does not matter
    above, below = float(np.max(high)), float(np.min(at_least))
    return Change(value, min(below, value), max(above, value), "newcombe, slices", fixes, breaks)


def _by_slice(now: NDArray[np.bool_], then: NDArray[np.bool_], slice_of: NDArray[np.int32]) -> NDArray[np.int64]:
    """Images that hit in both, now only, then only, in neither, of each slice of one factor: [slices, 4]."""
    kind = np.where(now & then, 0, np.where(now, 1, np.where(then, 2, 3)))
    entering = slice_of >= 0
    names, place = np.unique(slice_of[entering], return_inverse=True)
    return np.bincount(place * 4 + kind[entering], minlength=4 * len(names)).reshape(-1, 4)


def _bias_limits(later: Estimate, earlier: Estimate) -> tuple[float, float]:
    """How much lower, and how much higher, the difference of two binned errors may be than that of the true ones makes it look.

    Noise adds most to a bin without a true gap, and nothing to one whose gap is large. What it adds to the one and not to the other is at
    most what it adds to the one, were all gaps as small as these bins allow; and at most the sum over the bins of how far the two errors
    differ there, since more of a gap never takes more bias away than it has grown.
    """
    ours, theirs = (_signed_gaps(one) for one in (later, earlier))
    apart = float(np.abs(ours[0] - theirs[0]).sum())
    return min(_most_bias(*ours), apart), min(_most_bias(*theirs), apart)


def _signed_gaps(estimate: Estimate) -> tuple[Floats, Floats]:
    """Each bin's part of the error, signed, and the standard error of it, both [bins]."""
    bins = (estimate.detail or {})["bins"]
    count = np.array([each["count"] for each in bins], dtype=np.float64)
    accuracy, said = (np.array([each[key] or 0.0 for each in bins]) for key in ("accuracy", "confidence"))
    share = count / count.sum()
    return share * (accuracy - said), share * np.sqrt(np.clip(said * (1 - said), 0, None) / np.maximum(count, 1))


def _most_bias(gap: Floats, error: Floats) -> float:
    """What noise adds to the error at most: in each bin the mean of |gap + noise| minus the gap, for the smallest gap that is credible."""
    least = np.maximum(np.abs(gap) - STANDS_OUT * error, 0.0)
    scale = np.where(error > 0, error, 1.0)
    z = least / scale
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    folded = 2 * density - 2 * z * _above(z)  # mean of |z + N(0, 1)| - z
    return float((np.where(error > 0, scale * folded, 0.0)).sum())


def _above(z: Floats) -> Floats:
    """The probability that a standard normal number is larger."""
    return np.array([NORMAL.cdf(-each) for each in z])

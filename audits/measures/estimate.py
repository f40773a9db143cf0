"""A measured number, how far it may be from the truth, and the methods that say so: Wilson, the hashed bootstrap, none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import array, flags, same_length
from audits.measures.hashing import Words, id_digests
from audits.measures.resampling import REPLICATES, Statistic, resampled
from audits.measures.tails import NORMAL, Tail, of_proportion, of_replicates

Floats = NDArray[np.float64]

ANSWERS, PROBABILITIES = ("answers",), ("probabilities",)  # what an estimate may be an average of
STEEPEST_ACCELERATION = 0.3  # beyond it the BCa levels are no longer increasing


@dataclass(frozen=True)
class Estimate:
    """What was measured, where the truth may lie, and on how many images.

    value: the measure on these images; low, high: the interval at `confidence_level`, in the measure's own unit. The value
    of a biased measure (binned calibration errors) may lie outside its interval: verdicts use the interval.
    n: images that entered. method: how the interval was made. detail: what charts and reports need, JSON-able.
    images: 64-bit digests of the names of the images that were asked about, [n']; with them two estimates of the same measure on the same
    images are compared image by image: a share by its `hits`, [n'] booleans (of the lowest of several shares, `slices` tell which
    images each is over, [factors, n'], -1 for none), any other measure by its `replicates`, [replicates], which may be subtracted one by
    one (of the largest of several numbers [replicates, numbers]).
    timing: it is true of one device under one load only. tail: the method's own test of a bound (`p_violated`).
    averages: of what it is an average over images: "answers" (a share of images), "probabilities", or both; "answers" twice where two
    of each image are compared. As far as these move when the same images are asked in another way, the value may move. Empty where
    that says nothing about it.
    Errors: ValueError for a number that is not finite, low above high, or n below 1.
    """

    value: float
    low: float
    high: float
    n: int
    confidence_level: float = 0.95
    method: str = "exact"
    detail: dict[str, Any] | None = None
    images: Words | None = field(default=None, repr=False, compare=False)
    hits: NDArray[np.bool_] | None = field(default=None, repr=False, compare=False)
    slices: NDArray[np.int32] | None = field(default=None, repr=False, compare=False)
    replicates: Floats | None = field(default=None, repr=False, compare=False)
    timing: bool = False
    tail: Tail | None = field(default=None, repr=False, compare=False)
    averages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise ValueError(f"Estimate: got value {self.value}, low {self.low}, high {self.high}; wanted finite numbers.")
        if self.low > self.high:
            raise ValueError(f"Estimate: got low {self.low} above high {self.high}; wanted low at most high.")
        if self.n < 1:
            raise ValueError(f"Estimate: got n = {self.n}, wanted at least one image.")


def exact(value: float, n: int, detail: dict[str, Any] | None = None) -> Estimate:
    """A quantity that sampling does not blur (a count of parameters, the largest difference seen): low = high = value."""
    return Estimate(float(value), float(value), float(value), n, method="exact", detail=detail)


def wilson(successes: int, n: int, confidence_level: float = 0.95, detail: dict[str, Any] | None = None) -> Estimate:
    """How often something happens, from how often it did: a proportion with its score interval (Wilson 1927).

    The interval holds every probability p for which |successes / n - p| is at most z · sqrt(p (1 - p) / n).
    Errors: ValueError unless 0 <= successes <= n and n >= 1.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"wilson: got {successes} successes of {n}, wanted 0 <= successes <= n and n >= 1.")
    z = _z(confidence_level)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half_width = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half_width)
    high = 1.0 if successes == n else min(1.0, centre + half_width)
    return Estimate(share, low, high, n, confidence_level, "wilson", detail, tail=of_proportion(successes, n), averages=ANSWERS)


def proportion(
    hits: Any, ids: Sequence[Any] | None = None, confidence_level: float = 0.95, detail: dict[str, Any] | None = None
) -> Estimate:
    """Share of images for which something is true, with its Wilson interval; hits: [n] booleans or 0 and 1; ids: [n] their names."""
    hit = flags("hits", hits)
    return with_hits(wilson(int(hit.sum()), len(hit), confidence_level, detail), hit, ids)


def with_hits(estimate: Estimate, hits: NDArray[np.bool_], ids: Sequence[Any] | None, slices: Any = None) -> Estimate:
    """An estimate that can be compared image by image, where the images have names: ids [n], or None."""
    if ids is None:
        return estimate
    same_length(hits=hits, ids=ids)
    return replace(estimate, images=id_digests(ids), hits=hits, slices=None if slices is None else np.asarray(slices, dtype=np.int32))


def with_replicates(estimate: Estimate, statistic: Statistic, ids: Sequence[Any] | None, columns: Sequence[Any]) -> Estimate:
    """An estimate that can be subtracted from another one on the same images: `statistic` is its measure on weighted images (`resampled`).

    ids: [n] names of the images, or of the clusters that they belong to; None where they have none. A statistic that some replicates leave
    undefined (none of a few images is drawn) has none.
    """
    if ids is None:
        return estimate
    same_length(ids=ids, **{f"column {index}": column for index, column in enumerate(columns)})
    images = id_digests(ids)
    drawn = resampled(statistic, images, columns)
    return replace(estimate, images=images, replicates=drawn if np.isfinite(drawn).all() else None)


def bootstrap(
    statistic: Statistic,
    ids: Sequence[Any],
    columns: Sequence[Any],
    clusters: Sequence[Any] | None = None,
    replicates: int = REPLICATES,
    confidence_level: float = 0.95,
    detail: dict[str, Any] | None = None,
) -> Estimate:
    """How a statistic would vary had other images been drawn: images (or clusters of them) reweighted again and again.

    statistic(weights [r, n], *columns) -> [r]; its value is the statistic at weights of one. ids: [n] names of the images;
    columns: arrays of n rows. clusters: [n] names; images of one cluster share their weight (views of one photograph).
    The weight of an image in a replicate is Poisson(1) from a hash of (id, replicate): it depends on nothing else, so the
    replicates of two backbones, releases or views on the same images pair up, and so does their difference.
    Interval: BCa (Efron 1987) with bias correction and acceleration both a sixth of the replicates' skewness, which is what
    they are for a mean; without skewness it is the percentile interval. Not for biased statistics (binned errors, minima).
    Errors: ValueError for fewer than two images or clusters, different lengths, NaN, a statistic that is not finite.
    """
    rows = [array(f"column {index}", values) for index, values in enumerate(columns)]
    n = same_length(ids=ids, **{f"column {index}": values for index, values in enumerate(rows)})
    names = ids if clusters is None else clusters
    same_length(ids=ids, clusters=names)
    digests = id_digests(names)
    if len(set(digests.tolist())) < 2:
        raise ValueError(f"bootstrap: got {n} image(s) in 1 group, wanted at least 2 images or clusters: one says nothing about spread.")
    value = float(statistic(np.ones((1, n)), *rows)[0])
    drawn = resampled(statistic, digests, rows, replicates)
    if not np.isfinite(drawn).all():
        raise ValueError(f"bootstrap: the statistic is not finite in {int((~np.isfinite(drawn)).sum())} of {replicates} replicates.")
    lean = _acceleration(drawn)
    low, high = (value, value) if lean is None else _bca(drawn, lean, confidence_level)
    tail = of_replicates(drawn, lean or 0.0)
    return Estimate(value, low, high, n, confidence_level, "bootstrap", detail, images=digests, replicates=drawn, tail=tail)


def p_violated(estimate: Estimate, bound: float, direction: str) -> float:
    """How probable such a number, or one further outside, would be if the claim held just so: small where a violation is sure.

    One-sided, for a claim of `direction` "at_most" or "at_least" a bound. Below (1 - confidence_level) / 2 exactly where the whole interval
    lies outside: the interval decides on which side of that level p lies, the method's own test (`Estimate.tail`) how far from it. For an
    interval of no width it is 0 or 1. Where a measure gives no test of its own, the interval's side that faces the bound is taken for that
    of a normal distribution around the value (around the interval's middle, where a biased value lies outside).
    """
    above = direction == "at_most"
    violated = estimate.low > bound if above else estimate.high < bound
    if estimate.low == estimate.high:
        return float(not violated)
    p = min(1.0, max(0.0, (estimate.tail or _normal_tail(estimate))(bound, above)))
    level = round((1 - estimate.confidence_level) / 2, 12)  # 0.025, not the number beside it
    return min(p, math.nextafter(level, 0)) if violated else max(p, level)


def images_to_decide(estimate: Estimate, bound: float) -> int | None:
    """About how many images would move the interval to one side of the bound, if the value stayed where it is.

    n · (half width / distance to the bound)², rounded up to two significant digits: an interval shrinks with the root of n
    and becomes symmetric. The half width is half the interval or its side that faces the bound, whichever is more; where a
    biased value lies outside its interval, the interval's middle stands for it.
    None where no number of images helps: the value is on the bound, has no interval, the interval is that of a prediction, which the
    scatter of others keeps wide, of trainings, which their seeds keep wide, or that of a timing, which is about trials.
    """
    if estimate.method in ("prediction", "images and seeds") or estimate.timing:
        return None
    inside = estimate.low <= estimate.value <= estimate.high
    centre = estimate.value if inside else (estimate.low + estimate.high) / 2
    distance = abs(bound - centre)
    facing = estimate.high - centre if bound > centre else centre - estimate.low
    half_width = max(facing, (estimate.high - estimate.low) / 2)
    if distance == 0 or half_width <= 0:
        return None
    needed = estimate.n * (half_width / distance) ** 2
    if not math.isfinite(needed):
        return None
    needed = math.ceil(needed * (1 - 1e-9))  # what rounding left above a whole number is no image
    unit = 10 ** max(0, len(str(needed)) - 2)
    return -(-needed // unit) * unit


def _normal_tail(estimate: Estimate) -> Tail:
    def tail(bound: float, above: bool) -> float:
        middle = (estimate.low + estimate.high) / 2
        centre = estimate.value if estimate.low < estimate.value < estimate.high else middle
        distance, reach = (centre - bound, centre - estimate.low) if above else (bound - centre, estimate.high - centre)
        return NORMAL.cdf(-_z(estimate.confidence_level) * distance / reach)

    return tail


def _z(confidence_level: float) -> float:
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level: got {confidence_level}, wanted a number between 0 and 1, such as 0.95.")
    return NORMAL.inv_cdf((1 + confidence_level) / 2)


def _acceleration(drawn: Floats) -> float | None:
    """A sixth of the replicates' skewness; None where they do not differ."""
    centred = drawn - drawn.mean()
    spread = math.sqrt(float(np.mean(centred**2)))
    if spread <= 1e-12 * max(1.0, float(np.abs(drawn).max())):
        return None
    skewness = float(np.mean((centred / spread) ** 3))
    return float(np.clip(skewness / 6, -STEEPEST_ACCELERATION, STEEPEST_ACCELERATION))


def _bca(drawn: Floats, acceleration: float, confidence_level: float) -> tuple[float, float]:
    """The interval between the replicates' BCa levels."""
    levels = []
    for z in (-_z(confidence_level), _z(confidence_level)):
        shifted = acceleration + z
        levels.append(NORMAL.cdf(acceleration + shifted / (1 - acceleration * shifted)))
    low, high = np.quantile(drawn, levels)
    return float(low), float(high)

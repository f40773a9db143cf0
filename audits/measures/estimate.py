"""A measured number, how far it may be from the truth, and the methods that say so: Wilson, the hashed bootstrap, none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import array, flags, same_length
from audits.measures.hashing import Words, id_digests, random_words

Floats = NDArray[np.float64]
Statistic = Callable[..., Floats]

REPLICATES_PER_WORD = 4  # 16 of the 64 hashed bits make one weight
ELEMENTS_PER_CHUNK = 1 << 20  # weights held at a time: they stay in the processor's cache
STEEPEST_ACCELERATION = 0.3  # beyond it the BCa levels are no longer increasing


@dataclass(frozen=True)
class Estimate:
    """What was measured, where the truth may lie, and on how many images.

    value: the measure on these images; low, high: the interval at `confidence_level`, in the measure's own unit. The value
    of a biased measure (binned calibration errors) may lie outside its interval: verdicts use the interval.
    n: images that entered. method: how the interval was made. detail: what charts and reports need, JSON-able.
    replicates: bootstrap replicates, [replicates]; two estimates on the same images may be subtracted replicate by replicate.
    Errors: ValueError for a number that is not finite, low above high, or n below 1.
    """

    value: float
    low: float
    high: float
    n: int
    confidence_level: float = 0.95
    method: str = "exact"
    detail: dict[str, Any] | None = None
    replicates: Floats | None = field(default=None, repr=False, compare=False)

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
    return Estimate(share, low, high, n, confidence_level, "wilson", detail)


def proportion(hits: Any, confidence_level: float = 0.95, detail: dict[str, Any] | None = None) -> Estimate:
    """Share of images for which something is true, with its Wilson interval; hits: [n] booleans or 0 and 1."""
    hit = flags("hits", hits)
    return wilson(int(hit.sum()), len(hit), confidence_level, detail)


def bootstrap(
    statistic: Statistic,
    ids: Sequence[Any],
    columns: Sequence[Any],
    clusters: Sequence[Any] | None = None,
    replicates: int = 1000,
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
    drawn = np.concatenate([statistic(weights, *rows) for weights in _weights(digests, replicates)])
    if not np.isfinite(drawn).all():
        raise ValueError(f"bootstrap: the statistic is not finite in {int((~np.isfinite(drawn)).sum())} of {replicates} replicates.")
    low, high = _bca(drawn, confidence_level)
    return Estimate(value, low, high, n, confidence_level, "bootstrap", detail, drawn)


def images_to_decide(estimate: Estimate, bound: float) -> int | None:
    """About how many images would move the interval to one side of the bound, if the value stayed where it is.

    n · (half width / distance to the bound)², rounded up to two significant digits: an interval shrinks with the root of n
    and becomes symmetric. The half width is half the interval or its side that faces the bound, whichever is more; where a
    biased value lies outside its interval, the interval's middle stands for it.
    None where no number of images helps: the value is on the bound, or has no interval.
    """
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


def _z(confidence_level: float) -> float:
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level: got {confidence_level}, wanted a number between 0 and 1, such as 0.95.")
    return NormalDist().inv_cdf((1 + confidence_level) / 2)


def _weights(digests: Words, replicates: int) -> Iterator[Floats]:
    """Chunks [r, n] of Poisson(1) weights; replicate i of an image is the same whatever the chunk, n or replicates are."""
    table = _poisson_table()
    words = -(-replicates // REPLICATES_PER_WORD)
    step = max(1, ELEMENTS_PER_CHUNK // (len(digests) * REPLICATES_PER_WORD))
    for start in range(0, words, step):
        counters = np.arange(start, min(start + step, words), dtype=np.uint64)
        sixteen_bits = random_words(digests, counters).astype("<u8").view("<u2").reshape(len(counters), len(digests), REPLICATES_PER_WORD)
        weights = table[sixteen_bits.transpose(0, 2, 1)].reshape(-1, len(digests))[: replicates - start * REPLICATES_PER_WORD]
        # With a handful of images all may be left out; such a replicate says nothing, so it keeps all of them.
        weights[~weights.any(axis=1)] = 1.0
        yield weights


def _poisson_table() -> Floats:
    """Poisson(1) quantiles of the 65,536 midpoints of [0, 1]: turns 16 bits into a weight."""
    cumulative = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(12)])
    return np.searchsorted(cumulative, (np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.float64)


def _bca(drawn: Floats, confidence_level: float) -> tuple[float, float]:
    """The interval between the replicates' BCa levels."""
    centred = drawn - drawn.mean()
    spread = math.sqrt(float(np.mean(centred**2)))
    if spread <= 1e-12 * max(1.0, float(np.abs(drawn).max())):
        return float(drawn.min()), float(drawn.max())
    skewness = float(np.mean((centred / spread) ** 3))
    acceleration = float(np.clip(skewness / 6, -STEEPEST_ACCELERATION, STEEPEST_ACCELERATION))
    levels = []
    for z in (-_z(confidence_level), _z(confidence_level)):
        shifted = acceleration + z
        levels.append(NormalDist().cdf(acceleration + shifted / (1 - acceleration * shifted)))
    low, high = np.quantile(drawn, levels)
    return float(low), float(high)

"""Where the true binned calibration error may lie: the per-bin Gaussian test, inverted.

The plug-in error is biased: with true error 0 it is still about 0.02 at 5,000 images, because noise in every bin counts as
error. Resampling images repeats that bias, so a bootstrap interval misses the truth. Instead every hypothetical true error
θ is tested: were the bins' true gaps such that their weighted sum is θ, would the observed error be an ordinary one? The
interval is every θ that is not rejected.

θ alone does not say which bins are off, and that matters: a gap far above a bin's noise adds itself to the observed error,
a gap below it hardly does. Each limit therefore takes the pattern that is least favourable to it, among those the data
leave open:
  low   all of θ in the bins whose gap stands out (more than two standard errors and one image), in proportion to it;
  high  θ spread over all bins in proportion to their noise, where it hides best.
A lucky sample cannot claim an error smaller than the images can show: for the upper limit, an observed error below the 16 %
quantile of what chance alone gives counts as that quantile (a power-constrained limit, Cowan et al. 2011). The interval is
never empty.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from audits.measures.calibration_bins import Cells, class_cell_index
from audits.measures.hashing import mix, random_words, uniforms
from audits.measures.tails import Tail, share_beyond
from audits.measures.wide import ELEMENTS_AT_ONCE, WideRows, softmax

Floats = NDArray[np.float64]

DRAWS = 1000  # of the error at a hypothesis, for independent bins
RESAMPLED_DRAWS = 500  # of all labels, for class-wise bins
HALVINGS = 11  # of a search range about as wide as the error observed: limits are exact to 2^-11 of it
STANDING_OUT = 2.0  # standard errors
LUCK = 0.16  # one standard deviation below what chance gives
SMALLEST_PART = 1e-6  # of the largest gap: a cell that a pattern leaves out still takes what no other has room for


def gaussian_noise(cells: Cells) -> Floats:
    """Standard normal noise for independent cells, [DRAWS, cells]: the same normal quantiles in each, shuffled by a hash."""
    return _normal_table(cells.count.size)


def resampled_noise(cells: Cells, logits: WideRows) -> Floats:
    """Noise of class-wise cells in units of their standard error, [RESAMPLED_DRAWS, cells].

    An image that is one class is not another, so the cells are not independent: labels are drawn anew from the
    probabilities themselves, all classes together. A row's draws depend on its place, not on its image's id.
    """
    classes, bins = cells.count.shape
    draws = np.arange(RESAMPLED_DRAWS)
    hits = np.zeros(RESAMPLED_DRAWS * classes * bins)
    for where, chunk in logits.chunks(ELEMENTS_AT_ONCE * classes // max(classes, RESAMPLED_DRAWS)):
        rows = softmax(chunk)
        words = random_words(np.arange(where.start, where.stop, dtype=np.uint64), draws.astype(np.uint64))
        drawn = _draw_classes(rows, uniforms(words).T)
        cell = np.take_along_axis(class_cell_index(rows, bins), drawn, axis=1)
        hits += np.bincount((cell + draws * classes * bins).ravel(), minlength=len(hits))
    error = _standard_error(cells.confidence_sum.ravel() / np.maximum(cells.count.ravel(), 1), np.maximum(cells.count.ravel(), 1))
    gaps = (hits.reshape(RESAMPLED_DRAWS, -1) - cells.confidence_sum.ravel()) / np.maximum(cells.count.ravel(), 1)
    return np.divide(gaps, error, out=np.zeros_like(gaps), where=error > 0)


def invert(cells: Cells, noise: Floats, confidence_level: float = 0.95) -> tuple[float, float]:
    """The interval [low, high] of the true binned calibration error; low is exactly 0 where perfect calibration is not rejected.

    noise: [draws, cells] standard noise of the cells' gaps. Source: the inversion of a test (Neyman 1937).
    """
    test = _Test(cells, noise)
    tail = (1 - confidence_level) / 2
    by_chance = test.errors(np.zeros_like(test.room))
    low = 0.0
    if np.mean(by_chance >= test.observed) < tail:
        standing_out = test.standing_out()
        low, _ = _search(test.observed, lambda theta: bool(np.mean(test.errors(standing_out.gaps(theta)) >= test.observed) < tail))
    spread, credible = test.spread(), test.credible(by_chance)

    def is_below_high(theta: float) -> bool:
        return bool(np.mean(test.errors(spread.gaps(theta)) <= credible) >= tail)

    beyond = max(credible, 1 / test.total)
    while beyond < spread.most and is_below_high(beyond):
        beyond *= 2
    _, high = _search(min(beyond, spread.most), is_below_high)
    return low, max(low, high)


def tail_of(cells: Cells, noise: Floats) -> Tail:
    """The test that `invert` inverts, of one true error: how probable an observed error as large, or as small, would be."""

    def tail(bound: float, above: bool) -> float:
        if bound < 0:
            return float(not above)
        test = _Test(cells, noise)
        if above:
            return share_beyond(test.errors(test.standing_out().gaps(bound)), test.observed)
        credible = test.credible(test.errors(np.zeros_like(test.room)))
        return share_beyond(-test.errors(test.spread().gaps(bound)), -credible)

    return tail


class _Test:
    """The distribution of the observed error at hypothetical true gaps; holds what does not change with the hypothesis."""

    def __init__(self, cells: Cells, noise: Floats) -> None:
        filled = cells.count.ravel() > 0
        self.count = cells.count.ravel()[filled]
        self.total = float(self.count.sum())
        self.weights = self.count / self.total
        self.confidence = np.clip(cells.confidence_sum.ravel()[filled] / self.count, 0.0, 1.0)
        self.observed = cells.value
        self.noise = noise[:, filled]
        self.share_noise = _normal_table(1)[np.arange(len(noise)) * DRAWS // len(noise), 0]
        self.observed_gap = cells.hits.ravel()[filled] / self.count - self.confidence
        self.error = _standard_error(self.confidence, self.count)
        self.room = np.maximum(self.confidence, 1 - self.confidence)

    def standing_out(self) -> _Pattern:
        """In proportion to the observed gaps that are more than noise; to all of them if none is."""
        size = np.abs(self.observed_gap)
        stands_out = size > STANDING_OUT * self.error + 1 / self.count
        return _Pattern(np.where(stands_out, size, 0.0) if stands_out.any() else size, self.room, self.weights)

    def spread(self) -> _Pattern:
        """In proportion to the noise of every bin."""
        return _Pattern(self.error, self.room, self.weights)

    def credible(self, by_chance: Floats) -> float:
        """The observed error, unless chance alone hardly ever gives one as small."""
        return max(self.observed, float(np.quantile(by_chance, LUCK)))

    def errors(self, gaps: Floats) -> Floats:
        """Errors that could be observed, [draws], were these the sizes of the true gaps, [cells]."""
        accuracy = self.confidence + np.where(self.observed_gap >= 0, gaps, -gaps)
        # A gap too large for its side of the confidence lies on the other.
        roomier = self.confidence + np.where(self.confidence > 0.5, -gaps, gaps)
        accuracy = np.clip(np.where((accuracy < 0) | (accuracy > 1), roomier, accuracy), 0.0, 1.0)
        drawn = self.noise * _standard_error(accuracy, self.count)
        drawn += accuracy
        np.clip(drawn, 0.0, 1.0, out=drawn)
        drawn -= self.confidence
        # How many images fall into each bin is chance as well.
        variance = self.weights @ gaps**2 - (self.weights @ gaps) ** 2
        return np.abs(drawn, out=drawn) @ self.weights + self.share_noise * np.sqrt(max(0.0, variance) / self.total)


class _Pattern:
    """True gaps as a function of the true error: in proportion to `sizes`, each as far as there is room for it."""

    def __init__(self, sizes: Floats, room: Floats, weights: Floats) -> None:
        self.room = room
        self.sizes = np.maximum(sizes, SMALLEST_PART * max(float(sizes.max()), SMALLEST_PART))
        full_at = room / self.sizes
        order = np.argsort(full_at)
        filled = np.cumsum((weights * room)[order])
        growing = np.cumsum((weights * self.sizes)[order][::-1])[::-1]
        # The error is a broken line over the common factor: cell after cell reaches its room.
        self.factors = np.concatenate([[0.0], full_at[order]])
        self.errors = np.concatenate([[0.0], filled + self.factors[1:] * np.append(growing[1:], 0.0)])
        self.most = float(filled[-1])

    def gaps(self, theta: float) -> Floats:
        """The gaps, at least 0, whose weighted sum is theta."""
        return np.minimum(self.room, np.interp(theta, self.errors, self.factors) * self.sizes)


def _search(most: float, is_below: Callable[[float], bool]) -> tuple[float, float]:
    """The ends of a short range in [0, most] in which `is_below` ceases to hold, by bisection."""
    low, high = 0.0, most
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return low, high


def _standard_error(accuracy: Floats, count: Floats) -> Floats:
    return np.sqrt(np.maximum(accuracy * (1 - accuracy), 0.0) / count)


def _draw_classes(probabilities: Floats, uniform: Floats) -> NDArray[np.int64]:
    """A class for each row and draw, [rows, draws], by the inverse of the row's cumulative probabilities."""
    rows, classes = probabilities.shape
    cumulative = np.cumsum(probabilities, axis=1)
    # One sorted search for all rows: row r is moved to the stretch from r to r + 1.
    stretched = cumulative / cumulative[:, -1:] + np.arange(rows)[:, None]
    found = np.searchsorted(stretched.ravel(), uniform + np.arange(rows)[:, None]) - np.arange(rows)[:, None] * classes
    return np.clip(found, 0, classes - 1)


@lru_cache(maxsize=4)
def _normal_table(cells: int) -> Floats:
    """The DRAWS midpoint quantiles of the normal distribution in each column, shuffled differently: [DRAWS, cells]."""
    quantiles = np.array([NormalDist().inv_cdf((draw + 0.5) / DRAWS) for draw in range(DRAWS)])
    order = np.argsort(random_words(mix(np.arange(cells, dtype=np.uint64)), np.arange(DRAWS, dtype=np.uint64)), axis=0)
    table = quantiles[order]
    table.flags.writeable = False  # it is shared by every call
    return table

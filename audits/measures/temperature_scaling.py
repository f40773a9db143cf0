"""One number that divides all logits: found by minimising the negative log-likelihood, a convex function of its inverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.hashing import id_digests, random_words
from audits.measures.wide import WideRows, softmax

Floats = NDArray[np.float64]

COLDEST, HOTTEST = 0.01, 100.0
STEPS = 60
NEWTON_STEPS = 12  # where it creeps, as on a nearly separable half, halving the bracket is faster
PRECISION = 1e-9  # of the inverse temperature, relative
HALVING = 0x48414C56  # a counter that no bootstrap replicate has, so that halves and weights are independent


def fitted_half(ids: Sequence[Any]) -> NDArray[np.bool_]:
    """Which images a temperature is fitted on, [n]: one bit of a hash of each id, the same whatever other images there are."""
    return random_words(id_digests(ids), np.array([HALVING], dtype=np.uint64))[0] >> np.uint64(63) == 1


def top_label(logits: WideRows, temperature: float) -> tuple[Floats, NDArray[np.int64]]:
    """Probability of the most probable class at this temperature, [n], and that class, [n]."""
    confidence, prediction = np.empty(len(logits)), np.empty(len(logits), dtype=np.int64)
    for where, rows in logits.chunks():
        prediction[where] = rows.argmax(axis=1)
        rows -= rows.max(axis=1, keepdims=True)
        rows /= temperature
        confidence[where] = 1 / np.exp(rows, out=rows).sum(axis=1)
    return confidence, prediction


def fitted_temperature(logits: WideRows, labels: NDArray[np.int64]) -> float:
    """The T in [0.01, 100] that minimises the mean negative log-likelihood of softmax(logits / T); logits [n, classes], labels [n].

    Newton's method on 1/T, kept inside a shrinking bracket. An end of the range where the minimum lies beyond it (a backbone
    that is always right is best at the coldest); 1 where T makes no difference (all logits of a row alike).
    """
    low, high, inverse = 1 / HOTTEST, 1 / COLDEST, 1.0
    if _derivatives(logits, labels, inverse)[0] == 0:
        return 1.0
    if _derivatives(logits, labels, low)[0] >= 0:
        return HOTTEST
    if _derivatives(logits, labels, high)[0] <= 0:
        return COLDEST
    for count in range(STEPS):
        slope, curvature = _derivatives(logits, labels, inverse)
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        newton = inverse - slope / curvature if curvature > 0 and count < NEWTON_STEPS else low
        step = newton if low < newton < high else (low * high) ** 0.5
        if abs(step - inverse) <= PRECISION * inverse:
            break
        inverse = step
    return float(1 / inverse)


def _derivatives(logits: WideRows, labels: NDArray[np.int64], inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean negative log-likelihood in the inverse temperature."""
    slope = curvature = 0.0
    for where, rows in logits.chunks():
        # Relative to the label's logit, so that the slope is exactly 0 where all logits are alike.
        rows -= np.take_along_axis(rows, labels[where, None], axis=1)
        weights = softmax(rows, 1 / inverse)
        expected = (weights * rows).sum(axis=1)
        slope += float(expected.sum())
        curvature += float((weights * (rows - expected[:, None]) ** 2).sum())
    return slope / len(logits), curvature / len(logits)

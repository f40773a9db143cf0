"""Scores of what is fitted on a few examples: they vary with the images that are asked about and with the examples that were drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from audits.measures.columns import array
from audits.measures.estimate import ANSWERS, Estimate, wilson, with_replicates

Floats = NDArray[np.float64]


def over_draws(correct: Any, ids: Sequence[Any], confidence_level: float = 0.95) -> Estimate:
    """How often a classifier is right that learned from a few examples, whichever these were.

    correct: [draws, n] booleans, whether the classifier of each draw of examples is right about each test image; ids: [n].
    Value: the mean. Interval: value ± t · s, s² = (variance of the images' means) / n + (variance of the draws' means) / draws, with the
    degrees of freedom of such a sum (Satterthwaite 1946), and never within the Wilson interval of one draw: where nearly all are right,
    neither variance knows of the images that were not seen. Replicates are over images, for the draws that were made: another release is
    compared on the same ones.
    detail: the accuracy of each draw. Errors: ValueError for fewer than two draws or images, or other shapes.
    """
    right = array("correct", correct)
    if right.ndim != 2 or right.dtype.kind != "b" or min(right.shape) < 2 or right.shape[1] != len(ids):
        raise ValueError(
            f"correct: got {right.dtype} of shape {right.shape} and {len(ids)} ids, wanted booleans [draws, images], at least two of each."
        )
    of_draws, of_images = right.mean(axis=1), right.mean(axis=0)
    draws, n = right.shape
    parts = [(of_images.var(ddof=1) / n, n - 1), (of_draws.var(ddof=1) / draws, draws - 1)]
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / sum(part**2 / free for part, free in parts) if variance > 0 else draws - 1
    value, reach = float(of_draws.mean()), float(stdtrit(freedom, (1 + confidence_level) / 2)) * math.sqrt(variance)
    detail = {"draws": [float(each) for each in of_draws]}
    least = wilson(round(value * n), n, confidence_level)
    low, high = max(0.0, min(value - reach, least.low)), min(1.0, max(value + reach, least.high))
    estimate = Estimate(value, low, high, n, confidence_level, "t over draws and images", detail, averages=ANSWERS)
    return with_replicates(estimate, _weighted_mean, ids, [of_images])


def _weighted_mean(weights: Floats, values: Floats) -> Floats:
    return weights @ values / weights.sum(axis=1)

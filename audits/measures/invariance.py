"""Measures of invariance: does a backbone say the same when an image changes in a way that does not change what it shows?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from audits.measures.columns import column, log_probabilities, same_length
from audits.measures.estimate import ANSWERS, PROBABILITIES, Estimate, proportion
from audits.measures.means import mean


def consistency(prediction: Any, reference_prediction: Any, ids: Sequence[Any] | None = None) -> Estimate:
    """Share of images whose predicted class does not change under a view; right or wrong is not asked.

    prediction: [n] class indices under the view; reference_prediction: [n] on the clean images, same order; ids: [n].
    Interval: Wilson. Errors: ValueError for no images or different lengths. Source: Zhang 2019 ("Making convolutional
    networks shift-invariant again").
    """
    return _share_of_equal(ids, prediction=prediction, reference_prediction=reference_prediction)


def agreement(prediction: Any, other: Any, ids: Sequence[Any] | None = None) -> Estimate:
    """Share of images on which two passes over the same images give the same class (again, in another batch, at another precision).

    prediction, other: [n] class indices, same order; ids: [n]. Interval: Wilson. Errors: ValueError for no images or different lengths.
    """
    return _share_of_equal(ids, prediction=prediction, other=other)


def mean_true_probability(log_p_label: Any, ids: Sequence[Any]) -> Estimate:
    """How much probability a backbone still gives to the truth under a view, on average, 0 to 1.

    Mean of p(label). log_p_label: [n] its natural logarithm; ids: [n]. Interval: bootstrap over images.
    Errors: ValueError for no images, different lengths, NaN or infinite numbers, log p above 0.
    Source: Vishniakov et al. 2023 ("ConvNet vs Transformer, Supervised vs CLIP").
    """
    probability = mean(np.exp(log_probabilities("log_p_label", log_p_label)), ids, within=(0.0, 1.0))
    return replace(probability, averages=PROBABILITIES)


def _share_of_equal(ids: Sequence[Any] | None, **predictions: Any) -> Estimate:
    columns = {name: column(name, values) for name, values in predictions.items()}
    same_length(**columns)
    first, second = columns.values()
    return replace(proportion(first == second, ids), averages=2 * ANSWERS)

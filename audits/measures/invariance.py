"""Measures of invariance: does a backbone say the same when an image changes in a way that does not change what it shows?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audits.measures.columns import column, flags, log_probabilities, same_length
from audits.measures.estimate import Estimate, proportion
from audits.measures.means import mean


def consistency(prediction: Any, reference_prediction: Any) -> Estimate:
    """Share of images whose predicted class does not change under a view; right or wrong is not asked.

    prediction: [n] class indices under the view; reference_prediction: [n] on the clean images, same order.
    Interval: Wilson. Errors: ValueError for no images or different lengths. Source: Zhang 2019 ("Making convolutional
    networks shift-invariant again").
    """
    return _share_of_equal(prediction=prediction, reference_prediction=reference_prediction)


def agreement(prediction: Any, other: Any) -> Estimate:
    """Share of images on which two passes over the same images give the same class (again, in another batch, at another precision).

    prediction, other: [n] class indices, same order. Interval: Wilson. Errors: ValueError for no images or different lengths.
    """
    return _share_of_equal(prediction=prediction, other=other)


def accuracy_under(correct: Any) -> Estimate:
    """Share of images that are still classified rightly under a view.

    correct: [n] booleans. Interval: Wilson. Errors: ValueError for no images or values other than true and false.
    """
    return proportion(flags("correct", correct))


def mean_true_probability(log_p_label: Any, ids: Sequence[Any]) -> Estimate:
    """How much probability a backbone still gives to the truth under a view, on average, 0 to 1.

    Mean of p(label). log_p_label: [n] its natural logarithm; ids: [n]. Interval: bootstrap over images.
    Errors: ValueError for no images, different lengths, NaN or infinite numbers, log p above 0.
    Source: Vishniakov et al. 2023 ("ConvNet vs Transformer, Supervised vs CLIP").
    """
    return mean(np.exp(log_probabilities("log_p_label", log_p_label)), ids, within=(0.0, 1.0))


def _share_of_equal(**predictions: Any) -> Estimate:
    columns = {name: column(name, values) for name, values in predictions.items()}
    same_length(**columns)
    first, second = columns.values()
    return proportion(first == second)

"""Measures of invariance: does a backbone say the same when an image changes in a way that does not change what it shows?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audits.measures.columns import array, column, flags, log_probabilities, same_length
from audits.measures.estimate import Estimate, exact, mean, proportion


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
    return mean(np.exp(log_probabilities("log_p_label", log_p_label)), ids)


def largest_difference(values: Any, other: Any) -> Estimate:
    """The most that any number moved between two passes over the same images; 0 means bit for bit the same numbers.

    max |values - other|, in their own unit; [n] or [n, …] arrays of one shape. Exact: it is about these passes, not about
    other images. detail: the `row` in which it occurred. Errors: ValueError for no images, different shapes, NaN.
    """
    one, two = array("values", values), array("other", other)
    if one.shape != two.shape:
        raise ValueError(f"largest_difference: got shapes {one.shape} and {two.shape}, wanted one: the same images in the same order.")
    per_row = np.abs(one.astype(np.float64) - two.astype(np.float64)).reshape(len(one), -1).max(axis=1)
    return exact(float(per_row.max()), len(one), {"row": int(per_row.argmax())})


def _share_of_equal(**predictions: Any) -> Estimate:
    columns = {name: column(name, values) for name, values in predictions.items()}
    same_length(**columns)
    first, second = columns.values()
    return proportion(first == second)

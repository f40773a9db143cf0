"""How well a task was learned, by the metric in which its results are published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from audits.measures.accuracy import top1
from audits.measures.columns import class_indices, flags, same_length
from audits.measures.estimate import ANSWERS, Estimate
from audits.measures.means import mean


def task_accuracy(correct: Any, labels: Any, metric: str, ids: Sequence[Any]) -> Estimate:
    """How often what was learned is right about test images, as the task's own papers count it.

    correct: [n] booleans; labels: [n] class indices; metric: "accuracy", the share of images (`top1`), or "mean_per_class", the mean of the
    classes' accuracies (`mean_per_class`). Errors: ValueError for another metric, no images, different lengths.
    """
    if metric == "accuracy":
        return top1(correct, ids)
    if metric == "mean_per_class":
        return mean_per_class(correct, labels, ids)
    raise ValueError(f"metric: got {metric!r}, wanted accuracy or mean_per_class: others are about several labels an image.")


def mean_per_class(correct: Any, labels: Any, ids: Sequence[Any]) -> Estimate:
    """The mean of the classes' accuracies: a rare class counts as much as a frequent one (Kornblith et al. 2019).

    correct: [n] booleans; labels: [n] class indices; ids: [n]. A class without images does not enter. It is the mean over images of what
    each leaves of one, its mistake weighing n / (classes · images of its class), and has the interval of a mean (`mean`), for classes as
    frequent as these. Errors: ValueError for no images, different lengths.
    """
    right = flags("correct", correct)
    label = class_indices("labels", labels, int(np.max(labels, initial=0)) + 1)
    n = same_length(correct=right, labels=label, ids=ids)
    counts = np.bincount(label)
    weight = n / (np.count_nonzero(counts) * np.maximum(counts, 1))
    heaviest = float(weight[counts > 0].max())
    found = mean(1 - ~right * weight[label], ids, detail={"classes": int(np.count_nonzero(counts))}, within=(1 - heaviest, 1.0))
    return replace(found, low=max(0.0, found.low), averages=ANSWERS)

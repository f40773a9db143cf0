"""Confidences in equal-width bins: what a backbone said and how often it was right, a bin (and, class-wise, a class) at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.wide import WideRows, softmax

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """The sums behind a binned calibration error; a cell is a bin, or a bin of one class.

    count: predictions in each cell; hits: how many came true; confidence_sum: the sum of what was said. All of one shape,
    [bins] or [classes, bins]. The error is Σ count · |hits - confidence_sum| / count over the sum of all counts.
    """

    count: Floats
    hits: Floats
    confidence_sum: Floats

    @property
    def errors(self) -> Floats:
        """Each cell's share of the calibration error, before the division by all counts."""
        return np.abs(self.hits - self.confidence_sum)

    @property
    def value(self) -> float:
        """The plug-in calibration error: it is biased upwards, since noise in a bin counts as error too."""
        return float(self.errors.sum() / self.count.sum())

    def table(self) -> list[dict[str, Any]]:
        """The bins as JSON, for a reliability diagram and a confidence histogram; an empty bin has neither mean (None)."""
        edges = np.linspace(0, 1, len(self.count) + 1)
        rows = zip(edges[:-1], edges[1:], self.count, self.confidence_sum, self.hits, strict=True)
        return [
            {
                "low": float(low),
                "high": float(high),
                "count": int(count),
                "confidence": float(total / count) if count else None,
                "accuracy": float(hits / count) if count else None,
            }
            for low, high, count, total, hits in rows
        ]


def bin_index(confidence: Floats, bins: int) -> NDArray[np.int64]:
    """The bin (low, high] of each confidence, 0 … bins - 1, among equal widths; exactly 0 belongs to the first."""
    return np.clip(np.searchsorted(np.linspace(0, 1, bins + 1), confidence, side="left") - 1, 0, bins - 1)


def top_label_cells(confidence: Floats, correct: NDArray[np.bool_], bins: int) -> Cells:
    """Cells [bins] of the confidence in the predicted class."""
    index = bin_index(confidence, bins)
    return Cells(*(np.bincount(index, weights, bins).astype(np.float64) for weights in (None, correct, confidence)))


def class_cells(logits: WideRows, labels: NDArray[np.int64], bins: int) -> Cells:
    """Cells [classes, bins] of the probability given to each class, whether predicted or not."""
    classes = logits.classes
    count, hits, total = (np.zeros(classes * bins) for _ in range(3))
    for where, chunk in logits.chunks():
        rows = softmax(chunk)
        cell = class_cell_index(rows, bins)
        count += np.bincount(cell.ravel(), minlength=classes * bins)
        total += np.bincount(cell.ravel(), rows.ravel(), classes * bins)
        hits += np.bincount(cell[np.arange(len(rows)), labels[where]], minlength=classes * bins)
    return Cells(*(sums.reshape(classes, bins) for sums in (count, hits, total)))


def class_cell_index(probabilities: Floats, bins: int) -> NDArray[np.int64]:
    """Which of the classes × bins cells each probability falls into, [n, classes]."""
    return bin_index(probabilities, bins) + np.arange(probabilities.shape[1]) * bins

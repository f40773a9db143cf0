"""Backbones' answers made from a seed, and the real ones kept beside the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

CALIBRATION_RECORD = Path(__file__).resolve().parents[2] / ".." / "shared" / "real" / "calibration_records" / "wideresnet-16-4-cifar-10.npz"


@dataclass(frozen=True)
class Answers:
    """What a classifier said about n images, and the truth."""

    logits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]
    ids: list[str]

    @property
    def prediction(self) -> NDArray[np.int64]:
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float64]:
        return self.probabilities.max(axis=1)

    @property
    def correct(self) -> NDArray[np.bool_]:
        return self.prediction == self.labels

    @property
    def p_label(self) -> NDArray[np.float64]:
        return self.probabilities[np.arange(len(self.labels)), self.labels]


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def draw_classes(probabilities: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.int64]:
    """A class for each row, as probable as the row says."""
    below = (probabilities.cumsum(axis=1) < generator.random((len(probabilities), 1))).sum(axis=1)
    return np.minimum(below, probabilities.shape[1] - 1)


def population(n: int, classes: int, strength: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Logits of n images, each leaning towards one class by `strength`."""
    logits = generator.normal(size=(n, classes)) * 1.5
    logits[np.arange(n), generator.integers(0, classes, n)] += 1.5 * strength
    return logits


def answers(n: int = 600, classes: int = 7, exaggeration: float = 1.0, seed: int = 0) -> Answers:
    """A classifier whose logits are `exaggeration` times too large."""
    generator = np.random.default_rng(seed)
    truth = population(n, classes, 2.5, generator)
    labels = draw_classes(softmax(truth), generator)
    logits = truth * exaggeration
    return Answers(logits, softmax(logits), labels, [f"val/{index:05d}.png" for index in range(n)])


def real_answers() -> Answers:
    """The softmax rows of a WideResNet on CIFAR-10; skips the test where the record is not there."""
    if not CALIBRATION_RECORD.exists():
        pytest.skip(f"the calibration record is absent: {CALIBRATION_RECORD.name} under shared/real/calibration_records")
    with np.load(CALIBRATION_RECORD) as record:
        probabilities, labels = record["predictions"].astype(np.float64), record["ground_truth"]
    return Answers(np.log(np.maximum(probabilities, 1e-12)), probabilities, labels, [str(index) for index in range(len(labels))])

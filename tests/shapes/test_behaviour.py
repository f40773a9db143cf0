"""The figures of the manual come from a command that measures them."""

import numpy as np
import pytest
import torch
from sklearn.calibration import calibration_curve
from torch import Tensor, nn

from fixtures.shapes import behaviour, splits, subjects
from fixtures.shapes.words import build_tokenizer


class Constant(nn.Module):
    """Says the first class, always with the same confidence."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.tensor([2.0] + [0.0] * 11))

    def forward(self, images: Tensor) -> Tensor:
        return self.scores.expand(len(images), 12)


@pytest.mark.slow
def test_a_constant_answer_is_measured_as_one() -> None:
    table = behaviour.behaviour(Constant(), build_tokenizer(), images=24)

    confidence = np.exp(2.0) / (np.exp(2.0) + 11)
    assert table["accuracy, val"] == pytest.approx(1 / 12, abs=1e-3)
    assert table["confidence - accuracy"] == pytest.approx(confidence - table["accuracy, val"])
    assert table["calibration error"] == pytest.approx(confidence - table["accuracy, val"])
    assert table["shape bias"] == pytest.approx(0.5)
    assert table["decided by either"] == pytest.approx(2 / 12)
    assert {table[name] for name in (*behaviour.PICTURES, *behaviour.OBJECTS)} == {2 / 24}


def test_calibration_error_agrees_with_another_implementation() -> None:
    rng = np.random.default_rng(0)
    answers = rng.dirichlet(np.full(12, 0.2), 4000)
    labels = rng.integers(0, 12, 4000)
    confidence, right = answers.max(1), answers.argmax(1) == labels

    share, mean = calibration_curve(right, confidence, n_bins=15)
    filled = np.histogram(confidence, np.linspace(0.0, 1.0, 16))[0]
    expected = (np.abs(share - mean) * filled[filled > 0]).sum() / 4000

    assert behaviour.calibration_error(answers, labels) == pytest.approx(expected, abs=1e-9)


def test_changes_are_applied_to_the_pixels() -> None:
    scenes = splits.scenes("shapes", "val", np.arange(8))
    seen: list[Tensor] = []

    class Looking(Constant):
        def forward(self, images: Tensor) -> Tensor:
            seen.append(images)
            return super().forward(images)

    subjects.probabilities(Looking(), scenes)
    subjects.probabilities(Looking(), scenes, change=behaviour.PICTURES["mirrored"])

    assert torch.equal(seen[0].flip(3), seen[1])
    assert (seen[0].min().item(), seen[0].max().item()) == pytest.approx((-1.0, 1.0), abs=0.02)

"""The temperature of a backbone against other people's minimiser, by its laws, on a real network, and in what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from audits.measures.calibration import ece_after_temperature, ece_at_scale, temperature
from audits.measures.temperature_scaling import fitted_half
from tests.measures.samples import answers, real_answers, softmax

laws = settings(deadline=None, max_examples=40, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


def test_temperature_equals_scipy_minimiser() -> None:
    said = answers(1200, exaggeration=1.7)
    half = fitted_half(said.ids)

    def loss(log_t: float) -> float:
        return log_loss(said.labels[half], softmax(said.logits[half] / np.exp(log_t)))

    theirs = np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}).x)

    assert temperature(said.logits, said.labels, said.ids) == pytest.approx(theirs, rel=1e-5)


def test_temperature_mends_what_it_can() -> None:
    said = answers(4000, exaggeration=3.0)

    after = ece_after_temperature(said.logits, said.labels, said.ids)

    assert after.detail["temperature"] == pytest.approx(3.0, rel=0.1)
    assert after.detail["before"] > 0.1
    assert after.value < 0.03
    assert after.low == 0.0
    assert after.n + after.detail["fitted_on"] == 4000
    assert sum(row["count"] for row in after.detail["bins"]) == after.n


def test_an_image_stays_in_its_half() -> None:
    ids = [f"{index}.png" for index in range(1000)]
    halves = fitted_half(ids)

    assert np.array_equal(fitted_half(ids[::-1])[::-1], halves)
    assert np.array_equal(fitted_half(ids[:300]), halves[:300])
    assert 450 < halves.sum() < 550


@pytest.mark.parametrize(("scores", "wanted"), [(np.zeros((50, 3)), 1.0), (np.eye(3)[np.arange(50) % 3], 0.01)])
def test_temperature_without_a_minimum_stays_in_range(scores: np.ndarray, wanted: float) -> None:
    """Logits that are all alike fit at any temperature; a backbone that is always right, best at the coldest."""
    assert temperature(scores, np.arange(50) % 3, list(range(50))) == pytest.approx(wanted)


@laws
@given(seeds, st.floats(0.2, 5))
def test_scaled_logits_scale_the_temperature(seed: int, scale: float) -> None:
    said = answers(200, seed=seed)

    assert temperature(said.logits * scale, said.labels, said.ids) == pytest.approx(
        temperature(said.logits, said.labels, said.ids) * scale, rel=1e-4
    )


def test_one_temperature_mends_the_real_network() -> None:
    said = real_answers()

    after = ece_after_temperature(said.logits, said.labels, said.ids)

    assert after.value < 0.01
    assert 1.5 < after.detail["temperature"] < 3


def test_tensors_and_arrays_give_the_same_answer() -> None:
    said = answers()
    logits, labels = torch.from_numpy(said.logits), torch.from_numpy(said.labels)

    assert ece_after_temperature(logits, labels, said.ids) == ece_after_temperature(said.logits, said.labels, said.ids)


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (lambda: temperature([[0.0, 1.0]], [1], ["a"]), "of 1 images to fit on"),
        (lambda: ece_after_temperature([[0.0, float("nan")]], [1], ["a"]), "logits: got NaN"),
    ],
)
def test_what_is_not_data_is_refused(measure, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        measure()


@pytest.mark.parametrize("learned", [14.3, 61.3, 100.0])
def test_the_error_at_the_scale_of_the_papers_is_torchmetrics_of_the_softmax_at_that_scale(learned: float) -> None:
    from torchmetrics.functional.classification import multiclass_calibration_error

    cosines, labels = np.random.default_rng(3).uniform(0.2, 0.28, (900, 7)), np.random.default_rng(4).integers(0, 7, 900)
    probabilities = softmax(100 * cosines)
    theirs = multiclass_calibration_error(torch.from_numpy(probabilities), torch.from_numpy(labels), 7, n_bins=15, norm="l1")

    found = ece_at_scale(learned * cosines, labels, learned)

    assert found.value == pytest.approx(float(theirs), abs=1e-6)
    assert (found.detail or {})["logit_scale"] == learned


@pytest.mark.parametrize("learned", [0.0, -3.0, float("nan")])
def test_a_scale_that_is_none_is_refused(learned: float) -> None:
    with pytest.raises(ValueError, match="learned_scale"):
        ece_at_scale(np.eye(3), np.arange(3), learned)

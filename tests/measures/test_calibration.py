"""Calibration measures against other people's, by their laws, on a real network, and in what they refuse."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss

from audits.measures.calibration import (
    brier,
    classwise_calibration_error,
    expected_calibration_error,
    negative_log_likelihood,
    overconfidence,
)
from tests.measures.samples import answers, real_answers

laws = settings(deadline=None, max_examples=40, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("exaggeration", [0.6, 1.0, 2.0])
def test_expected_calibration_error_equals_torchmetrics_and_netcal(exaggeration: float) -> None:
    """torchmetrics 1.9 puts confidence exactly 1 into the wrong bin, so no confidence here is exactly 1."""
    from netcal.metrics import ECE
    from torchmetrics.functional.classification import multiclass_calibration_error

    said = answers(1500, exaggeration=exaggeration)
    assert said.confidence.max() < 1
    theirs = multiclass_calibration_error(torch.from_numpy(said.probabilities), torch.from_numpy(said.labels), 7, n_bins=15, norm="l1")

    ours = expected_calibration_error(said.confidence, said.correct).value

    assert ours == pytest.approx(float(theirs), abs=1e-6)
    assert ours == pytest.approx(float(ECE(15).measure(said.probabilities, said.labels)), abs=1e-6)


def test_classwise_error_equals_torchmetrics_class_by_class() -> None:
    from torchmetrics.functional.classification import binary_calibration_error

    said = answers(1500, exaggeration=1.5)
    theirs = [
        float(
            binary_calibration_error(torch.from_numpy(said.probabilities[:, k].copy()), torch.from_numpy(said.labels == k).int(), n_bins=15)
        )
        for k in range(7)
    ]

    ours = classwise_calibration_error(said.logits, said.labels)

    assert ours.value == pytest.approx(np.mean(theirs), abs=1e-6)
    assert ours.detail["worst"][0] == {"class": int(np.argmax(theirs)), "error": pytest.approx(max(theirs), abs=1e-6)}


def test_proper_scores_equal_scikit_learn() -> None:
    said = answers()
    squares = (said.probabilities**2).sum(axis=1)
    brier_by_class = [brier_score_loss(said.labels == k, said.probabilities[:, k]) for k in range(7)]

    nll, score = negative_log_likelihood(np.log(said.p_label), said.ids), brier(squares, said.p_label, said.ids)

    assert nll.value == pytest.approx(log_loss(said.labels, said.probabilities))
    assert score.value == pytest.approx(sum(brier_by_class))
    for measured in (nll, score):
        assert measured.low < measured.value < measured.high
        assert (measured.n, len(measured.replicates)) == (600, 1000)


def test_overconfidence_has_the_sign_of_the_exaggeration() -> None:
    modest, boastful = answers(2000, exaggeration=0.5), answers(2000, exaggeration=2.0)

    below = overconfidence(modest.confidence, modest.correct, modest.ids)
    above = overconfidence(boastful.confidence, boastful.correct, boastful.ids)

    assert below.high < 0 < above.low
    assert above.value == pytest.approx(above.detail["confidence"] - above.detail["accuracy"])


def test_the_real_network_has_its_published_error() -> None:
    said = real_answers()

    measured = expected_calibration_error(said.confidence, said.correct)

    assert measured.value == pytest.approx(0.0537, abs=1e-4)
    assert measured.detail["accuracy"] == pytest.approx(0.9109)
    assert 0.04 < measured.low < measured.value < measured.high < 0.07


def test_the_bins_tell_the_whole_story() -> None:
    said = answers(900)
    measured = expected_calibration_error(said.confidence, said.correct)
    bins = measured.detail["bins"]
    filled = [row for row in bins if row["count"]]

    assert [row["low"] for row in bins] == pytest.approx(np.arange(15) / 15)
    assert [row["high"] for row in bins] == pytest.approx(np.arange(1, 16) / 15)
    assert sum(row["count"] for row in bins) == measured.n == 900
    assert sum(row["count"] * abs(row["accuracy"] - row["confidence"]) for row in filled) / 900 == pytest.approx(measured.value)
    assert all(row["low"] < row["confidence"] <= row["high"] for row in filled)
    assert all(row["accuracy"] is None and row["confidence"] is None for row in bins if not row["count"])


def test_bins_are_open_below_and_closed_above() -> None:
    edges = np.linspace(0, 1, 16)
    counts = [row["count"] for row in expected_calibration_error(edges, np.ones(16)).detail["bins"]]

    assert counts == [2] + [1] * 14  # exactly 0 has no bin below it and belongs to the first


@pytest.mark.parametrize(
    ("confidence", "correct", "low", "high"),
    [
        (1.0, [1] * 100, 0.0, 0.0370),  # Wilson's upper limit for the share wrong: 0 of 100
        (1.0, [1] * 999 + [0], 0.00018, 0.0056),  # Wilson for 1 of 1,000
        (0.9, [1] * 900 + [0] * 100, 0.0, 0.0186),  # the errors cancel exactly: the truth may be off on either side
        (1.0, [0] * 100, 0.963, 1.0),
        (0.6, [1] * 300 + [0] * 700, 0.272, 0.328),
    ],
)
def test_one_bin_has_about_the_interval_of_its_proportion(confidence: float, correct: list[int], low: float, high: float) -> None:
    measured = expected_calibration_error([confidence] * len(correct), correct)

    assert measured.low == pytest.approx(low, abs=0.002)
    assert measured.high == pytest.approx(high, abs=0.002)


def test_the_lower_end_is_exactly_zero_unless_perfection_is_rejected() -> None:
    honest, liar = answers(3000), answers(3000, exaggeration=2.0)

    assert expected_calibration_error(honest.confidence, honest.correct).low == 0.0
    assert classwise_calibration_error(honest.logits, honest.labels).low == 0.0
    assert expected_calibration_error(liar.confidence, liar.correct).low > 0.02
    assert classwise_calibration_error(liar.logits, liar.labels).low > 0.01


@laws
@given(seeds, st.integers(2, 200), st.sampled_from([0.5, 1.0, 2.0]))
def test_laws_of_binned_errors(seed: int, n: int, exaggeration: float) -> None:
    said = answers(n, classes=3, exaggeration=exaggeration, seed=seed)
    order = np.random.default_rng(seed).permutation(n)
    twice = np.tile(np.arange(n), 2)

    measured = expected_calibration_error(said.confidence, said.correct)
    shuffled = expected_calibration_error(said.confidence[order], said.correct[order])
    by_class = classwise_calibration_error(said.logits, said.labels)

    assert 0 <= measured.low <= measured.high <= 1
    assert 0 <= measured.value <= 1
    assert measured.low <= measured.value + 1e-12
    assert (shuffled.value, shuffled.low, shuffled.high) == pytest.approx((measured.value, measured.low, measured.high), abs=1e-3)
    assert expected_calibration_error(said.confidence[twice], said.correct[twice]).value == pytest.approx(measured.value, abs=1e-12)
    assert 0 <= by_class.low <= by_class.high <= 1
    assert classwise_calibration_error(said.logits[order], said.labels[order]).value == pytest.approx(by_class.value, abs=1e-12)
    assert classwise_calibration_error(said.logits[twice], said.labels[twice]).value == pytest.approx(by_class.value, abs=1e-12)


@laws
@given(seeds)
def test_laws_of_proper_scores(seed: int) -> None:
    said = answers(60, seed=seed)
    squares, order = (said.probabilities**2).sum(axis=1), np.random.default_rng(seed).permutation(60)
    ids = np.array(said.ids)
    doubled = [*said.ids, *(f"again/{name}" for name in said.ids)]

    nll, score = negative_log_likelihood(np.log(said.p_label), ids), brier(squares, said.p_label, ids)
    shuffled = negative_log_likelihood(np.log(said.p_label)[order], ids[order])

    assert nll.value >= 0
    assert 0 <= score.low <= score.high <= 2
    assert (shuffled.value, shuffled.low, shuffled.high) == pytest.approx((nll.value, nll.low, nll.high))
    assert negative_log_likelihood(np.tile(np.log(said.p_label), 2), doubled).value == pytest.approx(nll.value)
    assert brier(np.tile(squares, 2), np.tile(said.p_label, 2), doubled).value == pytest.approx(score.value)


def test_a_perfect_backbone_scores_zero_everywhere() -> None:
    labels = np.arange(40) % 4
    certain, ids = np.eye(4)[labels], list(range(40))

    assert expected_calibration_error(certain.max(axis=1), certain.argmax(axis=1) == labels).value == 0.0
    assert classwise_calibration_error(1000 * certain, labels).value == 0.0
    assert negative_log_likelihood(np.zeros(40), ids).value == 0.0
    assert brier(np.ones(40), np.ones(40), ids).value == 0.0
    assert overconfidence(np.ones(40), np.ones(40), ids).value == 0.0


def test_the_worst_backbone_scores_worst() -> None:
    ids = list(range(40))

    assert expected_calibration_error(np.ones(40), np.zeros(40)).value == 1.0
    assert brier(np.ones(40), np.zeros(40), ids).value == 2.0
    assert overconfidence(np.ones(40), np.zeros(40), ids).value == 1.0


def test_the_interval_of_fifty_thousand_images_is_quick() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.1, 1, 50_000)
    correct = generator.random(50_000) < confidence

    def seconds() -> float:
        started = time.process_time()
        expected_calibration_error(confidence, correct)
        return time.process_time() - started

    assert min(seconds() for _ in range(3)) < 0.05


def test_tensors_and_arrays_give_the_same_answer() -> None:
    said = answers()
    logits, labels = torch.from_numpy(said.logits), torch.from_numpy(said.labels)

    assert classwise_calibration_error(logits, labels) == classwise_calibration_error(said.logits, said.labels)


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (lambda: expected_calibration_error([], []), "confidence: got no rows"),
        (
            lambda: expected_calibration_error([0.5, float("nan")], [1, 0]),
            "confidence: got NaN or infinite numbers in 1 of 2 rows, first in row 1",
        ),
        (lambda: expected_calibration_error([0.5], [1, 0]), "confidence has 1, correct has 2"),
        (lambda: expected_calibration_error([2.5], [1]), "need a softmax first"),
        (lambda: classwise_calibration_error([[0.5, 0.5]], [2]), "labels: got 2 in row 0"),
        (lambda: classwise_calibration_error([0.5, 0.5], [0, 1]), r"wanted \[n, classes\]"),
        (lambda: negative_log_likelihood([0.1], ["a"]), "at most 0"),
        (lambda: negative_log_likelihood([-1.0, -float("inf")], ["a", "b"]), "infinite"),
        (lambda: brier([0.5, 0.5], [0.5], ["a", "b"]), "p_label has 1"),
        (lambda: overconfidence([0.5, 0.6], [1, 0], ["a"]), "ids has 1"),
    ],
)
def test_what_is_not_data_is_refused(measure, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        measure()

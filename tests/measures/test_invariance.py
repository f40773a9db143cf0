"""Invariance measures against plain counting, by their laws, and in what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from audits.measures.invariance import agreement, consistency, mean_true_probability
from tests.measures.samples import answers

laws = settings(deadline=None, max_examples=60, derandomize=True)
classes = st.lists(st.integers(0, 5), min_size=1, max_size=80)


def test_consistency_equals_scikit_learn_accuracy_between_the_two() -> None:
    clean, moved = answers(seed=1).prediction, answers(exaggeration=0.8, seed=2).prediction

    for measure in (consistency, agreement):
        measured = measure(moved, clean)
        assert measured.value == pytest.approx(accuracy_score(clean, moved))
        assert (measured.n, measured.method) == (600, "wilson")
        assert measured.low < measured.value < measured.high


@laws
@given(classes, st.randoms(use_true_random=False))
def test_consistency_is_symmetric_and_whole_with_itself(prediction: list[int], random) -> None:
    other = random.sample(prediction, len(prediction))
    order = random.sample(range(len(prediction)), len(prediction))

    assert consistency(prediction, prediction).value == 1.0
    assert consistency(prediction, other) == consistency(other, prediction)
    assert consistency([prediction[i] for i in order], [other[i] for i in order]) == consistency(prediction, other)
    assert consistency(prediction * 2, other * 2).value == consistency(prediction, other).value


def test_mean_true_probability_is_the_mean_of_p() -> None:
    said = answers()

    measured = mean_true_probability(np.log(said.p_label), said.ids)

    assert measured.value == pytest.approx(said.p_label.mean())
    assert measured.low < measured.value < measured.high
    assert (measured.n, len(measured.replicates)) == (600, 1000)


@laws
@given(st.lists(st.floats(-30, 0), min_size=2, max_size=40))
def test_mean_true_probability_stays_in_range(log_p: list[float]) -> None:
    ids = list(range(len(log_p)))
    measured = mean_true_probability(log_p, ids)

    assert 0 <= measured.low <= measured.high <= 1
    assert measured.value == pytest.approx(mean_true_probability(log_p[::-1], ids[::-1]).value)
    assert mean_true_probability([0.0] * len(log_p), ids).value == 1.0


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (lambda: consistency([], []), "no rows"),
        (lambda: consistency([1, 2], [1]), "prediction has 2, reference_prediction has 1"),
        (lambda: agreement([1.0, float("nan")], [1.0, 2.0]), "NaN"),
        (lambda: mean_true_probability([0.5, -1.0], ["a", "b"]), "at most 0"),
        (lambda: mean_true_probability([-0.5, -float("inf")], ["a", "b"]), "infinite"),
        (lambda: mean_true_probability([-0.5, -1.0], ["a"]), "ids has 1"),
    ],
)
def test_what_is_not_data_is_refused(measure, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        measure()

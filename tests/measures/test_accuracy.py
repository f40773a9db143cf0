"""Accuracy measures against scikit-learn and plain counting, by their laws, and in what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, recall_score, top_k_accuracy_score

from audits.measures.accuracy import real, slice_limits, top1, topk, worst_class, worst_slice
from tests.measures.samples import answers, real_answers

laws = settings(deadline=None, max_examples=60, derandomize=True)
NAMES = [f"class {index}" for index in range(7)]


def test_top1_equals_scikit_learn() -> None:
    said = answers()

    assert top1(said.correct).value == pytest.approx(accuracy_score(said.labels, said.prediction))
    assert top1(said.correct).n == 600


def test_top1_of_the_real_network_is_the_published_one() -> None:
    said = real_answers()

    measured = top1(said.correct)

    assert measured.value == pytest.approx(0.9109, abs=1e-9)
    assert (measured.low, measured.high) == pytest.approx((0.9052, 0.9163), abs=1e-4)


@pytest.mark.parametrize("k", [2, 5])
def test_topk_equals_scikit_learn(k: int) -> None:
    said = answers()
    order = np.argsort(-said.logits, axis=1)[:, :k]

    measured = topk((order == said.labels[:, None]).any(axis=1), k)

    assert measured.value == pytest.approx(top_k_accuracy_score(said.labels, said.logits, k=k))
    assert measured.detail == {"k": k}


def test_real_counts_any_valid_label_and_leaves_out_images_without_one() -> None:
    measured = real([3, 1, 2, 2], [(3, 4), (0,), (), (5, 2, 1)])

    assert (measured.value, measured.n) == (pytest.approx(2 / 3), 3)
    assert measured.detail == {"without_label": 1}


@laws
@given(st.integers(0, 2**32 - 1))
def test_real_with_one_label_each_is_top1(seed: int) -> None:
    said = answers(40, seed=seed)

    assert real(said.prediction, [(int(label),) for label in said.labels]).value == top1(said.correct).value


def test_worst_class_equals_the_least_recall() -> None:
    said = answers()
    recalls = recall_score(said.labels, said.prediction, average=None)

    measured = worst_class(said.correct, said.labels, NAMES)

    assert measured.value == pytest.approx(recalls.min())
    assert measured.detail["worst"] == NAMES[int(recalls.argmin())]
    assert measured.detail["worst_n"] == int((said.labels == recalls.argmin()).sum())
    assert [row["accuracy"] for row in measured.detail["lowest"]] == pytest.approx(np.sort(recalls)[:5])
    assert (measured.n, measured.detail["compared"], measured.detail["too_small_count"]) == (600, 7, 0)


def test_slice_limits_equal_scipy_exact_ones() -> None:
    hits, counts = np.array([0, 20, 17, 400, 55]), np.array([20, 20, 20, 417, 60])

    low, high = slice_limits(hits, counts)

    for index in range(5):
        test = stats.binomtest(int(hits[index]), int(counts[index]))
        assert low[index] == pytest.approx(test.proportion_ci(0.95, method="exact").low, abs=1e-12)
        assert high[index] == pytest.approx(test.proportion_ci(1 - 0.05 / 5, method="exact").high, abs=1e-12)


def test_worst_slice_finds_the_planted_weakness() -> None:
    generator = np.random.default_rng(1)
    light = generator.choice(["day", "dusk", "night"], 3000, p=[0.6, 0.3, 0.1])
    scene = generator.integers(0, 4, 3000)
    correct = generator.random(3000) < np.where(light == "night", 0.5, 0.92)

    measured = worst_slice(correct, {"light": light, "scene": scene})

    assert measured.detail["worst"] == "light=night"
    assert measured.value == pytest.approx(correct[light == "night"].mean())
    assert measured.low < 0.5 < measured.high < 0.7
    assert (measured.n, measured.detail["compared"]) == (3000, 7)


def test_small_slices_are_listed_but_do_not_enter() -> None:
    correct = np.r_[np.zeros(19), np.ones(60)]
    weather = np.array(["hail"] * 19 + ["rain"] * 30 + ["sun"] * 30)

    measured = worst_slice(correct, {"weather": weather})
    with_all = worst_slice(correct, {"weather": weather}, minimum_count=19)

    assert (measured.value, measured.n) == (1.0, 60)
    assert measured.detail["too_small"] == [{"name": "weather=hail", "count": 19}]
    assert (with_all.value, with_all.n, with_all.detail["worst"]) == (0.0, 79, "weather=hail")


def test_a_small_slice_that_holds_the_bound_back_is_named() -> None:
    correct = np.r_[np.ones(990), np.zeros(110), np.ones(19), np.zeros(1)]
    size = np.array(["large"] * 1100 + ["tiny"] * 20)

    measured = worst_slice(correct, {"size": size})

    assert measured.detail["worst"] == "size=large"
    assert measured.detail["limited_by"] == "size=tiny"
    assert measured.low < 0.8 < measured.value


@laws
@given(st.integers(0, 2**32 - 1), st.integers(30, 300))
def test_the_worst_class_is_no_better_than_the_average(seed: int, n: int) -> None:
    said = answers(n, classes=3, seed=seed)
    order = np.random.default_rng(seed).permutation(n)

    measured = worst_class(said.correct, said.labels, NAMES[:3], minimum_count=1)
    shuffled = worst_class(said.correct[order], said.labels[order], NAMES[:3], minimum_count=1)

    assert 0 <= measured.low <= measured.value <= measured.high <= 1
    assert measured.value <= top1(said.correct).value + 1e-12
    assert measured == shuffled


@laws
@given(st.integers(0, 2**32 - 1))
def test_duplicated_images_change_no_value(seed: int) -> None:
    said = answers(120, classes=3, seed=seed)
    twice = np.r_[said.correct, said.correct], np.r_[said.labels, said.labels]

    assert top1(twice[0]).value == top1(said.correct).value
    assert worst_class(*twice, NAMES[:3]).value == worst_class(said.correct, said.labels, NAMES[:3], minimum_count=10).value


def test_tensors_and_arrays_give_the_same_answer() -> None:
    said = answers()

    assert top1(torch.from_numpy(said.correct)) == top1(said.correct)
    assert worst_class(torch.from_numpy(said.correct), torch.from_numpy(said.labels), NAMES) == worst_class(
        said.correct, said.labels, NAMES
    )


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (lambda: top1([]), "no rows"),
        (lambda: top1([0.5, 1.0]), "true or false"),
        (lambda: top1([[True], [False]]), r"shape \(2, 1\)"),
        (lambda: real([1, 2], [(1,)]), "prediction has 2, valid_labels has 1"),
        (lambda: real([1, 2], [(), ()]), "none of 2 images"),
        (lambda: worst_class([True] * 3, [0, 1], ["a", "b"]), "correct has 3, labels has 2"),
        (lambda: worst_class([True] * 2, [0, 2], ["a", "b"]), "got 2 in row 1"),
        (lambda: worst_class([True] * 2, [0.0, 1.0], ["a", "b"]), "whole class indices"),
        (lambda: worst_class([True] * 5, [0] * 5, ["a", "b"], minimum_count=6), "'a', has 5"),
        (lambda: worst_slice([True] * 2, {}), "got none"),
        (lambda: worst_slice([True] * 2, {"light": ["a"]}), "factor 'light' has 1"),
        (lambda: worst_slice([True] * 2, {"light": [0.1, float("nan")]}), "factor 'light': got NaN"),
        (lambda: worst_slice([True] * 2, {"light": ["day", None]}), "different kinds"),
    ],
)
def test_what_is_not_data_is_refused(measure, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        measure()


def test_few_images_a_class_widen_the_interval_and_decide_nothing() -> None:
    measured = worst_class([True, False] * 4, [0, 0, 1, 1, 2, 2, 3, 3], list("abcd"))

    assert (measured.value, measured.n) == (0.5, 8)
    assert measured.low < 0.02
    assert measured.high > 0.98


def test_slices_that_are_all_small_are_compared_all_the_same() -> None:
    measured = worst_slice([True, True, False], {"author": ["ada", "ada", "bob"]})

    assert measured.detail is not None
    assert (measured.value, measured.low, measured.detail["compared"]) == (0.0, 0.0, 2)

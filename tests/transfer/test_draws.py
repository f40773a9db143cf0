"""A draw is decided by seed and ids alone, and its probe is what an independent implementation makes of the same few images."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from fixtures.backbones.probe import STRENGTHS
from fixtures.errors import BadInput
from fixtures.transfer import draws
from fixtures.transfer.draws import drawn, few_shot_probe, few_shot_scores


def labelled(count: int, classes: int, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    labels = np.random.default_rng(seed).integers(0, classes, count)
    return labels, [f"{index}.png" for index in range(count)]


def clouds(count: int, width: int = 20, classes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    labels, ids = labelled(count, classes, seed)
    centres = np.random.default_rng(99).normal(size=(classes, width))
    noise = 1.5 * np.random.default_rng(seed).normal(size=(count, width))
    return (centres[labels] + noise).astype(np.float32), labels, ids


@given(st.integers(0, 1000), st.integers(1, 300), st.integers(1, 9), st.sampled_from(["1%", "10%", "37.5%", "100%"]))
@settings(max_examples=40, deadline=None)
def test_a_share_takes_so_much_of_each_class_and_at_least_one_image(seed: int, count: int, classes: int, shots: str) -> None:
    labels, ids = labelled(count, classes, seed)
    rows = drawn(labels, ids, shots, seed)
    taken, there = np.bincount(labels[rows], minlength=classes), np.bincount(labels, minlength=classes)
    assert len(set(rows)) == len(rows)
    assert (np.abs(taken - there * float(shots[:-1]) / 100) <= 1).all()
    assert (taken[there > 0] >= 1).all()
    assert (taken <= there).all()


@given(st.integers(0, 1000), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_a_number_takes_so_many_of_each_class(seed: int, shots: int) -> None:
    labels = np.repeat([0, 2, 3], [5, 9, 30])
    rows = drawn(labels, [f"{index}.png" for index in range(44)], str(shots), seed)
    assert np.bincount(labels[rows]).tolist() == [shots, 0, shots, shots]


@given(st.integers(0, 1000), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_neither_the_order_nor_other_classes_change_a_draw(seed: int, random) -> None:
    labels, ids = labelled(120, 4)
    taken = {ids[row] for row in drawn(labels, ids, "10%", seed)}
    order = list(range(120))
    random.shuffle(order)
    assert {ids[order[row]] for row in drawn(labels[order], [ids[index] for index in order], "10%", seed)} == taken
    kept = np.flatnonzero(labels != 2)
    without = {ids[kept[row]] for row in drawn(labels[kept], [ids[index] for index in kept], "10%", seed)}
    assert without == {ids[index] for index in kept} & taken


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_smaller_draw_lies_within_a_larger_one(seed: int) -> None:
    labels, ids = labelled(500, 3, 1)
    sets = [set(drawn(labels, ids, shots, seed)) for shots in ("1%", "3", "10%", "30", "50%", "100%")]
    assert all(smaller < larger for smaller, larger in pairwise(sets))
    assert sets[-1] == set(range(500))


def test_seeds_draw_differently_and_every_image_in_time() -> None:
    labels, ids = labelled(60, 3)
    different = [tuple(drawn(labels, ids, "5", seed)) for seed in range(60)]
    assert len(set(different)) == 60
    assert set().union(*different) == set(range(60))


def test_a_class_with_too_few_images_is_named() -> None:
    with pytest.raises(BadInput, match=r"5 images of each class were asked for; of the train split, class 1 has 3, class 2 has 4\."):
        drawn(np.repeat([0, 1, 2], [9, 3, 4]), [str(index) for index in range(16)], "5", 0)


@pytest.mark.parametrize("shots", ["0", "-1", "0%", "101%", "many", "%", "2.5", ""])
def test_shots_that_mean_nothing_are_refused(shots: str) -> None:
    with pytest.raises(ValueError, match='wanted shots such as "1%" or "5"'):
        drawn(np.array([0, 1]), ["a", "b"], shots, 0)


def test_the_strength_is_the_one_that_scikit_learn_s_folds_choose() -> None:
    features, labels, ids = clouds(60)
    found = few_shot_probe(features, labels, ids, 3, classes=4, device="cpu")
    fold = draws.places_in_class(labels, ids, 3) % 5
    standard = (features - features.mean(0, dtype=np.float64)) / features.std(0, dtype=np.float64)
    for strength in STRENGTHS[::3]:
        total = 0.0
        for left_out in range(5):
            kept = fold != left_out
            model = LogisticRegression(C=1 / (strength * kept.sum()), tol=1e-9, max_iter=10_000).fit(standard[kept], labels[kept])
            total -= model.predict_log_proba(standard[~kept])[np.arange((~kept).sum()), labels[~kept]].sum()
        assert found.held_out_loss[strength] == pytest.approx(total / 60, rel=2e-3)
    assert found.strength == min(found.held_out_loss, key=found.held_out_loss.__getitem__)
    final = LogisticRegression(C=1 / (found.strength * 60), tol=1e-9, max_iter=10_000).fit(standard, labels)
    answer = found.scores(torch.from_numpy(features)).softmax(1).numpy()
    assert np.allclose(answer, final.predict_proba(standard), atol=1e-4)


@pytest.mark.parametrize("shots", ["1", "4", "10%"])
def test_each_seed_s_scores_are_those_of_its_own_draw(shots: str) -> None:
    (train, labels, ids), (test, _, _) = clouds(200), clouds(50, seed=1)
    found = few_shot_scores(train.astype(np.float16), labels, ids, test, classes=4, shots=shots, seeds=(7, 2), device="cpu")
    assert found.shape == (2, 50, 4)
    for scores, seed in zip(found, (7, 2), strict=True):
        rows = drawn(labels, ids, shots, seed)
        alone = few_shot_probe(train.astype(np.float16)[rows], labels[rows], [ids[row] for row in rows], seed, classes=4, device="cpu")
        assert scores.allclose(alone.scores(torch.from_numpy(test)), atol=1e-6)
    assert not found[0].allclose(found[1], atol=1e-3)


def test_more_images_of_each_class_are_told_apart_better() -> None:
    (train, labels, ids), (test, wanted, _) = clouds(400), clouds(300, seed=1)
    right = [
        (few_shot_scores(train, labels, ids, test, classes=4, shots=shots, seeds=range(4), device="cpu").argmax(2).numpy() == wanted).mean()
        for shots in ("1", "5", "100%")
    ]
    assert 0.3 < right[0] < right[1] < right[2]


def test_one_image_of_a_class_leaves_the_strength_as_written() -> None:
    features, labels, ids = clouds(40)
    rows = drawn(labels, ids, "1", 0)
    found = few_shot_probe(features[rows], labels[rows], [ids[row] for row in rows], 0, classes=4, device="cpu")
    assert found.strength == draws.ALONE
    assert found.held_out_loss == {}


def test_a_class_without_images_is_never_predicted() -> None:
    train, labels, ids = clouds(100)
    assert 4 not in few_shot_scores(train, labels, ids, train, classes=5, shots="10%", seeds=[0], device="cpu").argmax(2)


def test_features_that_cannot_be_learned_from_are_refused() -> None:
    train, labels, ids = clouds(40)
    with pytest.raises(BadInput, match="NaN or infinity"):
        few_shot_scores(train * np.nan, labels, ids, train, classes=4, shots="2", seeds=[0], device="cpu")

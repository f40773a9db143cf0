"""Measures of verification against a slow plain version, scikit-learn's curve and what a known distribution must give."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from audits.measures.estimate import wilson
from audits.measures.hashing import id_digests
from audits.measures.resampling import weights_of
from audits.measures.verification import best_threshold, pair_accuracy, tar_at_far


def drawn(n: int, apart: float = 1.5, seed: int = 0, levels: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Similarities of n pairs, those of the same `apart` standard deviations above the others; of few levels, many tie."""
    generator = np.random.default_rng(seed)
    same = np.arange(n) % 2 == 0
    similarity = generator.normal(size=n) + apart * same
    if levels is not None:
        similarity = np.round(similarity * levels) / levels
    return similarity, same, np.arange(n) * 10 // n


def apart(n: int) -> tuple[list[str], list[str]]:
    """Names of the pictures of n pairs that share none."""
    return [f"left {index}" for index in range(n)], [f"right {index}" for index in range(n)]


def plain_threshold_right(similarity: np.ndarray, same: np.ndarray) -> int:
    """How many pairs the best of all thresholds tells rightly, each tried."""
    return max(int(((similarity >= threshold) == same).sum()) for threshold in [*similarity, np.inf])


@pytest.mark.parametrize("levels", [None, 2], ids=["no ties", "ties"])
def test_threshold_is_as_right_as_the_best_of_all(levels):
    for seed in range(20):
        similarity, same, _ = drawn(40, seed=seed, levels=levels)

        threshold = best_threshold(similarity, same)

        assert ((similarity >= threshold) == same).sum() == plain_threshold_right(similarity, same)


def test_ten_folds_are_judged_each_by_the_others_threshold():
    similarity, same, fold = drawn(400)
    folds = []
    for each in range(10):
        others = fold != each
        threshold = best_threshold(similarity[others], same[others])
        folds.append(np.mean((similarity[~others] >= threshold) == same[~others]))

    found = pair_accuracy(similarity, same, fold, *apart(len(same)))

    assert found.value == pytest.approx(np.mean(folds))
    assert found.detail is not None
    assert found.detail["folds"] == pytest.approx(folds)
    assert found.low < found.value < found.high
    assert found.n == 400


def test_pairs_told_apart_cleanly_are_all_right_and_chance_is_a_half():
    same = np.arange(200) % 2 == 0
    fold = np.arange(200) // 20

    assert pair_accuracy(np.where(same, 0.9, 0.1), same, fold, *apart(200)).value == 1.0
    assert pair_accuracy(np.ones(200), same, fold, *apart(200)).value == 0.5
    assert pair_accuracy(np.where(same, 0.1, 0.9), same, fold, *apart(200)).value <= 0.5


def test_threshold_of_a_fold_does_not_come_from_its_own_pairs():
    """Each fold has a threshold of its own: who chose it there would be right always."""
    same = np.tile([True, False], 20)
    fold = np.repeat(np.arange(10), 4)
    similarity = np.where(fold % 2 == 0, 10.0, 0.0) + same

    assert pair_accuracy(similarity, same, fold, *apart(len(same))).value <= 0.75


@pytest.mark.parametrize("far", [0.0005, 0.01, 0.1])
@pytest.mark.parametrize("levels", [None, 4], ids=["no ties", "ties"])
def test_accept_rate_is_that_of_scikit_learns_curve(far, levels):
    similarity, same, _ = drawn(2000, seed=3, levels=levels)
    false, true, _ = roc_curve(same, similarity, drop_intermediate=False)

    assert tar_at_far(similarity, same, *apart(len(same)), far).value == pytest.approx(true[false <= far + 1e-12].max())


@pytest.mark.parametrize("levels", [None, 4], ids=["no ties", "ties"])
def test_replicates_are_those_of_repeated_pairs(levels):
    similarity, same, fold = drawn(600, levels=levels)
    left, right = [f"picture {index % 90}" for index in range(600)], [f"picture {index * 7 % 89 + 1}" for index in range(600)]
    names = list(dict.fromkeys([*left, *right]))

    rate, accuracy = tar_at_far(similarity, same, left, right, 0.05), pair_accuracy(similarity, same, fold, left, right)

    assert rate.replicates is not None
    assert accuracy.replicates is not None
    weights = next(weights_of(id_digests(names), 1000))[:5].astype(int)
    often = [weights[:, [names.index(name) for name in side]] for side in (left, right)]
    assert accuracy.detail is not None
    hit = (similarity >= np.array(accuracy.detail["thresholds"])[fold]) == same
    for index, times in enumerate(often[0] * often[1]):
        again, alike = np.repeat(similarity, times), np.repeat(same, times)
        assert rate.replicates[index] == pytest.approx(tar_at_far(again, alike, *apart(len(again)), 0.05).value)
        assert accuracy.replicates[index] == pytest.approx(np.repeat(hit, times).mean())


def sharing(seed: int, pictures: int = 120, pairs: int = 600, strength: float = 1.0) -> tuple:
    """Pairs among few pictures, some of which are hard: whatever they are in, it is less similar where it should be more."""
    generator = np.random.default_rng(seed)
    ease = generator.normal(size=pictures) * strength
    left = generator.integers(0, pictures, pairs)
    right = (left + generator.integers(1, pictures, pairs)) % pictures
    same = np.arange(pairs) % 2 == 0
    towards = ease[left] + ease[right] + 1.0 + generator.normal(size=pairs)
    return (
        np.where(same, towards, -towards),
        same,
        np.arange(pairs) * 10 // pairs,
        [f"{each}" for each in left],
        [f"{each}" for each in right],
    )


def test_interval_of_pairs_that_share_pictures_covers_the_true_accuracy():
    """Pictures are drawn anew each time: the truth is the share over all of them. By pairs alone, one interval in three would miss it."""
    found = [pair_accuracy(*sharing(seed)) for seed in range(200)]
    truth = np.mean([each.value for each in found])
    alone = [1.96 * np.sqrt(each.value * (1 - each.value) / each.n) for each in found]

    assert np.mean([each.low <= truth <= each.high for each in found]) >= 0.9
    assert np.mean([abs(each.value - truth) <= half for each, half in zip(found, alone, strict=True)]) < 0.75
    assert all(each.detail is not None and each.detail["worth"] < 400 for each in found)


def test_pairs_that_share_no_picture_are_worth_as_many_as_they_are():
    similarity, same, fold = drawn(400)

    found = pair_accuracy(similarity, same, fold, *apart(400))

    assert found.detail is not None
    assert found.detail["worth"] == pytest.approx(400)
    usual = wilson(round(found.value * 400), 400)
    assert (found.low, found.high) == pytest.approx((usual.low, usual.high))


def test_interval_covers_the_true_rate():
    """Normal similarities, 1.5 apart: at a false accept rate of 0.02 the true accept rate is 1 - Phi(2.054 - 1.5)."""
    truth = 1 - NormalDist().cdf(NormalDist().inv_cdf(0.98) - 1.5)
    found = [tar_at_far(*drawn(1000, seed=seed)[:2], *apart(1000), far=0.02) for seed in range(60)]

    assert np.mean([each.low <= truth <= each.high for each in found]) >= 0.95
    assert np.median([each.high - each.low for each in found]) < 0.4


def test_of_too_few_different_pairs_none_may_pass_and_nothing_is_sure():
    """300 of them cannot tell a rate of one in 1,000: where the threshold lies, nobody knows."""
    truth = 1 - NormalDist().cdf(NormalDist().inv_cdf(0.999) - 1.5)
    found = [tar_at_far(*drawn(600, seed=seed)[:2], *apart(600), far=1e-3) for seed in range(60)]
    similarity, same, _ = drawn(600, seed=0)

    assert found[0].value == np.mean(similarity[same] > similarity[~same].max())
    assert np.mean([each.low == 0 and truth <= each.high for each in found]) >= 0.95
    assert found[0].detail is not None
    assert found[0].detail["said"] == "of 300 different pairs none may pass: for one in 1,000 at least 1,000 are needed"
    enough = tar_at_far(*drawn(2000)[:2], *apart(2000), far=1e-3)  # one of 1,000 may pass: still hardly known
    assert enough.low == 0
    assert "said" not in (enough.detail or {})


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.sampled_from([0.25, 2.0, 64.0]), offset=st.sampled_from([-1.0, 0.0, 2.0]))
def test_rising_changes_of_similarity_change_nothing(seed, scale, offset):
    similarity, same, fold = drawn(200, seed=seed, levels=64)

    assert (
        pair_accuracy(similarity * scale + offset, same, fold, *apart(200)).value
        == pair_accuracy(similarity, same, fold, *apart(len(same))).value
    )
    assert tar_at_far(similarity * scale + offset, same, *apart(200), 0.05).value == tar_at_far(similarity, same, *apart(200), 0.05).value


REFUSED = {
    "one fold": (lambda: pair_accuracy([0.1, 0.2], [True, False], [0, 0], *apart(2)), "got 1 fold, wanted at least 2"),
    "one kind": (lambda: tar_at_far([0.1, 0.2], [True, True], *apart(2), 0.1), "all 2 pairs are the same"),
    "other length": (lambda: pair_accuracy([0.1, 0.2], [True], [0, 1], *apart(2)), "different lengths"),
    "infinite": (lambda: tar_at_far([0.1, np.inf], [True, False], *apart(2), 0.1), "infinite numbers in 1 of 2 rows"),
    "no rate": (lambda: tar_at_far([0.1, 0.2], [True, False], *apart(2), 0.0), "far: got 0.0"),
}


@pytest.mark.parametrize(("measure", "message"), REFUSED.values(), ids=REFUSED)
def test_pairs_that_say_nothing_are_refused(measure, message):
    with pytest.raises(ValueError, match=message):
        measure()

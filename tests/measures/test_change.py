"""What has changed between two scores on the same images: exact where one can count, covering the truth where one cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from audits.measures.accuracy import top1, worst_class
from audits.measures.calibration import brier, expected_calibration_error
from audits.measures.change import Change, change
from audits.measures.estimate import Estimate
from audits.measures.mistakes import error_ratio
from audits.measures.outliers import auroc, fpr95
from audits.measures.paired import difference
from audits.measures.sweeps import largest_drop

laws = settings(deadline=None, max_examples=40, derandomize=True)
BOOLEANS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60)


def named(n: int) -> list[str]:
    return [f"image {place}" for place in range(n)]


@laws
@given(BOOLEANS)
def test_a_change_of_a_share_is_the_paired_difference(pairs: list[tuple[bool, bool]]) -> None:
    now, then = ([bool(pair[side]) for pair in pairs] for side in (0, 1))
    found = change(top1(now, named(len(pairs))), top1(then, named(len(pairs))))
    wanted = difference(now, then)

    assert (found.fixes, found.breaks) == (sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs))
    assert (found.value, found.low, found.high) == pytest.approx((wanted.value, wanted.low, wanted.high), abs=1e-12)


@laws
@given(st.integers(0, 10_000), st.integers(20, 80))
def test_looking_back_a_change_is_the_same_with_its_sign_turned(seed: int, n: int) -> None:
    draw = np.random.default_rng(seed)
    one, other = (brier(draw.uniform(0.2, 0.4, n), draw.uniform(0, 0.5, n), named(n)) for _ in range(2))
    there, back = change(one, other), change(other, one)

    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.low <= there.value <= there.high


def test_other_images_or_another_form_are_refused() -> None:
    right = [True, False, True, True]

    with pytest.raises(ValueError, match="not about the same images"):
        change(top1(right, named(4)), top1(right, ["a", "b", "c", "d"]))
    with pytest.raises(ValueError, match="not about the same slices"):
        change(*(worst_class(right, labels, ["a", "b"], ids=named(4)) for labels in ([0, 0, 1, 1], [0, 1, 0, 1])))
    with pytest.raises(ValueError, match="not kept in the same form"):
        change(top1(right, named(4)), top1(right))


def test_scores_of_which_nothing_was_kept_are_as_far_apart_as_their_intervals() -> None:
    found = change(Estimate(0.5, 0.4, 0.7, 10), Estimate(0.3, 0.2, 0.35, 10))

    assert found == Change(pytest.approx(0.2), pytest.approx(0.05), pytest.approx(0.5), "intervals apart")


MEASURES = {
    "error ratio": lambda draw, right, ids: error_ratio(right, draw.random(len(right)) < 0.3, ids),
    "auroc": lambda draw, right, ids: auroc(right[: len(right) // 2] + draw.random(len(right) // 2), draw.random(len(right) // 2), ids),
    "fpr95": lambda draw, right, ids: fpr95(right[: len(right) // 2] + draw.random(len(right) // 2), draw.random(len(right) // 2), ids),
    "drop": lambda _draw, right, _ids: largest_drop(
        right, np.arange(len(right)) % 4, [name.split()[1] for name in named(len(right) // 4) for _ in range(4)], "abcd", 0
    ),
}


@pytest.mark.parametrize("name", MEASURES)
def test_replicates_are_the_measure_on_repeated_images(name: str) -> None:
    """Their mean is the score but for noise, and with all weights one they would be the score."""
    draw = np.random.default_rng(3)
    right = draw.random(400) < 0.7
    found = MEASURES[name](draw, right, named(400))

    assert found.replicates is not None
    value = found.replicates.reshape(len(found.replicates), -1).mean(axis=0).max()
    assert value == pytest.approx(found.value, abs=0.35 * (found.high - found.low))


@pytest.mark.parametrize("n", [500, 2000])
@pytest.mark.parametrize(("over_now", "over_then"), [(0.0, 0.0), (0.05, 0.0), (0.0, 0.1), (0.1, 0.1), (0.1, 0.05), (-0.05, 0.0)])
@pytest.mark.slow
def test_the_change_of_a_calibration_error_covers_the_truth(n: int, over_now: float, over_then: float) -> None:
    """The case in which subtracting replicates does not: one of the two is calibrated, and its error is nothing but noise."""
    draw, runs, ids = np.random.default_rng(1), 150, named(n)
    truth, missed, missed_by_subtraction = abs(over_now) - abs(over_then), 0, 0
    for _ in range(runs):
        # Confidences that no overconfidence takes out of [0, 1], of two backbones that mostly err alike.
        said = 0.2 + 0.7 * draw.beta(4, 2, n)
        luck = draw.random(n)
        other = np.where(draw.random(n) < 0.8, luck, draw.random(n))
        now = expected_calibration_error(said, luck < said - over_now, ids=ids)
        then = expected_calibration_error(said, other < said - over_then, ids=ids)
        found = change(now, then)
        missed += not found.low <= truth <= found.high
        assert now.replicates is not None
        assert then.replicates is not None
        low, high = np.quantile(now.replicates - then.replicates, [0.025, 0.975])
        missed_by_subtraction += not low <= truth <= high

    print(f"n {n}, {over_now} and {over_then}: missed {missed / runs:.3f}, by subtraction alone {missed_by_subtraction / runs:.3f}")
    assert missed <= binom.ppf(0.999, runs, 0.05)
    if (over_now, over_then) == (0.0, 0.1):
        assert missed_by_subtraction > 0.3 * runs, "the bias would need no care"


@pytest.mark.parametrize("lowest", [0.9, 0.7])
def test_the_change_of_the_lowest_share_covers_the_truth(lowest: float) -> None:
    draw, runs, n, ids = np.random.default_rng(2), 200, 600, named(600)
    labels = np.arange(n) % 6
    share = np.where(labels == 0, lowest, 0.9)
    missed = 0
    for _ in range(runs):
        luck = draw.random(n)
        other = np.where(draw.random(n) < 0.7, luck, draw.random(n))
        found = change(*(worst_class(each < limit, labels, list("abcdef"), ids=ids) for each, limit in ((luck, share), (other, 0.9))))
        missed += not found.low <= lowest - 0.9 <= found.high

    assert missed <= binom.ppf(0.999, runs, 0.05)


def test_a_slice_far_above_the_lowest_does_not_count_for_the_lowest() -> None:
    """Twenty images that were always right say little of themselves; the lowest share is that of another slice."""
    labels = np.array([0] * 20 + [1] * 500)
    right = np.concatenate([np.ones(20, dtype=bool), np.arange(500) % 2 == 0])
    later = right.copy()
    later[20:24] = ~later[20:24]
    found = change(*(worst_class(each, labels, ["few", "many"], ids=named(520)) for each in (later, right)))

    assert found.low > -0.15
    assert found.breaks == 2


def test_images_that_show_no_difference_leave_room_for_those_that_would() -> None:
    one = brier(np.full(30, 0.3), np.linspace(0, 0.5, 30), named(30))
    same, moved = change(one, one), change(replace(one, value=one.value + 0.01), one)

    assert (same.value, same.low, same.high) == pytest.approx((0, -0.116, 0.116), abs=0.001)
    assert moved.low < 0 < moved.value < moved.high


@pytest.mark.parametrize(("n", "not_green", "called_worse"), [(1000, 0.9999, 0.452), (5000, 0.9999, 0.994)])
def test_three_points_less_are_never_green_and_called_worse_as_often_as_the_manual_says(
    n: int, not_green: float, called_worse: float
) -> None:
    """Of a backbone that was right 92 times in a hundred and has lost 3 in a hundred images, chance says which; the margin is 0.02."""
    right = np.arange(n) < 0.92 * n
    then = top1(right, named(n))
    changes = {broken: change(top1(right & (np.arange(n) >= broken), named(n)), then) for broken in range(1, int(0.04 * n))}
    red = min(broken for broken, found in changes.items() if found.low < -0.02)
    worse = min(broken for broken, found in changes.items() if found.high < -0.02)

    assert binom.sf(red - 1, n, 0.03) > not_green
    assert binom.sf(worse - 1, n, 0.03) == pytest.approx(called_worse, abs=0.005)

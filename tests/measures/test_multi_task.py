"""What several tasks at once gain, and what tuning does: against sums by hand and trainings drawn again and again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from audits.measures.estimate import images_to_decide, p_violated
from audits.measures.multi_task import delta, reliance
from audits.measures.paired import difference

laws = settings(deadline=None, max_examples=15, derandomize=True)


def ids(n: int) -> list[str]:
    return [f"test/{place:05d}.png" for place in range(n)]


def answers(shares: list[float], n: int = 200) -> np.ndarray:
    """Right on the first so many images, a row for each share."""
    return np.stack([np.arange(n) < round(share * n) for share in shares])


def test_it_is_the_mean_of_relative_differences() -> None:
    single = {"class": answers([0.8, 0.8]), "texture": answers([0.5, 0.5])}
    multi = {"class": answers([0.84, 0.84]), "texture": answers([0.45, 0.45])}
    found = delta(single, multi, ids(200))

    assert found.value == pytest.approx((0.05 - 0.10) / 2)
    assert found.detail is not None
    assert found.detail["tasks"]["class"] == pytest.approx({"alone": 0.8, "together": 0.84, "relative": 0.05})
    assert found.detail["tasks"]["texture"] == pytest.approx({"alone": 0.5, "together": 0.45, "relative": -0.1})
    assert found.detail["seeds"] == pytest.approx([-0.025, -0.025])
    assert found.n == 200


def test_seeds_that_agree_leave_the_scatter_of_the_images() -> None:
    draw = np.random.default_rng(0)
    single, multi = (np.tile(draw.random(400) < share, (3, 1)) for share in (0.6, 0.7))
    found = delta({"class": single}, {"class": multi}, ids(400))
    both = np.cov(np.stack([single[0], multi[0]]).astype(float)) / 400  # by the delta method, of a ratio
    one, other = single[0].mean(), multi[0].mean()
    error = np.sqrt(both[1, 1] / one**2 + other**2 * both[0, 0] / one**4 - 2 * other * both[0, 1] / one**3)

    assert found.detail is not None
    assert found.detail["standard_error"] == pytest.approx({"images": error, "seeds": 0.0}, rel=0.1)
    assert found.high - found.value == pytest.approx(1.96 * found.detail["standard_error"]["images"], rel=1e-3)


def test_seeds_that_scatter_more_than_images_are_few() -> None:
    """The limits are then Student's t over the seeds."""
    single, multi = answers([0.5, 0.5, 0.5], 20_000), answers([0.40, 0.50, 0.66], 20_000)
    found = delta({"class": single}, {"class": multi}, ids(20_000))
    of_seeds = stats.ttest_1samp([-0.2, 0.0, 0.32], 0).confidence_interval()

    assert (found.low, found.high) == pytest.approx((of_seeds.low, of_seeds.high), abs=0.01)
    assert images_to_decide(found, -0.01) is None  # more images would not help


@laws
@given(st.integers(0, 10_000))
def test_the_limits_and_the_test_of_a_bound_agree(seed: int) -> None:
    draw = np.random.default_rng(seed)
    single, multi = ({task: draw.random((3, 60)) < 0.6 for task in "ab"} for _ in range(2))
    found = delta(single, multi, ids(60))

    assert found.low < found.value < found.high
    assert p_violated(found, found.low, "at_most") == pytest.approx(0.025, abs=1e-6)
    assert p_violated(found, found.high, "at_least") == pytest.approx(0.025, abs=1e-6)
    assert p_violated(found, found.low - 0.1, "at_most") < 0.025
    assert p_violated(found, found.value, "at_most") > 0.025


@pytest.mark.parametrize(("between_seeds", "shared"), [(0.0, 0.9), (0.05, 0.9), (0.05, 0.0), (0.15, 0.5)])
def test_the_interval_covers_what_other_seeds_and_images_would_give(between_seeds: float, shared: float) -> None:
    """Images are easy or hard for all networks, seeds are lucky or not; the truth is no difference."""
    draw, covered, runs, n = np.random.default_rng(1), 0, 200, 150
    for _ in range(runs):
        easy = draw.random(n)
        right = []
        for _ in range(2):
            own = draw.random((3, n))
            luck = between_seeds * draw.normal(size=(3, 1)) * 0.6
            right.append(np.where(draw.random((3, n)) < shared, easy, own) < 0.6 + luck)
        found = delta({"a": right[0]}, {"a": right[1]}, ids(n))
        covered += found.low <= 0 <= found.high

    assert covered / runs >= 0.93


def test_no_difference_seen_is_not_none_for_sure() -> None:
    same = answers([0.5, 0.5])
    found = delta({"class": same}, {"class": same}, ids(200))

    assert (found.value, found.low, found.high) == pytest.approx((0, -2 * (1 - 0.025 ** (1 / 200)), 2 * (1 - 0.025 ** (1 / 200))))
    assert p_violated(found, found.low - 0.1, "at_most") < 0.001


WRONG = {
    "other tasks": ({"a": answers([0.5, 0.5])}, {"b": answers([0.5, 0.5])}, r"tasks \['a'\] alone and \['b'\] together"),
    "no tasks": ({}, {}, "at least one"),
    "one seed": ({"a": answers([0.5])}, {"a": answers([0.5])}, "at least two seeds"),
    "other seeds": ({"a": answers([0.5, 0.5])}, {"a": answers([0.5, 0.5, 0.5])}, "the same seeds and images"),
    "no booleans": ({"a": 0.3 * answers([0.5, 0.5])}, {"a": answers([0.5, 0.5])}, "true or false"),
    "never right": ({"a": answers([0.5, 0.0])}, {"a": answers([0.5, 0.5])}, "tuned to a alone is never right"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_compared_is_refused(case: str) -> None:
    single, multi, words = WRONG[case]
    with pytest.raises(ValueError, match=words):
        delta(single, multi, ids(200))
    with pytest.raises(ValueError, match="different lengths"):
        delta({"a": answers([0.5, 0.5])}, {"a": answers([0.5, 0.5])}, ids(199))


def test_reliance_is_the_paired_difference_of_tuning_and_probe() -> None:
    draw = np.random.default_rng(0)
    tuned, probe = draw.random(300) < 0.9, draw.random(300) < 0.7

    assert reliance(tuned, probe, ids(300)) == difference(tuned, probe, ids(300))
    assert reliance(tuned, probe).value == pytest.approx(tuned.mean() - probe.mean())

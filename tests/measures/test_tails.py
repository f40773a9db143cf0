"""How sure a violation is: p agrees with the interval of every method in the suite, and with other people's tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from audits.measures import accuracy, calibration, effective, efficiency, mistakes, outliers, paired, radius, shape_bias, similarity, sweeps
from audits.measures.estimate import Estimate, bootstrap, exact, p_violated, wilson
from audits.measures.means import mean
from audits.measures.tails import binomial_tail, share_beyond

N = 300
IDS = [f"{index}.png" for index in range(N)]
DIRECTIONS = ("at_most", "at_least")
laws = settings(deadline=None, max_examples=80, derandomize=True)


@dataclass(frozen=True)
class Networks:
    """A cohort of invented networks."""

    home: NDArray[np.float64]
    shifted: NDArray[np.float64]
    fitted: NDArray[np.bool_]
    source: str = "invented"
    home_dataset: str = "home"
    shifted_dataset: str = "away"
    own_row: str = ""
    measured_alike: bool = False


def right(seed: int, share: float, n: int = N) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(n) < share


def confidences() -> NDArray[np.float64]:
    return np.random.default_rng(1).uniform(0.3, 1, N)


def networks() -> Networks:
    home = np.linspace(0.5, 0.9, 20)
    return Networks(home, home - 0.2 + np.random.default_rng(3).normal(0, 0.01, 20), np.ones(20, dtype=bool))


def layers() -> NDArray[np.float64]:
    features = np.random.default_rng(4).normal(size=(6, 3, 12, 5))
    features[:, 1] = features[:, 0] + 0.7 * features[:, 1]
    return features @ features.swapaxes(2, 3)


METHODS: dict[str, Callable[[], Estimate]] = {
    "wilson": lambda: accuracy.top1(right(0, 0.8)),
    "newcombe": lambda: paired.difference(right(0, 0.8), right(0, 0.8) | right(1, 0.1)),
    "newcombe of many": lambda: sweeps.largest_drop(right(2, 0.7), np.arange(N) % 4, np.arange(N) // 4, ["a", "b", "c", "d"], 0),
    "bootstrap": lambda: bootstrap(lambda weights, values: weights @ values / weights.sum(axis=1), IDS, [right(0, 0.6) * confidences()]),
    "mean": lambda: mean(np.random.default_rng(2).exponential(size=N), IDS, within=(0, 9)),
    "error consistency": lambda: shape_bias.error_consistency(right(0, 0.7), np.ones(N), IDS, {"Ada": right(0, 0.7) | right(5, 0.2)}),
    "binned errors": lambda: calibration.expected_calibration_error(confidences(), right(0, 0.4)),
    "binned errors, hardly any": lambda: calibration.expected_calibration_error(confidences(), right(7, 1.0) & (confidences() > 0.65)),
    "binned errors of classes": lambda: calibration.classwise_calibration_error(3 * np.eye(5)[np.arange(N) % 5], np.arange(N) // 2 % 5),
    "worst slice": lambda: accuracy.worst_class(right(0, 0.8), np.arange(N) % 6, list("abcdef")),
    "error ratio": lambda: mistakes.error_ratio(right(0, 0.8), right(1, 0.3)),
    "prediction": lambda: effective.effective_robustness(right(0, 0.4), right(1, 0.8), networks()),
    "area": lambda: outliers.auroc(np.random.default_rng(0).normal(1, 1, N), np.random.default_rng(1).normal(size=N)),
    "passing outliers": lambda: outliers.fpr95(np.random.default_rng(0).normal(2, 1, N), np.random.default_rng(1).normal(size=N)),
    "jackknife": lambda: similarity.linear_cka(layers()[:, 0], layers()[:, 1]),
    "jackknife of many": lambda: similarity.layer_similarity(layers()),
    "radius": lambda: radius.mildest_failure(np.arange(8.0), [300, 280, 265, 240, 222, 215, 190, 150], N, 0.75),
    "trials": lambda: efficiency.duration(np.random.default_rng(0).exponential(size=15), {}),
    "trials a second": lambda: efficiency.rate(np.random.default_rng(0).exponential(size=15), 8, {}),
    "an author's own": lambda: Estimate(0.5, 0.4, 0.7, N, method="profile"),
    "an author's own, value outside": lambda: Estimate(0.8, 0.4, 0.7, N, method="profile"),
    "exact": lambda: exact(0.5, N),
}


def violated(estimate: Estimate, bound: float, direction: str) -> bool:
    return estimate.low > bound if direction == "at_most" else estimate.high < bound


def bounds_around(estimate: Estimate) -> NDArray[np.float64]:
    """Bounds on both sides of the interval, also hardly beside its ends."""
    width = max(estimate.high - estimate.low, 0.1)
    beside = [end + step * width for end in (estimate.low, estimate.high) for step in (-1e-4, 0, 1e-4)]
    return np.unique([*np.linspace(estimate.low - 2 * width, estimate.high + 2 * width, 17), *beside])


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", METHODS)
def test_a_violation_is_a_p_below_one_tail_of_the_interval(method: str, direction: str) -> None:
    estimate = METHODS[method]()

    for bound in bounds_around(estimate).tolist():
        assert (p_violated(estimate, bound, direction) < 0.025) == violated(estimate, bound, direction), bound


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", METHODS)
def test_the_further_a_bound_is_passed_the_surer_is_the_violation(method: str, direction: str) -> None:
    estimate = METHODS[method]()
    p = [p_violated(estimate, bound, direction) for bound in bounds_around(estimate).tolist()]

    assert all(0 <= one <= 1 for one in p)
    assert (np.diff(p if direction == "at_most" else p[::-1]) >= -1e-9).all()


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", [method for method in METHODS if not method.startswith(("exact", "an author's own"))])
def test_the_test_of_every_method_says_by_itself_what_its_interval_says(method: str, direction: str) -> None:
    """Apart from the verdict's own say: hardly beside the end of an interval, its test is hardly beside 2.5 %."""
    estimate = METHODS[method]()
    end = estimate.low if direction == "at_most" else estimate.high
    step = 0.02 * (estimate.high - estimate.low) * (1 if direction == "at_most" else -1)
    assert estimate.tail is not None

    outside, inside = (estimate.tail(end + way * step, direction == "at_most") for way in (-1, 1))

    if end not in (0, 1):  # an end of what there is, where nothing lies outside
        assert outside <= 0.027  # the exact binomial tail may be larger than the score test's
    assert inside >= 0.024


@laws
@given(st.integers(5, 3000), st.floats(0, 1), st.floats(0.02, 0.98), st.sampled_from(DIRECTIONS))
def test_p_of_a_proportion_is_where_wilsons_interval_would_end_or_the_exact_tail(n: int, part: float, bound: float, direction: str) -> None:
    successes = round(part * n)
    theirs = stats.binomtest(successes, n, bound, alternative="greater" if direction == "at_most" else "less").pvalue

    p = p_violated(wilson(successes, n), bound, direction)

    by_bisection = wilson_level(successes, n, bound, direction)
    wanted = max(by_bisection, theirs)
    if by_bisection < 0.025:
        assert p == pytest.approx(min(wanted, 0.025), rel=1e-6, abs=1e-12)
    elif by_bisection < 0.5:
        assert p == pytest.approx(wanted, rel=1e-6)
    else:
        assert p > 0.49


def wilson_level(successes: int, n: int, bound: float, direction: str) -> float:
    """The tail at which Wilson's interval would end on the bound, by bisection of the interval itself."""
    inside, outside = 0.0, 7.5
    for _ in range(60):
        middle = (inside + outside) / 2
        level = 1 - 2 * NormalDist().cdf(-middle)
        if level > 0 and not violated(wilson(successes, n, level), bound, direction):
            outside = middle
        else:
            inside = middle
    return NormalDist().cdf(-inside)


@laws
@given(st.integers(1, 20_000), st.floats(0, 1), st.floats(0.001, 0.999))
def test_binomial_tail_equals_scipy(n: int, part: float, share: float) -> None:
    hits = round(part * n)

    assert binomial_tail(hits, n, share) == pytest.approx(float(stats.binom.sf(hits - 1, n, share)), rel=1e-7, abs=1e-300)


@pytest.mark.parametrize("bound", [0.0, 1.0, -0.1, 1.1])
def test_what_cannot_be_is_established_and_what_must_be_is_not(bound: float) -> None:
    assert p_violated(wilson(3, 10), bound, "at_most") == (0.0 if bound <= 0 else 1.0)
    assert p_violated(wilson(3, 10), bound, "at_least") == (0.0 if bound >= 1 else 1.0)


@pytest.mark.parametrize(("value", "p"), [(0.5, 1.0), (0.4, 1.0), (0.6, 0.0)])
def test_an_exact_number_leaves_no_doubt(value: float, p: float) -> None:
    assert p_violated(exact(value, 1), 0.5, "at_most") == p


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_p_of_a_bootstrapped_mean_is_near_that_of_a_t_test(direction: str) -> None:
    values = np.random.default_rng(8).exponential(size=2000)
    alternative = "greater" if direction == "at_most" else "less"

    estimate = mean(values, [str(index) for index in range(2000)])

    for errors in (1.0, 1.5, 2.5, 3.5, 5.0):
        bound = estimate.value + errors * values.std() / math.sqrt(2000) * (-1 if direction == "at_most" else 1)
        theirs = stats.ttest_1samp(values, bound, alternative=alternative).pvalue
        assert 0.3 * theirs < p_violated(estimate, bound, direction) < 5 * max(theirs, 1e-6), errors


@pytest.mark.parametrize("distribution", [stats.norm, stats.gumbel_r, stats.chi2(3)], ids=["normal", "Gumbel", "chi²"])
@pytest.mark.parametrize("draws", [500, 1000])
def test_a_tail_beyond_the_draws_is_not_made_too_small(distribution: object, draws: int) -> None:
    drawn = distribution.ppf((np.arange(draws) + 0.5) / draws)  # type: ignore[attr-defined]

    for true in (1e-3, 1e-4, 1e-5, 1e-6):
        assert 0.7 * true < share_beyond(drawn, float(distribution.isf(true))) < 200 * true  # type: ignore[attr-defined]


def test_a_sign_test_is_scipys() -> None:
    seconds = np.random.default_rng(0).exponential(size=15)

    p = p_violated(efficiency.duration(seconds, {}), 90.0, "at_most")

    assert p == pytest.approx(stats.binomtest(int((1e3 * seconds > 90).sum()), 15, alternative="greater").pvalue)


@pytest.mark.parametrize("gap", [0.04, 0.08])
def test_p_of_a_binned_error_is_how_often_as_much_is_seen_with_the_bound_for_truth(gap: float) -> None:
    """Confidences of one bin, where the test is that of a proportion: both ways of asking agree, but for what lies beyond the draws."""
    confidence, hits = np.full(1000, 0.7), np.arange(1000) < 1000 * (0.7 - gap)

    p = p_violated(calibration.expected_calibration_error(confidence, hits), 0.01, "at_most")

    theirs = stats.norm.sf((gap - 0.01) / math.sqrt(0.69 * 0.31 / 1000))
    assert theirs / 2 < p < 3 * max(theirs, 1e-5)

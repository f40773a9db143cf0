"""Effective robustness against SciPy's own regression, by how often its interval is right, and in what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit

from audits.measures.effective import METHOD, effective_robustness, fit_line
from audits.measures.estimate import images_to_decide
from fixtures.datasets.cohorts import Cohort

laws = settings(deadline=None, max_examples=40, derandomize=True)
N, AT_HOME = 2000, 5000


def cohort(n: int = 30, seed: int = 0, spread: float = 0.1, others: int = 0) -> Cohort:
    """Networks about the line 0.9 x - 0.5 on the logit scale; `others` lie far above it and make no part of it."""
    generator = np.random.default_rng(seed)
    home = generator.uniform(0.4, 3.0, n + others)
    shifted = 0.9 * home - 0.5 + spread * generator.standard_normal(n + others)
    fitted = np.arange(n + others) < n
    shifted[~fitted] += 2
    names = tuple(f"network{index}" for index in range(n + others))
    return Cohort("invented.csv", names, expit(home), expit(shifted), fitted, "home", "abroad", (None,) * len(names))


def answers(share: float, n: int) -> np.ndarray:
    """Right answers: so many of n."""
    return np.arange(n) < round(share * n)


@laws
@given(st.integers(3, 40), st.integers(0, 1000))
def test_the_line_is_that_of_scipy(n: int, seed: int) -> None:
    others = cohort(n, seed)
    slope, intercept, *_ = stats.linregress(logit(others.home), logit(others.shifted))

    line = fit_line(others.home, others.shifted)

    assert (line.slope, line.intercept) == pytest.approx((slope, intercept))
    rest = logit(others.shifted) - (intercept + slope * logit(others.home))
    assert line.spread == pytest.approx(np.sqrt((rest**2).sum() / (n - 2)))


@laws
@given(st.integers(8, 40), st.integers(0, 1000), st.floats(0.3, 0.97), st.floats(0.1, 0.9))
def test_the_interval_is_that_of_a_prediction(n: int, seed: int, at_home: float, abroad: float) -> None:
    """By matrices, as a textbook has it: x (X'X)^-1 x' is what n networks leave open about the line."""
    others = cohort(n, seed)
    design = np.column_stack([np.ones(n), logit(others.home)])
    weights, rest, *_ = np.linalg.lstsq(design, logit(others.shifted), rcond=None)
    right = round(at_home * AT_HOME)
    row = np.array([1, np.log((right + 0.5) / (AT_HOME - right + 0.5))])
    foretold = float(row @ weights)
    share = expit(foretold)
    variance = rest[0] / (n - 2) * (1 + row @ np.linalg.inv(design.T @ design) @ row)
    variance += weights[1] ** 2 * (1 / (right + 0.5) + 1 / (AT_HOME - right + 0.5)) + 1 / (share * N + 0.5) + 1 / ((1 - share) * N + 0.5)
    reach = stats.t.ppf(0.975, n - 2) * np.sqrt(variance)

    estimate = effective_robustness(answers(abroad, N), answers(at_home, AT_HOME), others)

    measured = round(abroad * N) / N
    assert estimate.value == pytest.approx(measured - share)
    assert (estimate.low, estimate.high) == pytest.approx((measured - expit(foretold + reach), measured - expit(foretold - reach)))
    assert (estimate.n, estimate.method) == (N, METHOD)


def test_a_network_of_the_same_kind_has_zero_in_its_interval_95_times_in_100() -> None:
    generator, inside, trials = np.random.default_rng(7), 0, 600
    for trial in range(trials):
        others = cohort(12, 1000 + trial)
        home = generator.uniform(0.4, 3.0)
        abroad = 0.9 * home - 0.5 + 0.1 * generator.standard_normal()
        at_home, shifted = generator.random(AT_HOME) < expit(home), generator.random(N) < expit(abroad)
        estimate = effective_robustness(shifted, at_home, others)
        inside += estimate.low <= 0 <= estimate.high

    assert 0.93 <= inside / trials <= 0.98


@laws
@given(st.floats(0, 1), st.floats(0, 1))
def test_any_answers_have_a_finite_estimate(at_home: float, abroad: float) -> None:
    estimate = effective_robustness(answers(abroad, 50), answers(at_home, 60), cohort())

    assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_networks_trained_otherwise_do_not_move_the_line() -> None:
    alone = effective_robustness(answers(0.5, N), answers(0.8, AT_HOME), cohort(30, others=0))
    pool = cohort(30, others=10)
    kept = Cohort(pool.source, pool.names[:30], pool.home[:30], pool.shifted[:30], pool.fitted[:30], "home", "abroad", pool.sizes[:30])

    among_others = effective_robustness(answers(0.5, N), answers(0.8, AT_HOME), pool)

    assert among_others.value == effective_robustness(answers(0.5, N), answers(0.8, AT_HOME), kept).value
    assert among_others.detail is not None
    assert alone.detail is not None
    assert len(among_others.detail["scatter"]["others"]) == 10
    assert len(alone.detail["scatter"]["others"]) == 0


def test_accuracy_beyond_all_others_is_said_to_be_drawn_on() -> None:
    inside, beyond = (effective_robustness(answers(0.5, N), answers(share, AT_HOME), cohort()).detail for share in (0.8, 0.999))

    assert inside is not None
    assert beyond is not None
    assert (inside["extrapolated"], beyond["extrapolated"]) == (False, True)


def test_no_number_of_images_narrows_the_scatter_of_others() -> None:
    estimate = effective_robustness(answers(0.5, N), answers(0.8, AT_HOME), cohort())

    assert images_to_decide(estimate, estimate.low + 0.001) is None


def test_a_cohort_without_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="all networks are right equally often"):
        fit_line([0.5] * 9, [0.4] * 9)
    with pytest.raises(ValueError, match="no logit"):
        fit_line([0.5, 0.6, 1.0], [0.4, 0.5, 0.6])
    with pytest.raises(ValueError, match="n >= 3"):
        fit_line([0.5, 0.6], [0.4, 0.5])

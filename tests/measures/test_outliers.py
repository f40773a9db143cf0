"""Scores of outliers against scikit-learn, plain loops, their laws, and intervals that hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from audits.measures.outliers import auroc, fpr95

columns = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30).map(np.array)


def normal_scores(apart: float, m: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.normal(apart, 1.0, m), generator.normal(0.0, 1.5, n)


def share_below(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


@given(columns, columns)
def test_area_is_that_of_scikit_learn(inside: np.ndarray, outside: np.ndarray) -> None:
    truth = np.r_[np.ones(len(inside)), np.zeros(len(outside))]

    area = auroc(inside, outside)

    assert area.value == pytest.approx(roc_auc_score(truth, np.r_[inside, outside]), abs=1e-12)
    assert 0 <= area.low <= area.value <= area.high <= 1
    assert area.n == len(inside) + len(outside)


def delong(inside: np.ndarray, outside: np.ndarray) -> float:
    """The variance of the area, by comparing every pair."""
    above = (inside[:, None] > outside).astype(float) + 0.5 * (inside[:, None] == outside)
    return above.mean(axis=1).var(ddof=1) / len(inside) + above.mean(axis=0).var(ddof=1) / len(outside)


def test_interval_reaches_as_far_as_that_of_delong_by_pairs() -> None:
    inside, outside = normal_scores(1.0, 150, 90, 3)

    area = auroc(inside, outside)

    reach = 1.959963984540054 * math.sqrt(delong(inside, outside)) / (area.value * (1 - area.value))
    low = 1 / (1 + math.exp(-(math.log(area.value / (1 - area.value)) - reach)))
    assert area.low <= low + 1e-12
    assert low - area.low < 0.02


@given(columns, columns)
def test_turning_the_scores_round_turns_the_area_round(inside: np.ndarray, outside: np.ndarray) -> None:
    area, turned = auroc(inside, outside), auroc(-inside, -outside)

    assert (turned.value, turned.low, turned.high) == pytest.approx((1 - area.value, 1 - area.high, 1 - area.low), abs=1e-9)


@given(columns, columns, st.floats(0.1, 10), st.floats(-5, 5))
def test_only_the_order_of_scores_matters(inside: np.ndarray, outside: np.ndarray, factor: float, offset: float) -> None:
    moved = [np.exp(factor * scores / 4) + offset for scores in (inside, outside)]

    assert auroc(*moved).value == pytest.approx(auroc(inside, outside).value, abs=1e-12)
    assert fpr95(*moved).value == fpr95(inside, outside).value


def test_perfect_order_of_few_images_is_no_proof() -> None:
    few, many = auroc(np.ones(10), np.zeros(10)), auroc(np.ones(2000), np.zeros(2000))

    assert (few.value, few.high) == (1.0, 1.0)
    assert few.low < 0.9 < 0.99 < many.low < 1


@given(columns, columns)
def test_threshold_lets_as_many_pass_as_a_plain_search_finds(inside: np.ndarray, outside: np.ndarray) -> None:
    threshold = max(at for at in inside if np.mean(inside >= at) >= 0.95 - 1e-12)

    share = fpr95(inside, outside)

    assert share.detail is not None
    assert share.detail["threshold"] == threshold
    assert share.value == pytest.approx(np.mean(outside >= threshold))
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_share_is_where_the_curve_of_scikit_learn_first_reaches_95_percent() -> None:
    inside, outside = normal_scores(2.0, 700, 900, 5)
    false_positive, true_positive, _ = roc_curve(np.r_[np.ones(700), np.zeros(900)], np.r_[inside, outside], drop_intermediate=False)

    assert fpr95(inside, outside).value == pytest.approx(false_positive[np.argmax(true_positive >= 0.95)])


@pytest.mark.parametrize("measure", [auroc, fpr95])
def test_no_images_and_no_numbers_are_errors(measure) -> None:
    with pytest.raises(ValueError, match="inside: got no rows"):
        measure(np.array([]), np.ones(3))
    with pytest.raises(ValueError, match="outside: got NaN or infinite"):
        measure(np.ones(3), np.array([0.0, np.nan]))


@pytest.mark.parametrize(("m", "n"), [(1000, 1000), (5000, 2000), (300, 100)])
@pytest.mark.parametrize("apart", [0.0, 1.2, 4.0])
def test_each_limit_holds_the_truth(apart: float, m: int, n: int) -> None:
    """Of normal scores, whose true area and true share are known."""
    runs = 400
    area = share_below(apart / math.sqrt(1 + 1.5**2))
    share = 1 - share_below((apart - 1.6448536269514722) / 1.5)
    drawn = [normal_scores(apart, m, n, seed) for seed in range(runs)]

    for measure, truth in ((auroc, area), (fpr95, share)):
        found = [measure(*scores) for scores in drawn]
        above, below = np.mean([one.low > truth for one in found]), np.mean([one.high < truth for one in found])
        print(f"{measure.__name__} {apart} {m} {n}: {above:.1%} and {below:.1%} outside")
        assert max(above, below) < 0.025 + 4 * math.sqrt(0.025 * 0.975 / runs)

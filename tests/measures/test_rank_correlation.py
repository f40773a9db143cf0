"""Rank correlations and how often chance does as much, against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import permutation_test, spearmanr

from audits.measures.rank_correlation import MOST_ENUMERATED, ORDERS_DRAWN, chance_of, spearman

PAIRS = some.integers(2, 9).flatmap(lambda n: some.tuples(*2 * [some.lists(some.integers(0, 6), min_size=n, max_size=n)]))


def scipys(one: Any, other: Any) -> list[float]:
    """The correlation and its p by SciPy."""
    return np.asarray(spearmanr(one, other)).tolist()


@given(PAIRS)
def test_correlations_are_those_of_scipy_ties_included(pair: tuple[list[int], list[int]]) -> None:
    one, other = pair
    found = spearman(one, other)

    alike = len(set(one)) == 1 or len(set(other)) == 1
    assert np.isnan(found) == alike
    if not alike:
        assert found == pytest.approx(scipys(one, other)[0], abs=1e-12)


def test_many_rows_are_correlated_at_once() -> None:
    one, other = np.random.default_rng(2).normal(size=(2, 50, 6))

    np.testing.assert_allclose(spearman(one, other), [scipys(*pair)[0] for pair in zip(one, other, strict=True)])


@settings(max_examples=20, deadline=None)
@given(some.integers(4, 6).flatmap(lambda n: some.tuples(*2 * [some.lists(some.integers(0, 6), min_size=n, max_size=n)])))
def test_chance_is_that_of_all_orders(pair: tuple[list[int], list[int]]) -> None:
    one, other = (np.asarray(each) + 0.01 * np.arange(len(each)) for each in pair)
    p, orders = chance_of(one, other)

    exact = permutation_test(
        (one,), lambda first: abs(scipys(first, other)[0]), permutation_type="pairings", alternative="greater", n_resamples=10_000
    )
    assert orders == len(exact.null_distribution)
    assert p == pytest.approx(exact.pvalue)


def test_of_four_even_the_same_order_is_no_rare_chance() -> None:
    assert chance_of([1, 2, 3, 4], [10, 20, 30, 40]) == (pytest.approx(2 / 24), 24)


def test_beyond_what_can_be_enumerated_orders_are_drawn_and_the_same_each_time() -> None:
    one, other = np.random.default_rng(1).normal(size=(2, MOST_ENUMERATED + 6))
    p, orders = chance_of(one, other)

    assert orders == ORDERS_DRAWN + 1
    assert chance_of(one, other)[0] == p
    assert p == pytest.approx(scipys(one, other)[1], abs=0.02)

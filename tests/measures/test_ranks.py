"""Where backbones stand among one another: against SciPy, and how often intervals of ranks hold the true ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.stats import rankdata, zscore

from audits.measures.ranks import difference_limits, for_all_pairs, rank_limits, ranks, z_scores

SCORES = some.lists(some.floats(-1e3, 1e3).map(lambda score: round(score, 3)), min_size=3, max_size=9)
RUNS = 4000


@given(SCORES)
def test_z_scores_are_those_of_scipy(scores: list[float]) -> None:
    found = z_scores(scores)

    assert np.isnan(found).all() == (len(set(scores)) == 1)
    if len(set(scores)) > 1:
        np.testing.assert_allclose(found, np.asarray(zscore(scores)), atol=1e-9)


@given(SCORES)
def test_ranks_are_those_of_scipy_with_the_highest_score_first(scores: list[float]) -> None:
    assert ranks(scores).tolist() == rankdata([-score for score in scores], method="min").tolist()


@pytest.mark.parametrize("scores", [[0.9], [0.1 + 0.2, 0.3, 0.3], [5.0, 5.0, 5.0, 5.0]])
def test_scores_that_are_alike_but_for_rounding_have_no_z(scores: list[float]) -> None:
    assert np.isnan(z_scores(scores)).all()


def test_every_row_of_scores_has_its_own_z() -> None:
    rows = [[0.9, 0.8, 0.7], [0.5, 0.5, 0.5], [1.0, 3.0, 2.0]]

    found = z_scores(rows)

    np.testing.assert_array_equal(found, [z_scores(row) for row in rows])
    assert np.isnan(found).any(axis=1).tolist() == [False, True, False]


def test_an_interval_reaches_over_those_that_are_not_surely_apart() -> None:
    values, room = np.array([0.9, 0.89, 0.7, 0.5]), 0.02
    lows, highs = difference_limits(values, values - room, values + room)

    best, worst = rank_limits(lows, highs)

    assert best.tolist() == [1, 1, 3, 4]
    assert worst.tolist() == [2, 2, 3, 4]


def test_exact_scores_have_exact_ranks_and_ties_have_all_places_of_theirs() -> None:
    values = np.array([3.0, 1.0, 3.0, 2.0])

    best, worst = rank_limits(*difference_limits(values, values, values))

    assert best.tolist() == [1, 4, 1, 3]
    assert worst.tolist() == [2, 4, 2, 3]


@pytest.mark.parametrize(
    "truth",
    [[0.0] * 4, [0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 0.5, 4.0], [0.0] * 8, [0.0, 0.1, 0.2, 0.3, 0.4, 3.0, 6.0, 6.0]],
    ids=["alike", "apart", "both", "eight alike", "eight"],
)
@pytest.mark.parametrize("shared", [0.0, 0.7], ids=["other images", "the same images"])
def test_all_true_ranks_lie_in_their_intervals_in_95_of_100_runs(truth: list[float], shared: float) -> None:
    """Of ties, every place that they share must be in each interval; what images have in common makes intervals wider, not wrong."""
    generator, true = np.random.default_rng(20), np.asarray(truth)
    n, errors = len(true), np.linspace(0.5, 1.5, len(true))
    noise = np.sqrt(shared) * generator.normal(size=(RUNS, 1)) + np.sqrt(1 - shared) * generator.normal(size=(RUNS, n))
    seen = true + errors * noise
    apart = seen[..., :, None] - seen[..., None, :]

    best, worst = rank_limits(*for_all_pairs(*difference_limits(seen, seen - 1.96 * errors, seen + 1.96 * errors), apart, n))

    first, last = 1 + (true[None, :] > true[:, None]).sum(axis=1), n - (true[None, :] < true[:, None]).sum(axis=1)
    covered = ((best <= first) & (worst >= last)).all(axis=1).mean()
    assert covered >= 0.945
    assert (best >= 1).all()
    assert (worst <= n).all()


def test_without_allowing_for_all_pairs_too_many_ranks_would_look_sure() -> None:
    """Of eight alike, some pair is apart by chance in many runs: this is what the allowance is for."""
    seen = np.random.default_rng(20).normal(size=(RUNS, 8))

    best, worst = rank_limits(*difference_limits(seen, seen - 1.96, seen + 1.96))

    assert ((best == 1) & (worst == 8)).all(axis=1).mean() < 0.6

"""Measures of retrieval against scikit-learn, torchmetrics, a slow plain version and cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score
from torchmetrics.retrieval import RetrievalHitRate, RetrievalMAP, RetrievalMRR, RetrievalPrecision

from audits.measures.retrieval import mean_average_precision, mean_reciprocal_rank, precision_at, recall_at

IMAGES, QUERIES = 40, 30


def orders(seed: int, queries: int = QUERIES, images: int = IMAGES) -> np.ndarray:
    """Whether what stands at each rank is right, [queries, images]; some queries have no answer, some one."""
    generator = np.random.default_rng(seed)
    right = generator.random((queries, images)) < generator.uniform(0, 0.4, (queries, 1))
    right[0], right[1] = False, np.arange(images) == 7
    right[2:4, 0] = True
    return right


def columns(right: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    ranks = np.concatenate([np.flatnonzero(row) + 1 for row in right])
    return ranks, np.concatenate([[0], np.cumsum(right.sum(axis=1))]), [f"query {index}" for index in range(len(right))]


def scored(right: np.ndarray) -> dict[str, torch.Tensor]:
    """The same search as scores without ties, in the form of torchmetrics."""
    scores = np.broadcast_to(np.arange(right.shape[1], 0, -1), right.shape) / right.shape[1]
    index = np.repeat(np.arange(len(right)), right.shape[1])
    return {
        "preds": torch.tensor(scores.ravel(), dtype=torch.float32),
        "target": torch.tensor(right.ravel()),
        "indexes": torch.tensor(index),
    }


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_is_that_of_scikit_learn(seed):
    right = orders(seed)
    scores = np.arange(IMAGES, 0, -1)
    wanted = np.mean([average_precision_score(row, scores) for row in right if row.any()])

    assert mean_average_precision(*columns(right)).value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("measure", "reference"),
    [
        (mean_average_precision, RetrievalMAP(empty_target_action="skip")),
        (mean_reciprocal_rank, RetrievalMRR(empty_target_action="skip")),
        *((lambda *found, k=k: recall_at(k, *found), RetrievalHitRate(top_k=k, empty_target_action="skip")) for k in (1, 5, 10)),
        *((lambda *found, k=k: precision_at(k, *found), RetrievalPrecision(top_k=k, empty_target_action="skip")) for k in (1, 5, 10)),
    ],
    ids=["map", "mrr", "recall@1", "recall@5", "recall@10", "precision@1", "precision@5", "precision@10"],
)
def test_measures_are_those_of_torchmetrics(seed, measure, reference):
    right = orders(seed)

    assert measure(*columns(right)).value == pytest.approx(float(reference(**scored(right))), abs=1e-6)


def revisited(ranks: np.ndarray) -> float:
    """The average precision of the revisited Oxford and Paris protocol, ranks counted from 0, as its paper describes it."""
    step, total = 1 / len(ranks), 0.0
    for found, rank in enumerate(ranks):
        before = 1.0 if rank == 0 else found / rank
        total += (before + (found + 1) / (rank + 1)) * step / 2
    return total


@pytest.mark.parametrize("seed", range(3))
def test_trapezoid_is_the_convention_of_the_buildings(seed):
    right = orders(seed)
    wanted = np.mean([revisited(np.flatnonzero(row)) for row in right if row.any()])

    found = mean_average_precision(*columns(right), trapezoid=True)

    assert found.value == pytest.approx(wanted, abs=1e-12)
    assert found.detail == {"trapezoid": True, "without_answer": int((~right.any(axis=1)).sum())}


def test_worked_example():
    found = ([1, 3, 2], [0, 2, 2, 3], ["a", "b", "c"])  # right at 1 and 3; nothing; right at 2

    assert mean_average_precision(*found).value == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)
    assert mean_average_precision(*found, trapezoid=True).value == pytest.approx(((1 + (1 / 2 + 2 / 3) / 2) / 2 + (0 + 1 / 2) / 2) / 2)
    assert mean_reciprocal_rank(*found).value == pytest.approx((1 + 1 / 2) / 2)
    assert recall_at(1, *found).value == 0.5
    assert recall_at(2, *found).value == 1.0
    assert precision_at(2, *found).value == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert (recall_at(1, *found).n, recall_at(1, *found).detail) == (2, {"k": 1, "without_answer": 1})


def test_lone_query_has_a_recall_and_no_spread():
    assert recall_at(1, [1], [0, 1], ["a"]).value == 1.0
    with pytest.raises(ValueError, match="wanted at least 2 images"):
        mean_average_precision([1], [0, 1], ["a"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.integers(1, 50), max_size=8), min_size=3, max_size=12))
def test_laws(sets):
    sets = [*sets, {1}, {50}]
    ranks = [rank for each in sets for rank in sorted(each)]
    starts = np.cumsum([0, *map(len, sets)])
    ids = [str(index) for index in range(len(sets))]
    found = (np.array(ranks), starts, ids)
    later = (np.array(ranks) + 1, starts, ids)  # something wrong came first

    for measure in (mean_average_precision, mean_reciprocal_rank, lambda *each: precision_at(5, *each), lambda *each: recall_at(5, *each)):
        estimate = measure(*found)
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
        assert measure(*later).value <= estimate.value
    assert mean_average_precision(*later, trapezoid=True).value < mean_average_precision(*found, trapezoid=True).value
    shares = [recall_at(k, *found).value for k in (1, 5, 10, 50)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_interval_is_over_queries_and_compares_releases_by_their_names():
    one, other = (mean_average_precision(*columns(orders(seed, queries=200))) for seed in (5, 6))

    assert one.method == "bootstrap"
    assert one.replicates is not None
    assert other.replicates is not None
    assert one.images is not None
    assert len(one.images) == one.n
    half = (one.high - one.low) / 2
    right = orders(5, queries=200)
    each = [average_precision_score(row, np.arange(IMAGES, 0, -1)) for row in right if row.any()]
    assert half == pytest.approx(1.96 * np.std(each) / np.sqrt(len(each)), rel=0.15)


REFUSED = {
    "no query with an answer": (([], [0, 0, 0], ["a", "b"]), "none of 2 queries has a right answer"),
    "starts of others": (([1], [0, 1], ["a", "b"]), r"starts: got 2 for 2 queries and 1 ranks"),
    "ranks left over": (([1, 2], [0, 1], ["a"]), r"starts: got 2 for 1 queries and 2 ranks"),
    "rank zero": (([0, 2], [0, 1, 2], ["a", "b"]), "whole numbers from 1, ascending"),
    "descending": (([3, 1], [0, 2], ["a"]), "whole numbers from 1, ascending"),
    "fractions": (([1.5, 2.0], [0, 1, 2], ["a", "b"]), "ranks: got float64"),
}


@pytest.mark.parametrize(("found", "message"), REFUSED.values(), ids=REFUSED)
def test_ranks_that_do_not_fit_are_refused(found, message):
    with pytest.raises(ValueError, match=message):
        mean_reciprocal_rank(*found)


def test_nothing_is_among_the_first_none():
    with pytest.raises(ValueError, match="k: got 0, wanted at least 1"):
        recall_at(0, [1], [0, 1], ["a"])

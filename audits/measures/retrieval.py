"""Measures of retrieval: asked with an image, does what is found first show the same thing?

All take the ranks of right answers as a search left them: ranks [answers], 1 for what was found first, ascending within a query; starts
[queries + 1], the i-th query's being ranks[starts[i] : starts[i + 1]]; ids [queries] names of the queries. A query that nothing answers is
left out and counted in the detail, `without_answer`. Intervals are over queries, the gallery fixed: what other queries would say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import array
from audits.measures.estimate import Estimate, proportion
from audits.measures.means import mean

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def mean_average_precision(ranks: Any, starts: Any, ids: Sequence[Any], trapezoid: bool = False) -> Estimate:
    """Mean over queries of the average precision: how much of what stands before each right answer is right too.

    The average precision of a query is the mean over its R right answers of i / r_i, the i-th at rank r_i. trapezoid: as the evaluation of
    the Oxford and Paris buildings takes it (Philbin et al. 2007; Radenović et al. 2018), the mean of (i - 1) / (r_i - 1), 1 at rank 1, and
    of i / r_i. Interval: bootstrap over queries, as `mean`. Errors: ValueError for columns that do not fit, fewer than two queries with an
    answer.
    """
    found = _Found(ranks, starts, ids)
    order = found.order + 1.0
    precision = order / found.ranks
    if trapezoid:
        before = np.divide(order - 1, found.ranks - 1, out=np.ones_like(order), where=found.ranks > 1)
        precision = (before + precision) / 2
    return mean(found.sums(precision) / found.sizes, found.ids, detail=found.detail(trapezoid=trapezoid), within=(0.0, 1.0))


def mean_reciprocal_rank(ranks: Any, starts: Any, ids: Sequence[Any]) -> Estimate:
    """Mean over queries of one divided by the rank of the first right answer: how far down one looks. Interval, errors: as for mAP."""
    found = _Found(ranks, starts, ids)
    return mean(1.0 / found.first, found.ids, detail=found.detail(), within=(0.0, 1.0))


def recall_at(k: int, ranks: Any, starts: Any, ids: Sequence[Any]) -> Estimate:
    """Share of queries with at least one right answer among the first k: recall@k of the retrieval literature.

    It is not the share of right answers that are found. Interval: Wilson. Errors: ValueError for columns that do not fit, k below 1,
    no query with an answer.
    """
    found = _Found(ranks, starts, ids, k)
    # a share of queries, but no answer about one image alone: whether answers are the same when asked in another way says nothing of it
    return replace(proportion(found.first <= k, found.ids, detail=found.detail(k=k)), averages=())


def precision_at(k: int, ranks: Any, starts: Any, ids: Sequence[Any]) -> Estimate:
    """Mean over queries of the share of right answers among the first k.

    Of k, however few answers are right: of a query with fewer than k it cannot reach one. Interval: bootstrap over queries, as `mean`.
    Errors: as for mAP, k below 1.
    """
    found = _Found(ranks, starts, ids, k)
    return mean(found.sums((found.ranks <= k).astype(np.float64)) / k, found.ids, detail=found.detail(k=k), within=(0.0, 1.0))


class _Found:
    """Ranks of the queries that something answers, checked."""

    def __init__(self, ranks: Any, starts: Any, ids: Sequence[Any], k: int = 1) -> None:
        begins = _whole("starts", array("starts", starts))
        if k < 1:
            raise ValueError(f"k: got {k}, wanted at least 1.")
        if len(begins) != len(ids) + 1 or begins[0] != 0 or (np.diff(begins) < 0).any() or begins[-1] != len(ranks):
            raise ValueError(
                f"starts: got {len(begins)} for {len(ids)} queries and {len(ranks)} ranks; wanted one a query, and how many ranks."
            )
        sizes = np.diff(begins)
        entering = np.flatnonzero(sizes)
        if len(entering) == 0:
            raise ValueError(f"ranks: none of {len(sizes)} queries has a right answer, wanted at least one that has.")
        self.ranks = _whole("ranks", array("ranks", ranks))
        self.sizes, self.begins = sizes[entering], begins[:-1][entering]
        self.order = np.arange(len(self.ranks)) - np.repeat(self.begins, self.sizes)
        if self.ranks.min() < 1 or (np.diff(self.ranks)[self.order[1:] > 0] <= 0).any():
            raise ValueError("ranks: wanted whole numbers from 1, ascending within each query and no two alike.")
        self.ids = np.asarray(ids, dtype=object)[entering].tolist()
        self.left_out = len(sizes) - len(entering)

    @property
    def first(self) -> Counts:
        """The rank of the first right answer of each query."""
        return self.ranks[self.begins]

    def sums(self, values: Floats) -> Floats:
        """The sum over the right answers of each query."""
        return np.add.reduceat(values, self.begins)

    def detail(self, **more: Any) -> dict[str, Any]:
        return {**more, "without_answer": self.left_out}


def _whole(name: str, values: NDArray[Any]) -> Counts:
    if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"{name}: got {values.dtype} {list(values.shape)}, wanted whole numbers, one after the other.")
    return values.astype(np.int64, copy=False)

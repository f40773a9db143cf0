"""Slices of a dataset: the images that share a value of a factor, or a range of values where nearly every image has one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import column, same_length

MOST_VALUES = 20  # of a factor of numbers; with more it is cut into ranges
RANGES = 5


@dataclass(frozen=True)
class Slices:
    """How often a backbone is right in each slice; slices of different factors overlap.

    names, hits, counts: [slices]; membership: for each factor, the slice of every image, [n].
    """

    names: list[str]
    hits: NDArray[np.int64]
    counts: NDArray[np.int64]
    membership: list[NDArray[np.int64]]

    def images_in(self, chosen: NDArray[np.bool_]) -> int:
        """Images that are in at least one of the chosen slices, [slices]."""
        within = np.zeros(len(self.membership[0]), dtype=bool)
        for slice_of in self.membership:
            within |= chosen[slice_of]
        return int(within.sum())


def sliced(correct: NDArray[np.bool_], factors: Mapping[str, Any]) -> Slices:
    """The slices of all factors. correct: [n]; factors: name → [n] values.

    Text and numbers of at most MOST_VALUES values: `factor=value`, a slice a value. Numbers of more: RANGES ranges with about as
    many images each, `factor 3.1 to 4.8`, both ends included. Errors: ValueError for no factors, different lengths or NaN.
    """
    if not factors:
        raise ValueError("factors: got none, wanted at least one with a value for each image.")
    names: list[str] = []
    membership: list[NDArray[np.int64]] = []
    for factor, values in factors.items():
        value = column(f"factor {factor!r}", values)
        same_length(correct=correct, **{f"factor {factor!r}": value})
        found, place = _of_one_factor(factor, value)
        membership.append(place + len(names))
        names += found
    counts, hits = np.zeros(len(names), dtype=np.int64), np.zeros(len(names), dtype=np.int64)
    for slice_of in membership:
        counts += np.bincount(slice_of, minlength=len(names))
        hits += np.bincount(slice_of[correct], minlength=len(names))
    return Slices(names, hits, counts, membership)


def _of_one_factor(factor: str, value: NDArray[Any]) -> tuple[list[str], NDArray[np.int64]]:
    """The names of a factor's slices, and which of them each image is in, [n]."""
    distinct, place = np.unique(value, return_inverse=True)
    if not np.issubdtype(value.dtype, np.number) or len(distinct) <= MOST_VALUES:
        return [f"{factor}={one}" for one in distinct], place
    # Equal values stay together, so that many of one value make fewer, larger ranges.
    edges = np.unique(np.quantile(value, np.arange(1, RANGES) / RANGES))
    ranges, place_in_ranges = np.unique(np.searchsorted(edges, distinct), return_inverse=True)
    ends = [distinct[place_in_ranges == index][[0, -1]] for index in range(len(ranges))]
    return [f"{factor} {_number(low)} to {_number(high)}" for low, high in ends], place_in_ranges[place]


def _number(value: Any) -> str:
    return str(value) if isinstance(value, np.integer) else f"{value:g}"

"""Class scores of every image: too wide to be held at once, so they are read where they are stored, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import nonfinite_rows, stored

Floats = NDArray[np.float64]

ELEMENTS_AT_ONCE = 1 << 20  # 8 MB in double precision


@dataclass(frozen=True)
class WideRows:
    """Rows of numbers, [n, classes]; a memory map stays on disk, and a part of the rows is no copy of them.

    all_rows: the array as it was given; chosen: which of its rows these are, ascending.
    """

    all_rows: NDArray[Any]
    chosen: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def classes(self) -> int:
        return self.all_rows.shape[1]

    def part(self, members: NDArray[np.bool_]) -> WideRows:
        """The rows of which members, [n], says so."""
        return replace(self, chosen=self.chosen[members])

    def chunks(self, elements: int = ELEMENTS_AT_ONCE) -> Iterator[tuple[slice, Floats]]:
        """The rows in order, some at a time: their places among these rows, and the rows in double precision (a copy)."""
        step = max(1, elements // self.classes)
        for start in range(0, len(self), step):
            where = slice(start, min(start + step, len(self)))
            yield where, self.all_rows[self.chosen[where]].astype(np.float64)


def wide_rows(name: str, values: Any) -> WideRows:
    """One row of numbers an image, [n, classes].

    Errors: ValueError for any other shape, fewer than 2 classes, no rows, or NaN or infinite numbers.
    """
    rows = stored(name, values)
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise ValueError(f"{name}: got shape {rows.shape}, wanted [n, classes] with at least 2 classes.")
    wide = WideRows(rows, np.arange(len(rows)))
    bad = np.concatenate([where.start + np.flatnonzero(~np.isfinite(chunk).all(axis=1)) for where, chunk in wide.chunks()])
    if len(bad):
        raise nonfinite_rows(name, bad, len(rows))
    return wide


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Probabilities of each row's classes at this temperature, [m, classes]."""
    raised = logits / temperature
    raised -= raised.max(axis=1, keepdims=True)
    np.exp(raised, out=raised)
    raised /= raised.sum(axis=1, keepdims=True)
    return raised

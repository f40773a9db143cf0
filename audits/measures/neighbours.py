"""How near an image lies to others in the space of a backbone's features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import nonfinite_rows, same_length, stored
from audits.measures.hashing import id_digests, random_words

NEIGHBOURS = 10
ELEMENTS_AT_ONCE = 1 << 24  # similarities held at a time, 64 MB in single precision
HALVING = 0x4E454152  # a counter of its own: the halves are independent of those that a temperature is fitted on


def neighbour_scores(inside: Any, ids: Sequence[Any], outside: Any, neighbours: int = NEIGHBOURS) -> tuple[NDArray[Any], NDArray[Any]]:
    """How much images look like those of the classes: the nearer to many of these, the higher.

    Minus the Euclidean distance from an image's features, divided by their length, to the k-th nearest of a bank. The bank is one half of
    the images that show a class, chosen by a hash of each id; scores are of the other half [m] and of the images that show none [n].
    inside: [images, width]; ids: [images]; outside: [n, width].
    Errors: ValueError for other shapes, NaN, features of no length, a bank of fewer images than neighbours, no image in the other half.
    Source: Sun et al. 2022 ("Out-of-distribution detection with deep nearest neighbors"), whose bank is the training set.
    """
    inner, outer = _unit_rows("inside", inside), _unit_rows("outside", outside)
    same_length(inside=inner, ids=ids)
    in_bank = random_words(id_digests(ids), np.array([HALVING], dtype=np.uint64))[0] >> np.uint64(63) == 1
    if not neighbours <= in_bank.sum() < len(inner):
        raise ValueError(
            f"inside: got {int(in_bank.sum())} of {len(inner)} images for a bank, wanted at least {neighbours}, and some left."
        )
    return _scores(inner[in_bank], inner[~in_bank], neighbours), _scores(inner[in_bank], outer, neighbours)


def _unit_rows(name: str, features: Any) -> NDArray[np.float32]:
    rows = stored(name, features)
    if rows.ndim != 2:
        raise ValueError(f"{name}: got shape {rows.shape}, wanted features [images, width].")
    rows = np.asarray(rows, dtype=np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if len(bad := np.flatnonzero(~np.isfinite(length[:, 0]) | (length[:, 0] == 0))):
        raise (
            nonfinite_rows(name, bad, len(rows))
            if not np.isfinite(length).all()
            else ValueError(
                f"{name}: got features of no length in {len(bad):,} of {len(rows):,} rows, first in row {bad[0]}; wanted a direction."
            )
        )
    return rows / length


def _scores(bank: NDArray[np.float32], rows: NDArray[np.float32], neighbours: int) -> NDArray[np.float64]:
    """By the largest products, some rows at a time: of unit vectors, |a - b|² = 2 - 2 a·b."""
    scores, step = np.empty(len(rows)), max(1, ELEMENTS_AT_ONCE // len(bank))
    for start in range(0, len(rows), step):
        products = rows[start : start + step] @ bank.T
        kth = np.partition(products, -neighbours, axis=1)[:, -neighbours].astype(np.float64)
        scores[start : start + step] = -np.sqrt(np.maximum(0.0, 2 - 2 * kth))
    return scores

"""Whether those that are ahead by one number are ahead by another: Spearman's rank correlation, exact of a few. numpy only."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np

from audits.measures.ranks import Floats

FEWEST = 4  # with three, the strongest correlation is no surprise: one order of six
MOST_ENUMERATED = 8  # 40,320 orders
ORDERS_DRAWN = 100_000


def spearman(one: Any, other: Any) -> Floats:
    """The correlation of ranks, each [..., n] → [...]; equal numbers share the mean of their places. NaN where either has no spread."""
    first, second = (_centred_places(np.asarray(each, dtype=np.float64)) for each in (one, other))
    size = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    return np.where(size > 0, (first * second).sum(axis=-1) / np.where(size > 0, size, 1.0), np.nan)


def chance_of(one: Any, other: Any) -> tuple[float, int]:
    """How probable a rank correlation at least as strong, of either sign, is among numbers in a random order, and of how many orders.

    Of all n! orders where n is at most MOST_ENUMERATED; of ORDERS_DRAWN drawn ones (and that which was seen) beyond. one, other: [n].
    """
    first, second = (_centred_places(np.asarray(each, dtype=np.float64)) for each in (one, other))
    n, seen = len(first), abs(float((first * second).sum()))
    if n <= MOST_ENUMERATED:
        orders = np.array(list(permutations(range(n))))
    else:
        drawn = np.random.default_rng(0).random((ORDERS_DRAWN, n)).argsort(axis=1)
        orders = np.concatenate([np.arange(n)[None, :], drawn])
    as_strong = np.abs(second[orders] @ first) >= seen - 1e-9
    return float(as_strong.mean()), len(orders)


def _centred_places(numbers: Floats) -> Floats:
    """Places by size, less their mean."""
    below = (numbers[..., None, :] < numbers[..., :, None]).sum(axis=-1)
    equal = (numbers[..., None, :] == numbers[..., :, None]).sum(axis=-1)
    return below + (equal - 1) / 2 - (numbers.shape[-1] - 1) / 2

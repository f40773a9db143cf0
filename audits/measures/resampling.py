"""What a statistic would be had other images been drawn: each image counted as often as a hash of its name and the replicate says.

The weight of an image in a replicate depends on nothing else, so the replicates of two backbones, releases or views on the same images
pair up by themselves, and a paired difference is a subtraction. numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.hashing import Words, random_words

Floats = NDArray[np.float64]
Statistic = Callable[..., Floats]

REPLICATES = 1000
REPLICATES_PER_WORD = 4  # 16 of the 64 hashed bits make one weight
ELEMENTS_PER_CHUNK = 1 << 20  # weights held at a time: they stay in the processor's cache
ELEMENTS_KEPT = 8 << 20  # of one set of images, at one byte each: many audits ask about the same images, one after the other
SETS_KEPT = 4


def resampled(statistic: Statistic, images: Words, columns: Sequence[Any], replicates: int = REPLICATES) -> Floats:
    """A statistic of reweighted images, [replicates] or, where it gives several numbers, [replicates, numbers].

    statistic(weights [r, n], *columns) -> [r] or [r, numbers]; images: [n] digests of names, images of one name share their weight.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.concatenate([statistic(weights, *columns) for weights in weights_of(images, replicates)])


def weights_of(images: Words, replicates: int) -> Iterator[Floats]:
    """Chunks [r, n] of Poisson(1) weights; replicate i of an image is the same whatever the chunk, n or replicates are."""
    if len(images) * replicates > ELEMENTS_KEPT:
        yield from _drawn(images, replicates)
        return
    kept = _kept(np.ascontiguousarray(images, dtype=np.uint64).tobytes(), replicates)
    step = max(1, ELEMENTS_PER_CHUNK // len(images))
    for start in range(0, replicates, step):
        yield kept[start : start + step].astype(np.float64)


@lru_cache(maxsize=SETS_KEPT)
def _kept(images: bytes, replicates: int) -> NDArray[np.uint8]:
    weights = np.concatenate([chunk.astype(np.uint8) for chunk in _drawn(np.frombuffer(images, dtype=np.uint64), replicates)])
    weights.flags.writeable = False  # it is shared by every call
    return weights


def _drawn(images: Words, replicates: int) -> Iterator[Floats]:
    table = _poisson_table()
    words = -(-replicates // REPLICATES_PER_WORD)
    step = max(1, ELEMENTS_PER_CHUNK // (len(images) * REPLICATES_PER_WORD))
    for start in range(0, words, step):
        counters = np.arange(start, min(start + step, words), dtype=np.uint64)
        sixteen_bits = random_words(images, counters).astype("<u8").view("<u2").reshape(len(counters), len(images), REPLICATES_PER_WORD)
        weights = table[sixteen_bits.transpose(0, 2, 1)].reshape(-1, len(images))[: replicates - start * REPLICATES_PER_WORD]
        # With a handful of images all may be left out; such a replicate says nothing, so it keeps all of them.
        weights[~weights.any(axis=1)] = 1.0
        yield weights


@lru_cache(maxsize=1)
def _poisson_table() -> Floats:
    """Poisson(1) quantiles of the 65,536 midpoints of [0, 1]: turns 16 bits into a weight."""
    cumulative = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(12)])
    return np.searchsorted(cumulative, (np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.float64)

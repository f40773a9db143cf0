"""Randomness that is a function: the same image id and counter give the same bits on every machine, in every run, in any order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]


def id_digests(ids: Iterable[Any]) -> Words:
    """64 bits for each id, [n]: the first eight bytes of its BLAKE2b digest (as text), so that they never change with Python or numpy."""
    return _digests(tuple(map(str, ids)))


@lru_cache(maxsize=8)  # many measures ask about the same images, one after the other
def _digests(names: tuple[str, ...]) -> Words:
    words = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(words, dtype="<u8").astype(np.uint64, copy=False)  # read-only: it is shared by every caller


def mix(words: Words) -> Words:
    """Each word scrambled so that every input bit moves every output bit (the finaliser of SplitMix64, Steele et al. 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def random_words(digests: Words, counters: Words) -> Words:
    """64 random bits for each counter and digest, [counters, n]."""
    return mix(digests[None, :] ^ mix(counters)[:, None])


def uniforms(words: Words) -> NDArray[np.float64]:
    """Numbers strictly between 0 and 1, one a word, from its upper 53 bits."""
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53

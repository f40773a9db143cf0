"""What each of many estimates would have been had other images been drawn, from what is kept of it: scores of replicates that pair up.

numpy only. Scores of the same images move together, whatever they measure and whichever backbone they are of, since the weight of an image
in a replicate depends on nothing else (`resampling`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from audits.measures.estimate import Estimate
from audits.measures.hashing import id_digests, random_words, uniforms
from audits.measures.ranks import Floats
from audits.measures.resampling import REPLICATES, weights_of
from audits.measures.tails import NORMAL

Name = TypeVar("Name")


def redrawn(estimates: Mapping[Name, Estimate]) -> dict[Name, Floats]:
    """The score of each estimate in every replicate, [replicates], by its name.

    A share of images (`hits`), the lowest of several shares (`slices`) and whatever kept its replicates are those of the weighted images;
    of the largest of several numbers, the largest. They are moved so that their mean is the estimate's value: what noise adds to a biased
    score it has added already. What is exact stays as it is. Of all else only the interval is known: it is taken for that of a normal
    number independent of every other, so that differences are too wide rather than too narrow.
    """
    found = {name: _kept(name, one) for name, one in estimates.items()}
    by_images: dict[bytes, list[Name]] = {}
    for name, one in estimates.items():
        if found[name] is None and one.images is not None and one.hits is not None:
            by_images.setdefault(one.images.tobytes(), []).append(name)
    for names in by_images.values():
        found |= dict(zip(names, _shares([estimates[name] for name in names]), strict=True))
    return {name: drawn if drawn is not None else _from_interval(str(name), estimates[name]) for name, drawn in found.items()}


def _kept(name: object, one: Estimate) -> Floats | None:
    if one.method == "exact":
        return np.full(REPLICATES, one.value)
    if one.replicates is None or len(one.replicates) != REPLICATES:
        return None
    numbers = np.asarray(one.replicates, dtype=np.float64).reshape(REPLICATES, -1)
    return _about(numbers.max(axis=1), one)


def _about(drawn: Floats, one: Estimate) -> Floats:
    return drawn - drawn.mean() + one.value


def _shares(estimates: Sequence[Estimate]) -> list[Floats]:
    """Shares of the same images, [replicates] each: weights are drawn once for all of them."""
    images = estimates[0].images
    assert images is not None
    parts: list[list[Floats]] = [[] for _ in estimates]
    plain = [place for place, one in enumerate(estimates) if one.slices is None]
    hits = np.stack([np.asarray(estimates[place].hits, dtype=np.float64) for place in plain], axis=1) if plain else None
    sliced = {place: _slices(one) for place, one in enumerate(estimates) if one.slices is not None}
    for weights in weights_of(images, REPLICATES):
        if hits is not None:
            for place, share in zip(plain, (weights @ hits / weights.sum(axis=1, keepdims=True)).T, strict=True):
                parts[place].append(share)
        for place, (order, starts, right) in sliced.items():
            own = weights[:, order]
            shown, good = (np.add.reduceat(each, starts, axis=1) for each in (own, own * right))
            parts[place].append(np.where(shown > 0, good / np.where(shown > 0, shown, 1.0), 1.0).min(axis=1))
    return [_about(np.concatenate(part), one) for part, one in zip(parts, estimates, strict=True)]


def _slices(one: Estimate) -> tuple[np.ndarray, np.ndarray, Floats]:
    """The images of each slice of every factor one after another, where each slice begins, and which images hit; slices may overlap."""
    assert one.slices is not None
    assert one.hits is not None
    orders, starts, begun = [], [], 0
    for slice_of in one.slices:
        entering = np.flatnonzero(slice_of >= 0)
        order = entering[np.argsort(slice_of[entering], kind="stable")]
        first = np.flatnonzero(np.diff(slice_of[order], prepend=-1))
        orders.append(order)
        starts.append(begun + first)
        begun += len(order)
    order = np.concatenate(orders)
    return order, np.concatenate(starts), one.hits[order].astype(np.float64)


def _from_interval(name: str, one: Estimate) -> Floats:
    """Normal numbers from a hash of the name (Box and Muller 1958), as far apart as the interval says."""
    even, odd = uniforms(random_words(id_digests([name]), np.arange(2 * REPLICATES, dtype=np.uint64)))[:, 0].reshape(2, -1)
    normal = np.sqrt(-2 * np.log(even)) * np.cos(2 * np.pi * odd)
    middle = one.value if one.low <= one.value <= one.high else (one.low + one.high) / 2
    return middle + normal * (one.high - one.low) / (2 * NORMAL.inv_cdf((1 + one.confidence_level) / 2))

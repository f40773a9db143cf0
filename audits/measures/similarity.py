"""Do two layers, of one backbone or of two, tell images apart in the same way?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from audits.measures.estimate import Estimate
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]
CONFIDENCE_LEVEL = 0.95
TAIL = (1 - CONFIDENCE_LEVEL) / 2
ROUNDING = 1e-12


@dataclass(frozen=True)
class _Alignment:
    """The similarity of two layers on some batches, and how far it would vary with other batches (its jackknife standard error)."""

    value: float
    spread: float
    batches: int

    def limits(self, tail: float) -> tuple[float, float]:
        """Two numbers, each passed by the truth with probability `tail` (Student's t), cut at -1 and 1."""
        reach = -float(stdtrit(self.batches - 1, tail)) * self.spread
        return max(-1.0, self.value - reach), min(1.0, self.value + reach)


def linear_cka(products: Any, others: Any, detail: dict[str, Any] | None = None) -> Estimate:
    """How alike two layers see the same images: 1 where one is the other turned and scaled, 0 where they have nothing in common.

    Linear centred kernel alignment by minibatches: Σ HSIC(K, L) / √(Σ HSIC(K, K) · Σ HSIC(L, L)) over batches, with the unbiased estimator
    of the Hilbert-Schmidt independence criterion (Song et al. 2012), so that its expectation does not depend on the batch size.
    products, others: [batches, n, n] inner products of the images of each batch, n above 3, the same images in the same order; batches
    are random parts of the images.
    Interval: jackknife over batches with Student's t, cut at 1 (images drawn again with replacement would bias it: duplicates are alike).
    n: images. Errors: ValueError for other shapes, fewer than two batches, NaN, a layer in which all images are alike.
    Source: Kornblith et al. 2019; by minibatches Nguyen, Raghu and Kornblith 2021.
    """
    first, second = _batches("products", products), _batches("others", others)
    found = _alignment(first, second)
    images, tail = len(first) * first.shape[1], of_limits(found.limits)
    return Estimate(found.value, *found.limits(TAIL), images, CONFIDENCE_LEVEL, "jackknife", detail, tail=tail)


def layer_similarity(layers: Any) -> Estimate:
    """How much of what a backbone computes is computed again: the highest similarity between a layer and the next one.

    layers: [batches, layers, n, n] inner products, from the first layer to the last. The value is the highest similarity seen, which is
    biased upwards where many pairs are alike.
    Interval of the highest *true* similarity, for all pairs of a layer and the next at once, from those of `linear_cka`: high is the
    largest of the upper limits, which need no correction, since the pair with the highest true similarity has one of them; low the largest
    of the lower limits, each tail divided by the number of pairs (Bonferroni), since luck may pick any pair.
    detail: `grid`, `of` layers, with their `names` and the `values` [layers][layers] of their similarity, for the chart; `pair`, of the
    highest similarity seen, of so many `compared`.
    Errors: as `linear_cka`, and ValueError for fewer than two layers. Source: Nguyen, Raghu and Kornblith 2021 (block structure).
    """
    every = np.asarray(layers)
    if every.ndim != 4 or every.shape[1] < 2:
        raise ValueError(f"layers: got shape {every.shape}, wanted [batches, layers, n, n] with at least 2 layers.")
    count = every.shape[1]
    each = [_batches("layers", every[:, layer]) for layer in range(count)]
    found = {(a, b): _alignment(each[a], each[b]) for a in range(count) for b in range(a, count)}
    neighbours = [found[a, a + 1] for a in range(count - 1)]
    most = max(range(count - 1), key=lambda a: neighbours[a].value)

    def limits(tail: float) -> tuple[float, float]:
        low = max(pair.limits(tail / len(neighbours))[0] for pair in neighbours)
        return low, max(pair.limits(tail)[1] for pair in neighbours)

    names = [str(layer + 1) for layer in range(count)]
    values = [[round(found[min(a, b), max(a, b)].value, 4) for b in range(count)] for a in range(count)]
    grid = {"of": "layer", "names": names, "values": values}
    detail = {"grid": grid, "pair": f"{names[most]} and {names[most + 1]}", "compared": len(neighbours)}
    images = len(every) * every.shape[2]
    return Estimate(neighbours[most].value, *limits(TAIL), images, CONFIDENCE_LEVEL, "jackknife", detail, tail=of_limits(limits))


def hsic(first: Floats, second: Floats) -> float:
    """The unbiased estimator of the Hilbert-Schmidt independence criterion of two matrices of products, [n, n], n above 3."""
    n = len(first)
    a, b = first - np.diag(np.diag(first)), second - np.diag(np.diag(second))
    rows, others = a.sum(axis=0), b.sum(axis=0)
    same = float((a * b).sum())
    return (same + float(rows.sum() * others.sum()) / ((n - 1) * (n - 2)) - 2 * float(rows @ others) / (n - 2)) / (n * (n - 3))


def _alignment(first: Floats, second: Floats) -> _Alignment:
    if first.shape != second.shape:
        raise ValueError(f"others: got shape {second.shape}, wanted that of products, {first.shape}: the same images.")
    sums = np.array([[hsic(a, b), hsic(a, a), hsic(b, b)] for a, b in zip(first, second, strict=True)])
    total, least = sums.sum(axis=0), (_least(first), _least(second))
    if total[1] <= least[0] or total[2] <= least[1]:
        raise ValueError("products: all images are alike in a layer, or nearly so: nothing can be said of how it tells them apart.")
    left_out = np.array([_aligned(total - one, least) for one in sums])
    m = len(sums)
    spread = float(np.sqrt((m - 1) / m * np.square(left_out - left_out.mean()).sum()))
    return _Alignment(float(np.clip(_aligned(total, least), -1, 1)), spread, m)  # but for rounding it cannot be more


def _least(products: Floats) -> float:
    """What rounding alone may leave of a layer's criterion with itself, whatever the scale of its numbers."""
    return ROUNDING * float(np.square(products).sum()) / products.shape[1] ** 2


def _aligned(sums: Floats, least: tuple[float, float]) -> float:
    """The similarity from sums over batches; where a layer tells no images apart in those that are left, next to none."""
    together, first, second = (float(one) for one in sums)
    return together / (math.sqrt(max(first, least[0])) * math.sqrt(max(second, least[1])))


def _batches(name: str, products: Any) -> Floats:
    found = np.asarray(products, dtype=np.float64)
    if found.ndim != 3 or found.shape[1] != found.shape[2] or found.shape[1] < 4 or len(found) < 2:
        raise ValueError(f"{name}: got shape {found.shape}, wanted [batches, n, n] with at least 2 batches and 4 images.")
    if not np.isfinite(found).all():
        raise ValueError(f"{name}: got NaN or infinite numbers, wanted finite ones.")
    return found

"""Similarity of layers against a plain implementation of its definition, and by its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.measures.similarity import hsic, layer_similarity, linear_cka

BATCHES, N = 6, 24


def maps(seed: int, width: int = 12) -> np.ndarray:
    """What a layer gives for each image of each batch, [batches, n, width]."""
    return np.random.default_rng(seed).normal(size=(BATCHES, N, width))


def products(features: np.ndarray) -> np.ndarray:
    return features @ features.transpose(0, 2, 1)


def plain_hsic(k: np.ndarray, length: np.ndarray) -> float:
    """Equation 5 of Song et al. 2012 (equation 3 of Nguyen et al. 2021), term by term over indices."""
    n = len(k)
    k, length = k.copy(), length.copy()
    for i in range(n):
        k[i, i] = length[i, i] = 0.0
    trace = sum(k[i, j] * length[j, i] for i in range(n) for j in range(n))
    everything = sum(k[i, j] for i in range(n) for j in range(n)) * sum(length[i, j] for i in range(n) for j in range(n))
    chain = sum(k[i, j] * length[j, q] for i in range(n) for j in range(n) for q in range(n))
    return (trace + everything / ((n - 1) * (n - 2)) - 2 / (n - 2) * chain) / (n * (n - 3))


def test_the_criterion_is_that_of_its_definition() -> None:
    first, second = products(maps(0, 3))[0][:9, :9], products(maps(1, 5))[0][:9, :9]

    assert hsic(first, second) == pytest.approx(plain_hsic(first, second))


def test_the_criterion_is_unbiased() -> None:
    """Over all ways to draw small batches from independent columns it is 0 on average."""
    draw = np.random.default_rng(4)
    found = [hsic(np.outer(a, a), np.outer(b, b)) for a, b in draw.normal(size=(40_000, 2, 6))]

    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))


def test_alignment_is_that_of_centred_kernels_where_batches_are_large() -> None:
    """The plain form of Kornblith et al. 2019, |Yᵀ X|² / (|Xᵀ X| |Yᵀ Y|) of centred columns, which large batches approach."""
    draw = np.random.default_rng(5)
    x = draw.normal(size=(2, 1500, 6))
    y = x[:, :, :4] @ draw.normal(size=(4, 5)) + draw.normal(size=(2, 1500, 5))
    first, second = (one.reshape(-1, one.shape[-1]) for one in (x, y))
    first, second = first - first.mean(0), second - second.mean(0)
    theirs = np.square(second.T @ first).sum() / (np.linalg.norm(first.T @ first) * np.linalg.norm(second.T @ second))

    assert linear_cka(products(x), products(y)).value == pytest.approx(theirs, abs=0.01)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_turning_and_scaling_a_layer_changes_nothing(seed: int, factor: float) -> None:
    features, others = maps(seed), maps(seed + 1)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(12, 12)))

    same = linear_cka(products(features), products(factor * features @ turn))

    assert same.value == pytest.approx(1)
    assert same.high == pytest.approx(1)
    plain = linear_cka(products(features), products(others)).value
    assert linear_cka(products(factor * (features @ turn + 3)), products(others)).value == pytest.approx(plain, abs=1e-6)


def test_layers_that_have_nothing_in_common_are_not_alike() -> None:
    found = linear_cka(products(maps(0, 200)), products(maps(1, 200)))

    assert found.low <= 0 <= found.high
    assert abs(found.value) < 0.2


def test_the_interval_covers_what_many_images_would_show() -> None:
    draw, covered, trials = np.random.default_rng(6), 0, 200
    mix = draw.normal(size=(6, 6))

    def pair(batches: int) -> tuple[np.ndarray, np.ndarray]:
        x = draw.normal(size=(batches, 32, 6))
        return products(x), products(x @ mix + 2 * draw.normal(size=x.shape))

    truth = linear_cka(*pair(600)).value
    for _ in range(trials):
        found = linear_cka(*pair(8))
        covered += found.low <= truth <= found.high

    assert covered / trials >= 0.91


def test_the_pair_of_neighbours_that_are_most_alike_is_told() -> None:
    one, other = maps(0), maps(1)
    layers = np.stack([products(maps(2)), products(one), products(one + 0.1 * other), products(other)], axis=1)

    found = layer_similarity(layers)

    assert found.detail is not None
    assert found.detail["pair"] == "2 and 3"
    assert np.diag(found.detail["grid"]["values"]) == pytest.approx(1)
    assert found.value == linear_cka(layers[:, 1], layers[:, 2]).value


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (products(maps(0))[:1], products(maps(0))[:1], r"products: got shape \(1, 24, 24\), wanted \[batches, n, n\]"),
        (products(maps(0)), products(maps(0))[:3], r"others: got shape \(3, 24, 24\).*the same images"),
        (np.ones((4, 8, 8)), np.ones((4, 8, 8)), r"all images are alike in a layer"),
        (np.full((4, 8, 8), np.nan), np.ones((4, 8, 8)), r"products: got NaN"),
    ],
)
def test_what_cannot_be_compared_is_refused(first: np.ndarray, second: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        linear_cka(first, second)


@pytest.mark.slow
def test_the_interval_of_the_highest_similarity_covers_it_where_many_pairs_are_alike() -> None:
    """Luck picks the pair that is seen to be highest: the interval of that pair alone lies too high, and says so too often."""
    draw, covered, covered_by_its_own, trials = np.random.default_rng(7), 0, 0, 150

    def chain(batches: int) -> np.ndarray:
        """Nine layers, each as like the one before as any other: [batches, layers, n, n]."""
        layers = [draw.normal(size=(batches, 16, 6))]
        while len(layers) < 9:
            layers.append(0.8 * layers[-1] + 0.6 * draw.normal(size=layers[-1].shape))
        return np.stack([products(one) for one in layers], axis=1)

    many = chain(1000)
    truth = np.mean([linear_cka(many[:, a], many[:, a + 1]).value for a in range(8)])
    for _ in range(trials):
        layers = chain(8)
        found = layer_similarity(layers)
        own = max((linear_cka(layers[:, a], layers[:, a + 1]) for a in range(8)), key=lambda pair: pair.value)
        assert found.value == own.value
        covered += found.low <= truth <= found.high
        covered_by_its_own += own.low <= truth <= own.high

    assert covered / trials >= 0.93
    assert covered_by_its_own / trials <= 0.87


def test_the_interval_of_two_layers_is_that_of_their_similarity() -> None:
    layers = np.stack([products(maps(2)), products(maps(2) + maps(3))], axis=1)

    found, pair = layer_similarity(layers), linear_cka(layers[:, 0], layers[:, 1])

    assert (found.low, found.value, found.high, found.n) == (pair.low, pair.value, pair.high, pair.n)


@pytest.mark.parametrize("factor", [1e-4, 1e-8, 1e4])
def test_numbers_of_any_size_are_compared_alike(factor: float) -> None:
    first, second = products(maps(0)), products(maps(0) + maps(1))
    found, scaled = linear_cka(first, second), linear_cka(factor**2 * first, factor**2 * second)

    assert (scaled.low, scaled.value, scaled.high) == pytest.approx((found.low, found.value, found.high), rel=1e-9)
    assert linear_cka(factor**2 * first, first).value == pytest.approx(1, abs=1e-9)

"""Distances in the space of features against scikit-learn's, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from audits.measures import neighbours
from audits.measures.neighbours import neighbour_scores
from audits.measures.outliers import auroc

IDS = [f"image {index}" for index in range(400)]


def features(seed: int, shift: float, number: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (draw.normal(size=(number, 16)) + np.r_[shift, np.zeros(15)]).astype(np.float32) * draw.uniform(0.1, 30, (number, 1))


@pytest.mark.parametrize("k", [1, 10, 50])
def test_scores_are_scikit_learns_distances(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside = features(0, 3, 400), features(1, -1, 150)
    monkeypatch.setattr(neighbours, "ELEMENTS_AT_ONCE", 3000)  # several chunks

    inner, outer = neighbour_scores(inside, IDS, outside, k)

    assert 150 < len(inner) < 250
    in_bank = _bank(inside)
    nearest = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(normalize(inside[in_bank]))
    for scores, rows in ((inner, inside[~in_bank]), (outer, outside)):
        distances, _ = nearest.kneighbors(normalize(rows))
        assert -scores == pytest.approx(distances[:, -1], abs=2e-3)


def _bank(inside: np.ndarray) -> np.ndarray:
    from audits.measures.hashing import id_digests, random_words

    return random_words(id_digests(IDS[: len(inside)]), np.array([neighbours.HALVING], dtype=np.uint64))[0] >> np.uint64(63) == 1


def test_the_judged_half_is_apart_from_the_bank() -> None:
    """An image that was in the bank would lie at no distance from itself."""
    inside = features(0, 3, 400)
    inner, _ = neighbour_scores(inside, IDS, inside[~_bank(inside)], 1)
    _, again = neighbour_scores(inside, IDS, inside[~_bank(inside)], 1)

    assert inner.tolist() == again.tolist()
    assert inner.max() < 0


def test_the_length_of_features_does_not_count() -> None:
    inside, outside = features(0, 3, 400), features(1, -1, 150)

    first, second = (neighbour_scores(inside * factor, IDS, outside, 10)[1] for factor in (1, 7))

    assert first == pytest.approx(second, abs=1e-3)


def test_what_lies_elsewhere_is_told_apart() -> None:
    inner, outer = neighbour_scores(features(0, 6, 400), IDS, features(1, -6, 150))
    truth = np.r_[np.ones(len(inner)), np.zeros(len(outer))]

    assert auroc(inner, outer).value == pytest.approx(roc_auc_score(truth, np.r_[inner, outer]))
    assert auroc(inner, outer).value > 0.95


@pytest.mark.parametrize(
    ("inside", "outside", "message"),
    [
        (np.ones((400, 3)), np.zeros((2, 3)), r"outside: got features of no length in 2 of 2 rows"),
        (np.full((400, 3), np.nan), np.ones((2, 3)), r"inside: got NaN or infinite"),
        (np.ones(400), np.ones((2, 3)), r"inside: got shape \(400,\), wanted features"),
        (np.ones((12, 3)), np.ones((2, 3)), r"of 12 images for a bank, wanted at least 10"),
    ],
)
def test_features_that_are_none_are_refused(inside: np.ndarray, outside: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        neighbour_scores(inside, IDS[: len(inside)], outside)

"""The nearest training images vote as an independent implementation has them vote, in whatever parts they are looked through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from fixtures.errors import BadInput
from fixtures.transfer import neighbours
from fixtures.transfer.neighbours import vote


def clouds(count: int, width: int = 16, classes: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    return (np.random.default_rng(99).normal(size=(classes, width))[labels] + 1.5 * generator.normal(size=(count, width))), labels


def plain(train: np.ndarray, labels: np.ndarray, test: np.ndarray, classes: int, count: int, temperature: float = 0.07) -> np.ndarray:
    """One test image after the other, all train images sorted."""
    known, asked = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (train, test))
    result = np.zeros((len(test), classes))
    for row, image in enumerate(asked):
        similarity = np.round(known @ image, 9)
        for place in np.lexsort((np.arange(len(known)), -similarity))[:count]:
            result[row, labels[place]] += np.exp(similarity[place] / temperature)
    return result / result.sum(1, keepdims=True)


@pytest.mark.parametrize("precision", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 5, 20])
def test_scikit_learn_with_the_same_weights_predicts_the_same(count: int, precision: type) -> None:
    (train, labels), (test, _) = clouds(400), clouds(150, seed=1)
    train, test = train.astype(precision), test.astype(precision)
    found = vote(train, labels, test, classes=5, neighbours=count, device="cpu").numpy()
    known, asked = (each.astype(float) / np.linalg.norm(each.astype(float), axis=1, keepdims=True) for each in (train, test))
    # between images of length 1 the squared distance is 2 - 2 · similarity
    reference = KNeighborsClassifier(count, weights=lambda distance: np.exp((1 - distance**2 / 2) / 0.07), algorithm="brute").fit(
        known, labels
    )
    assert (found.argmax(1) == reference.predict(asked)).all()
    assert np.allclose(found, reference.predict_proba(asked), atol=1e-5)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 30), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_ties_go_to_those_that_come_first_in_the_train_split(seed: int, train_count: int, test_count: int, count: int) -> None:
    """Features of few whole numbers: most similarities are shared by several images."""
    generator = np.random.default_rng(seed)
    train, test = (generator.integers(-1, 2, (size, 3)) + np.array([0.0, 0.0, 2.0]) for size in (train_count, test_count))
    labels = generator.integers(0, 4, train_count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "TRAIN_AT_ONCE", 7)
        patch.setattr(neighbours, "TEST_AT_ONCE", 4)
        found = vote(train, labels, test, classes=4, neighbours=count, device="cpu").numpy()
    assert np.allclose(found, plain(train, labels, test, 4, count), atol=1e-5)


def test_single_precision_votes_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    (train, labels), (test, _) = clouds(300), clouds(80, seed=1)
    exact = vote(train, labels, test, classes=5, device="cpu")
    monkeypatch.setattr(neighbours, "MANY", 0)
    assert vote(train, labels, test, classes=5, device="cpu").allclose(exact, atol=1e-3)


def test_the_length_of_features_says_nothing() -> None:
    (train, labels), (test, _) = clouds(100), clouds(30, seed=1)
    scale = np.random.default_rng(3).uniform(0.1, 10, (100, 1))
    one, other = (vote(features, labels, test, classes=5, device="cpu") for features in (train, train * scale))
    assert one.allclose(other, atol=1e-5)


def test_an_image_of_the_train_split_votes_for_itself() -> None:
    train, labels = clouds(100)
    assert (vote(train, labels, train, classes=5, neighbours=1, device="cpu").argmax(1).numpy() == labels).all()


def test_all_vote_where_fewer_are_there_than_are_asked_for() -> None:
    (train, labels), (test, _) = clouds(12), clouds(30, seed=1)
    assert np.allclose(vote(train, labels, test, classes=5, device="cpu").numpy(), plain(train, labels, test, 5, 12), atol=1e-5)


def test_a_small_temperature_leaves_the_nearest_alone() -> None:
    (train, labels), (test, _) = clouds(100), clouds(30, seed=1)
    one, other = (vote(train, labels, test, classes=5, neighbours=count, temperature=1e-6, device="cpu").argmax(1) for count in (1, 20))
    assert one.equal(other)


def test_features_that_are_zero_throughout_are_no_error() -> None:
    train, labels = clouds(30)
    train[3] = 0
    assert vote(train, labels, np.zeros((2, 16)), classes=5, device="cpu").isfinite().all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x, y, t: (x[:0], y[:0], t), "nobody is there to vote"),
        (lambda x, y, t: (x, y + 1, t), "labels of the train split go from 1 to 5; there are 5 classes"),
        (lambda x, y, t: (np.where(x > 2, np.nan, x), y, t), "features of the train split hold NaN"),
        (lambda x, y, t: (x, y, np.where(t > 2, np.inf, t)), "features of the test split hold NaN or infinity"),
    ],
)
def test_what_cannot_vote_is_refused(change, reason: str) -> None:
    train, labels = clouds(100)
    with pytest.raises(BadInput, match=reason):
        vote(*change(train, labels, train), classes=5, device="cpu")


def test_shapes_that_do_not_fit_and_settings_that_mean_nothing_are_refused() -> None:
    train, labels = clouds(10)
    with pytest.raises(ValueError, match="labels \\[n\\]"):
        vote(train, labels[:-1], train, classes=5, device="cpu")
    with pytest.raises(ValueError, match="at least 1 neighbour"):
        vote(train, labels, train, classes=5, neighbours=0, device="cpu")

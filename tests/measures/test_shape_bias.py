"""Shape bias and consistency with people against plain counting and scikit-learn, by their laws, and in what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from audits.measures.shape_bias import cohen_kappa, error_consistency, shape_bias

laws = settings(deadline=None, max_examples=60, derandomize=True)
CLASSES = 5


def drawn(n: int, seed: int, people: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Predictions, shapes, textures and people who are right on six images of ten, more often where the backbone is."""
    generator = np.random.default_rng(seed)
    prediction, labels, texture = generator.integers(0, CLASSES, (3, n))
    prediction = np.where(generator.random(n) < 0.4, labels, prediction)
    share = np.where(prediction == labels, 0.8, 0.4)
    answers = {f"subject-{one:02}": np.where(generator.random(n) < share, labels, -1) for one in range(people)}
    return prediction, labels, texture, answers


def counted_bias(prediction: Any, labels: Any, texture: Any) -> tuple[int, int, int]:
    """Decisions by shape, by texture and by neither, one image after the other."""
    shape, surface, neither = 0, 0, 0
    for said, outline, paint in zip(prediction, labels, texture, strict=True):
        if outline == paint:
            continue
        if said == outline:
            shape += 1
        elif said == paint:
            surface += 1
        else:
            neither += 1
    return shape, surface, neither


@laws
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=60))
def test_shape_bias_equals_plain_counting(rows: list[tuple[int, int, int]]) -> None:
    prediction, labels, texture = np.array(rows).T
    shape, surface, neither = counted_bias(prediction, labels, texture)

    if shape + surface == 0:
        with pytest.raises(ValueError, match="disagree"):
            shape_bias(prediction, labels, texture)
        return
    bias = shape_bias(prediction, labels, texture)

    assert bias.value == pytest.approx(shape / (shape + surface))
    assert bias.low <= bias.value <= bias.high
    assert bias.n == shape + surface
    assert bias.detail is not None
    assert bias.detail["counts"] == {"shape": shape, "texture": surface, "neither": neither}
    assert bias.detail["decided"] == pytest.approx((shape + surface) / (shape + surface + neither))


@laws
@given(st.integers(0, 10_000))
def test_swapping_the_cues_mirrors_the_bias(seed: int) -> None:
    prediction, labels, texture, _ = drawn(80, seed)

    one, other = shape_bias(prediction, labels, texture), shape_bias(prediction, texture, labels)

    assert one.value == pytest.approx(1 - other.value)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))


@laws
@given(st.integers(0, 10_000))
def test_images_without_conflict_and_third_answers_leave_the_bias_as_it_is(seed: int) -> None:
    prediction, labels, texture, _ = drawn(80, seed)

    more = shape_bias(np.r_[prediction, 1, 2, 9], np.r_[labels, 1, 3, 0], np.r_[texture, 1, 3, 1])

    assert (more.value, more.n) == (shape_bias(prediction, labels, texture).value, shape_bias(prediction, labels, texture).n)


def test_people_are_a_band_and_networks_stand_alone() -> None:
    labels, texture = np.zeros(10, dtype=int), np.ones(10, dtype=int)
    people = {"subject-01": labels, "subject-02": np.r_[np.zeros(6), np.ones(4)].astype(int), "subject-03": np.full(10, -1)}

    bias = shape_bias(texture, labels, texture, people, {"a network": texture})

    assert bias.detail is not None
    assert bias.value == 0.0
    assert bias.detail["strip"]["others"] == [
        {"name": "people (2)", "value": pytest.approx(0.8), "low": pytest.approx(0.6), "high": 1.0},
        {"name": "a network", "value": 0.0},
    ]


@pytest.mark.parametrize(
    ("prediction", "labels", "texture", "message"),
    [
        ([], [], [], "No data is not a score"),
        ([1, 2], [0, 0], [0, 0], "in all 2 images"),
        ([2, 2], [0, 0], [1, 1], "nothing was decided"),
        ([1], [0, 0], [1, 1], "different lengths"),
    ],
)
def test_shape_bias_refuses_what_has_none(prediction: list[int], labels: list[int], texture: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shape_bias(np.array(prediction, dtype=int), np.array(labels, dtype=int), np.array(texture, dtype=int))


@pytest.mark.parametrize("seed", range(5))
def test_error_consistency_equals_scikit_learn(seed: int) -> None:
    prediction, labels, _, people = drawn(120, seed)
    expected = np.mean([cohen_kappa_score(prediction == labels, said == labels) for said in people.values()])

    kappa = error_consistency(prediction, labels, range(120), people)

    assert kappa.value == pytest.approx(expected)
    assert kappa.low < kappa.value < kappa.high
    assert kappa.replicates is not None


@pytest.mark.parametrize("seed", range(3))
def test_weights_count_as_repeated_images(seed: int) -> None:
    prediction, labels, _, people = drawn(60, seed, people=2)
    mine, theirs = prediction == labels, np.stack([said == labels for said in people.values()], axis=1)
    weights = np.random.default_rng(seed).poisson(1.0, 60)

    measured = cohen_kappa(weights[None].astype(float), mine.astype(float), theirs.astype(float))[0]

    expected = [cohen_kappa_score(mine.repeat(weights), one.repeat(weights)) for one in theirs.T]
    assert measured == pytest.approx(expected)


def test_band_of_people_is_each_of_them_with_the_others() -> None:
    prediction, labels, _, people = drawn(150, 0, people=3)
    right = {name: said == labels for name, said in people.items()}
    each = [np.mean([cohen_kappa_score(own, other) for two, other in right.items() if two != one]) for one, own in right.items()]

    kappa = error_consistency(prediction, labels, range(150), people, {"a network": prediction})

    assert kappa.detail is not None
    band, network = kappa.detail["strip"]["others"]
    assert (band["value"], band["low"], band["high"]) == pytest.approx((np.mean(each), min(each), max(each)))
    assert network["value"] == pytest.approx(kappa.value)


@laws
@given(st.integers(0, 10_000))
def test_kappa_of_one_with_itself_is_one_and_its_interval_has_width(seed: int) -> None:
    prediction, labels, _, _ = drawn(50, seed)

    kappa = error_consistency(prediction, labels, range(50), {"subject-01": prediction})

    assert kappa.value == pytest.approx(1.0)
    assert 0.6 < kappa.low < 0.95


def test_who_never_errs_agrees_by_chance_only() -> None:
    _, labels, _, people = drawn(50, 1)

    assert error_consistency(labels, labels, range(50), people).value == pytest.approx(0.0)


def test_error_consistency_refuses_what_has_none() -> None:
    prediction, labels, _, people = drawn(10, 0)

    with pytest.raises(ValueError, match="got nobody"):
        error_consistency(prediction, labels, range(10), {})
    with pytest.raises(ValueError, match="always right"):
        error_consistency(labels, labels, range(10), {"subject-01": labels})
    with pytest.raises(ValueError, match="different lengths"):
        error_consistency(prediction, labels, range(10), {"subject-01": labels[:9]})
    with pytest.raises(ValueError, match="No data is not a score"):
        error_consistency(np.array([], dtype=int), np.array([], dtype=int), [], people)


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 300])
@pytest.mark.parametrize("agreement", [0.0, 0.3, 0.9])
def test_interval_of_error_consistency_holds_the_truth(agreement: float, n: int) -> None:
    """Two people who repeat the backbone's right or wrong with a probability, and else are right on seven images of ten."""
    generator = np.random.default_rng(n)
    mine, accuracy = 0.6, 0.7
    theirs = agreement * mine + (1 - agreement) * accuracy
    both = mine * (agreement + (1 - agreement) * accuracy)
    expected = mine * theirs + (1 - mine) * (1 - theirs)
    truth = (1 - mine - theirs + 2 * both - expected) / (1 - expected)

    held = 0
    for repetition in range(400):
        right = generator.random(n) < mine
        people = {str(one): np.where(generator.random(n) < agreement, right, generator.random(n) < accuracy) for one in range(2)}
        kappa = error_consistency(
            right.astype(int), np.ones(n, dtype=int), [f"{repetition} {row}" for row in range(n)],
            {name: said.astype(int) for name, said in people.items()},
        )  # fmt: skip
        held += kappa.low <= truth <= kappa.high

    assert held / 400 >= 0.92


@pytest.mark.parametrize("n", [300, 1200])
@pytest.mark.parametrize("bias", [0.2, 0.6, 0.95])
def test_interval_of_shape_bias_holds_the_truth(bias: float, n: int) -> None:
    """How many images are decided is left to chance as well."""
    generator = np.random.default_rng(n)
    labels, texture = np.zeros(n, dtype=int), np.ones(n, dtype=int)

    held = 0
    for _ in range(1000):
        prediction = np.where(generator.random(n) < 0.5, 2, (generator.random(n) >= bias).astype(int))
        estimate = shape_bias(prediction, labels, texture)
        held += estimate.low <= bias <= estimate.high

    assert 0.93 <= held / 1000 <= 0.97

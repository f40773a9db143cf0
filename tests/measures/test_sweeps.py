"""Sweeps against published intervals, a plain implementation, their laws, and intervals that hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.measures.paired import paired_limits
from audits.measures.sweeps import background_alone, background_reliance, largest_drop

LEVELS = ("0", "15", "30")


def images(right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """correct, level and scene of every image, of [scenes, levels]."""
    scenes, levels = right.shape
    return right.ravel(), np.tile(np.arange(levels), scenes), np.repeat([f"scene {index}" for index in range(scenes)], levels)


def wilson(hits: float, n: float, z: float) -> tuple[float, float]:
    """By solving |p̂ - p| = z·sqrt(p(1-p)/n) for p."""
    share = hits / n
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share * share
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return max((-b - root) / (2 * a), 0), min((-b + root) / (2 * a), 1)


def plain_limits(a: int, b: int, c: int, d: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Newcombe's method 10, one table at a time, as the paper writes it."""
    n = a + b + c + d
    l1, u1 = wilson(a + b, n, z)
    l2, u2 = wilson(a + c, n, z)
    p1, p2 = (a + b) / n, (a + c) / n
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    top = a * d - b * c
    phi = (max(top - n / 2, 0) if top > 0 else top) / math.sqrt(margins) if margins else 0.0
    delta = math.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    epsilon = math.sqrt((u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2)
    return p1 - p2 - delta, p1 - p2 + epsilon


@pytest.mark.parametrize(
    ("table", "published"),
    [((1, 1, 7, 12), (-0.507, -0.026)), ((20, 12, 2, 16), (0.0562, 0.3292))],
    ids=["Fagerland, Lydersen and Laake 2014", "Newcombe 1998"],
)
def test_interval_of_a_paired_difference_is_the_published_one(table: tuple[int, ...], published: tuple[float, float]) -> None:
    (low,), (high,) = paired_limits([table], 0.025)

    assert (low, high) == pytest.approx(published, abs=6e-4)


tables = st.tuples(*[st.integers(0, 300)] * 4).filter(lambda table: sum(table) > 0)


@given(tables)
def test_interval_is_that_of_a_plain_implementation(table: tuple[int, int, int, int]) -> None:
    (low,), (high,) = paired_limits([table], 0.025)

    assert (low, high) == pytest.approx(plain_limits(*table), abs=1e-7)


@given(tables)
def test_a_difference_turns_round_with_its_pair(table: tuple[int, int, int, int]) -> None:
    a, b, c, d = table
    (low,), (high,) = paired_limits([table], 0.025)
    (turned_low,), (turned_high,) = paired_limits([(a, c, b, d)], 0.025)

    assert (low, high) == pytest.approx((-turned_high, -turned_low), abs=1e-9)


grids = st.integers(1, 25).flatmap(lambda n: st.lists(st.tuples(*[st.booleans()] * 3), min_size=n, max_size=n).map(np.array))


@given(grids, st.sampled_from([0, 1, 2, None]))
def test_drop_lies_in_its_interval_and_is_the_largest(right: np.ndarray, reference: int | None) -> None:
    drop = largest_drop(*images(right), LEVELS, reference)

    accuracy = right.mean(axis=0)
    others = np.delete(accuracy, reference) if reference is not None else accuracy
    from_level = accuracy.max() if reference is None else accuracy[reference]
    assert drop.value == pytest.approx(from_level - others.min())
    assert -1 <= drop.low <= drop.value <= drop.high <= 1
    assert drop.n == len(right)


@given(grids, st.randoms(use_true_random=False))
def test_order_of_images_and_names_of_scenes_do_not_matter(right: np.ndarray, random) -> None:
    correct, level, scene = images(right)
    order = list(range(len(correct)))
    random.shuffle(order)
    renamed = np.array([f"other {name}" for name in scene])

    one, other = largest_drop(correct, level, scene, LEVELS, 0), largest_drop(correct[order], level[order], renamed[order], LEVELS, 0)

    assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


@given(grids)
def test_a_level_more_never_makes_the_largest_drop_smaller(right: np.ndarray) -> None:
    assert largest_drop(*images(right[:, :2]), LEVELS[:2], 0).value <= largest_drop(*images(right), LEVELS, 0).value


def test_detail_tells_the_whole_curve() -> None:
    right = np.zeros((40, 3), dtype=bool)
    right[:30, 0] = right[:32, 1] = right[:10, 2] = True

    drop = largest_drop(*images(right), LEVELS, 0)

    assert drop.value == pytest.approx(0.5)
    assert drop.method == "newcombe"
    assert drop.detail is not None
    assert (drop.detail["worst"], drop.detail["compared"], drop.detail["curve"]["reference"]) == ("30", 2, "0")
    assert [(one["name"], one["accuracy"], one["count"]) for one in drop.detail["curve"]["levels"]] == [
        ("0", 0.75, 40), ("15", 0.8, 40), ("30", 0.25, 40),
    ]  # fmt: skip
    assert drop.detail["curve"]["levels"][2]["low"] == pytest.approx(wilson(10, 40, 1.959963984540054)[0])


def test_only_scenes_that_are_shown_at_both_levels_are_compared() -> None:
    """A scene that is never shown at the other level says nothing about it, and no image outside of the sweep does."""
    correct, level, scene = images(np.array([[1, 0, 0], [1, 1, 1], [0, 0, 0]], dtype=bool))
    kept = np.array([True] * 6 + [True, False, False])
    outside = np.r_[level[kept], [-1]]

    drop = largest_drop(np.r_[correct[kept], [True]], outside, np.r_[scene[kept], ["scene 0"]], LEVELS, 0)

    assert (drop.value, drop.n) == (0.5, 2)


def test_what_cannot_be_compared_is_an_error() -> None:
    correct, level, scene = images(np.ones((4, 3), dtype=bool))

    with pytest.raises(ValueError, match="No scene is shown at two levels"):
        largest_drop(correct[level == 0], level[level == 0], scene[level == 0], LEVELS, 0)
    with pytest.raises(ValueError, match=r"pairs of scene and level have several images \(scene scene 0 at level 0\)"):
        largest_drop(np.r_[correct, [True]], np.r_[level, [0]], np.r_[scene, ["scene 0"]], LEVELS, 0)
    with pytest.raises(ValueError, match="different lengths"):
        largest_drop(correct[1:], level, scene, LEVELS, 0)


def test_background_is_measured_with_and_without_its_object() -> None:
    right = np.zeros((50, 3), dtype=bool)
    right[:45, 0] = right[:30, 1] = right[:10, 2] = True
    correct, level, scene = images(right)

    drop, alone = background_reliance(correct, level, scene, ("own", "swapped", "without")), background_alone(correct, level)

    assert (drop.value, drop.n) == (pytest.approx(0.3), 50)
    assert (alone.value, alone.n) == (0.2, 50)
    assert drop.detail is not None
    assert [one["name"] for one in drop.detail["curve"]["levels"]] == ["own", "swapped", "without"]
    with pytest.raises(ValueError, match="no rows"):
        background_alone(correct[level == 0], level[level == 0])


COVERED = [  # accuracy at the reference and at the other levels, correlation through a difficulty that a scene has at all levels
    (0.97, (0.95, 0.9, 0.9, 0.6)),
    (0.97, (0.97, 0.97, 0.97, 0.97)),
    (0.9, (0.7, 0.7, 0.7, 0.7)),
    (0.9, (0.88,)),
    (0.99, (0.98, 0.985)),
]


@pytest.mark.parametrize("share_of_scene", [0.0, 0.6])
@pytest.mark.parametrize("case", COVERED, ids=str)
def test_each_limit_of_the_largest_drop_holds_the_truth(case: tuple[float, tuple[float, ...]], share_of_scene: float) -> None:
    accuracy, runs, scenes = np.array([case[0], *case[1]]), 1500, 240
    generator, truth = np.random.default_rng(7), case[0] - min(case[1])
    shared = generator.random((runs, scenes, 1)) < share_of_scene
    luck = np.where(shared, generator.random((runs, scenes, 1)), generator.random((runs, scenes, len(accuracy))))
    right = luck < accuracy
    both = (right[:, :, :1] & right[:, :, 1:]).sum(axis=1)
    first, second = right[:, :, :1].sum(axis=1) - both, right[:, :, 1:].sum(axis=1) - both
    counts = np.stack([both, first, second, scenes - both - first - second], axis=-1).reshape(-1, 4)

    low = paired_limits(counts, 0.025 / len(case[1]))[0].reshape(runs, -1).max(axis=1)
    high = paired_limits(counts, 0.025)[1].reshape(runs, -1).max(axis=1)

    above, below = float((low > truth).mean()), float((high < truth).mean())
    print(f"{case}, {share_of_scene:.0%} shared: truth below {above:.3%}, above {below:.3%}")
    assert max(above, below) < 0.025 + 4 * math.sqrt(0.025 * 0.975 / runs)

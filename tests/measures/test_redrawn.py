"""Scores of replicates, from what is kept of an estimate: of the weighted images, whichever form they were kept in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audits.measures.accuracy import worst_slice
from audits.measures.estimate import Estimate, bootstrap, exact, proportion
from audits.measures.redrawn import redrawn
from audits.measures.resampling import REPLICATES, weights_of

N = 300
IDS = list(range(N))
RIGHT = np.random.default_rng(5).random(N) < 0.8
OTHER = np.random.default_rng(6).random(N) < 0.7


def weights(estimate: Estimate) -> np.ndarray:
    assert estimate.images is not None
    return np.concatenate(list(weights_of(estimate.images, REPLICATES)))


def centred(drawn: np.ndarray, value: float) -> np.ndarray:
    return drawn - drawn.mean() + value


def test_a_share_is_that_of_the_weighted_images() -> None:
    one, other = proportion(RIGHT, IDS), proportion(OTHER, IDS)

    found = redrawn({"one": one, "other": other})

    for name, estimate, hits in (("one", one, RIGHT), ("other", other, OTHER)):
        slowly = np.array([np.average(hits, weights=row) for row in weights(estimate)])
        np.testing.assert_allclose(found[name], centred(slowly, estimate.value), atol=1e-12)


def test_a_share_kept_by_its_hits_is_as_one_kept_by_its_replicates() -> None:
    hits = proportion(RIGHT, IDS)
    mean = bootstrap(lambda weight, right: weight @ right / weight.sum(axis=1), IDS, [RIGHT.astype(float)])

    found = redrawn({"hits": hits, "replicates": mean})

    np.testing.assert_allclose(found["hits"], found["replicates"], atol=1e-12)


def test_the_lowest_share_is_the_lowest_of_all_slices_of_all_factors() -> None:
    factors = {"light": np.arange(N) % 3, "place": np.arange(N) // 160}
    estimate = worst_slice(RIGHT, factors, minimum_count=1, ids=IDS)

    slowly = [
        min(np.average(RIGHT[values == one], weights=row[values == one]) for values in factors.values() for one in set(values.tolist()))
        for row in weights(estimate)
    ]
    np.testing.assert_allclose(redrawn({"lowest": estimate})["lowest"], centred(np.array(slowly), estimate.value), atol=1e-12)


def test_of_the_largest_of_several_numbers_the_largest_of_each_replicate_is_taken() -> None:
    numbers = np.random.default_rng(7).normal(size=(REPLICATES, 3))
    largest = Estimate(0.5, 0.3, 0.7, 100, method="newcombe", replicates=numbers)

    np.testing.assert_allclose(redrawn({"largest": largest})["largest"], centred(numbers.max(axis=1), 0.5))


def test_what_is_exact_stays_as_it_is() -> None:
    assert set(redrawn({"count": exact(86.5, 1)})["count"].tolist()) == {86.5}


@pytest.mark.parametrize(("value", "middle"), [(0.5, 0.5), (0.2, 0.6)], ids=["inside", "outside"])
def test_of_an_interval_alone_replicates_lie_as_far_apart_as_it_says_and_the_same_each_time(value: float, middle: float) -> None:
    alone = Estimate(value, 0.4, 0.8, 100, method="inverted")

    found = redrawn({"one": alone, "other": alone})

    assert found["one"].mean() == pytest.approx(middle, abs=0.02)
    assert found["one"].std() == pytest.approx(0.4 / (2 * 1.96), rel=0.1)
    assert abs(np.corrcoef(found["one"], found["other"])[0, 1]) < 0.1
    np.testing.assert_array_equal(found["one"], redrawn({"one": alone})["one"])


def test_an_estimate_whose_replicates_are_of_another_number_is_known_by_its_interval() -> None:
    short = Estimate(0.5, 0.4, 0.6, 100, replicates=np.zeros(10))

    np.testing.assert_array_equal(redrawn({"one": short})["one"], redrawn({"one": replace(short, replicates=None)})["one"])

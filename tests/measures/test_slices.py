"""Slices are cut so that every factor has its say, whatever its values are, at the price of a few columns of memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.measures.accuracy import worst_slice
from audits.measures.slices import sliced


def test_a_range_of_a_continuous_factor_in_which_a_backbone_fails_is_found() -> None:
    generator = np.random.default_rng(3)
    temperature = generator.normal(size=5000)
    cold = temperature < np.quantile(temperature, 0.2)
    correct = generator.random(5000) < np.where(cold, 0.6, 0.95)

    measured = worst_slice(correct, {"temperature": temperature})

    assert measured.value == pytest.approx(correct[cold].mean())
    assert measured.detail["worst"] == f"temperature {temperature.min():g} to {temperature[cold].max():g}"
    assert (measured.n, measured.detail["compared"], measured.detail["too_small_count"]) == (5000, 5, 0)
    assert [row["count"] for row in measured.detail["lowest"]] == [1000] * 5


def test_a_factor_with_a_value_for_each_image_costs_a_few_columns_of_memory() -> None:
    n = 20_000
    generator = np.random.default_rng(4)
    correct, factors = generator.random(n) < 0.8, {"exposure": generator.random(n), "photographer": [f"name {i % 5000}" for i in range(n)]}

    tracemalloc.start()
    measured = worst_slice(correct, factors)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert measured.n == n
    assert peak < 30e6  # one mask of n for each value would be over 400 MB


def test_of_a_factor_of_many_names_only_the_frequent_ones_enter() -> None:
    rng = np.random.default_rng(5)
    author = np.array([f"author {index}" for index in range(300)] + ["ada"] * 400 + ["bob"] * 300)
    correct = np.where(author == "bob", rng.random(1000) < 0.7, rng.random(1000) < 0.95)

    measured = worst_slice(correct, {"author": author})

    assert (measured.detail["worst"], measured.detail["compared"], measured.n) == ("author=bob", 2, 700)
    assert (measured.detail["too_small_count"], len(measured.detail["too_small"])) == (300, 20)


def test_whole_numbers_are_written_in_full_and_equal_ones_stay_together() -> None:
    year = np.r_[np.full(500, 20240101), 20250101 + np.arange(100)]

    found = sliced(np.ones(600, dtype=bool), {"day": year})

    assert found.names == ["day 20240101 to 20240101", "day 20250101 to 20250200"]
    assert found.counts.tolist() == [500, 100]


def test_few_numbers_are_slices_of_their_own() -> None:
    assert sliced(np.ones(40, dtype=bool), {"light": np.arange(40) % 20 / 4}).names[:3] == ["light=0.0", "light=0.25", "light=0.5"]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e9, 1e9)), min_size=1, max_size=120), st.integers(0, 2**32 - 1))
def test_every_image_is_in_one_slice_of_each_factor(values: list[float], seed: int) -> None:
    correct = np.random.default_rng(seed).random(len(values)) < 0.5

    found = sliced(correct, {"number": values, "sign": np.sign(values)})
    of_number = np.array([name.startswith("number") for name in found.names])

    assert found.counts[of_number].sum() == found.counts[~of_number].sum() == len(values)
    assert found.hits[of_number].sum() == found.hits[~of_number].sum() == correct.sum()
    assert (found.counts > 0).all()
    assert found.images_in(of_number) == len(values)
    assert of_number.sum() <= 20

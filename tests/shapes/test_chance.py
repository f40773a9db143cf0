"""Chance must depend on the counter and the keys alone, and must look like chance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fixtures.shapes import chance


@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=20), st.integers(0, 2**31), st.text(max_size=8))
def test_a_number_does_not_depend_on_what_is_drawn_with_it(index: list[int], seed: int, key: str) -> None:
    together = chance.bits(index, seed, key)

    assert together.tolist() == [int(chance.bits(one, seed, key)[0]) for one in index]


def test_known_numbers_stay_what_they_are() -> None:
    # Written down once: every pixel of the embedded dataset follows from these.
    assert chance.bits([0, 1, 2**31], 11, "hue").tolist() == [4775333369522421312, 7973660110417288093, 17289588666569468022]


def test_keys_and_neighbours_are_independent() -> None:
    index = np.arange(20_000)
    columns = np.stack([chance.uniform(index + shift, 0.0, 1.0, seed, key) for shift in (0, 1) for seed in (1, 2) for key in ("x", "y")])

    correlations = np.corrcoef(columns)[np.triu_indices(len(columns), 1)]

    assert np.abs(correlations).max() < 0.035  # five standard errors of 1 / √20,000


def test_uniform_numbers_fill_their_range_evenly() -> None:
    drawn = chance.uniform(np.arange(24_000), -2.0, 4.0, "range")

    counts, _ = np.histogram(drawn, bins=12, range=(-2.0, 4.0))

    assert counts.sum() == 24_000
    assert ((counts - 2000.0) ** 2 / 2000.0).sum() < 31.3  # chi-squared, 11 degrees of freedom, 0.1 %


def test_choices_are_taken_as_often_as_their_shares() -> None:
    drawn = chance.choices(np.arange(20_000), [0.7, 0.0, 0.3], "share")

    shares = np.bincount(drawn, minlength=3) / 20_000

    assert shares[1] == 0.0
    assert abs(shares[0] - 0.7) < 0.016  # five standard errors


@given(st.integers(1, 50), st.integers(0, 2**40))
def test_whole_numbers_stay_below_their_count(count: int, seed: int) -> None:
    drawn = chance.integers(np.arange(64), count, seed)

    assert drawn.min() >= 0
    assert drawn.max() < count

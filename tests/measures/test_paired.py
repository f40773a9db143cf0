"""Differences of two answers to the same images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from audits.measures.paired import difference


def answers(both: int, here: int, there: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    one = [True] * (both + here) + [False] * (there + neither)
    other = [True] * both + [False] * here + [True] * there + [False] * neither
    return np.array(one), np.array(other)


@pytest.mark.parametrize(("counts", "low", "high"), [((36, 12, 2, 0), 0.0569, 0.3404), ((36, 14, 0, 0), 0.1528, 0.4167)])
def test_the_interval_is_the_published_one(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe 1998, Table III, method 10."""
    found = difference(*answers(*counts))

    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@pytest.mark.parametrize("counts", [(40, 5, 3, 20), (10, 0, 0, 10), (0, 30, 2, 1), (50, 1, 0, 77), (0, 0, 0, 128)])
def test_it_is_what_wilson_and_a_correlation_make(counts: tuple[int, int, int, int]) -> None:
    one, other = answers(*counts)
    n = len(one)
    wilson = [binomtest(int(each.sum()), n).proportion_ci(method="wilson") for each in (one, other)]
    product = counts[0] * counts[3] - counts[1] * counts[2]
    spread = math.sqrt(float(one.sum() * (~one).sum() * other.sum() * (~other).sum()))
    phi = 0.0 if spread == 0 else (max(product - n / 2, 0) if product > 0 else product) / spread
    below = [each.mean() - interval.low for each, interval in zip((one, other), wilson, strict=True)]
    above = [interval.high - each.mean() for each, interval in zip((one, other), wilson, strict=True)]

    found = difference(one, other)

    assert found.value == pytest.approx(one.mean() - other.mean())
    assert found.value - found.low == pytest.approx(math.sqrt(below[0] ** 2 - 2 * phi * below[0] * above[1] + above[1] ** 2), abs=1e-9)
    assert found.high - found.value == pytest.approx(math.sqrt(above[0] ** 2 - 2 * phi * above[0] * below[1] + below[1] ** 2), abs=1e-9)
    assert found.detail == dict(zip(("both", "only_here", "only_there", "neither"), counts, strict=True))


def test_turning_the_question_round_turns_the_answer_round() -> None:
    one, other = answers(40, 9, 2, 20)
    there, back = difference(one, other), difference(other, one)

    assert (back.value, back.low, back.high) == (pytest.approx(-there.value), pytest.approx(-there.high), pytest.approx(-there.low))


def test_the_interval_covers_what_is_true() -> None:
    draw, covered, n = np.random.default_rng(0), 0, 128
    for _ in range(2000):
        shared = draw.random(n)
        one, other = shared < 0.58, (shared + draw.normal(0, 0.03, n)) < 0.63
        found = difference(one, other)
        covered += found.low <= -0.05 <= found.high

    assert covered / 2000 >= 0.94


@pytest.mark.parametrize(("one", "other"), [([], []), ([True], [True, False]), ([0.5], [1.0])])
def test_what_is_no_pair_of_answers_is_refused(one: list, other: list) -> None:
    with pytest.raises(ValueError, match="correct"):
        difference(one, other)

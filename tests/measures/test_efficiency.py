"""Efficiency: the interval of a median against scipy's, and rates that are its inverse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from audits.measures.efficiency import count, duration, memory, rate

TRIED = {"device": "CPU (x86_64)", "threads": 2, "processes": 1, "batch": 32}


@pytest.mark.parametrize("trials", [9, 20, 21, 100, 283])
def test_the_interval_of_a_duration_is_scipys_for_a_median(trials: int) -> None:
    seconds = np.random.default_rng(trials).lognormal(-4, 0.5, trials)

    found = duration(seconds, TRIED)

    theirs = scipy.stats.quantile_test(seconds, q=float(np.median(seconds)), p=0.5).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((1000 * theirs.low, 1000 * theirs.high))
    assert found.value == pytest.approx(1000 * np.median(seconds))


def test_a_rate_is_the_inverse_of_a_duration() -> None:
    seconds = [0.10, 0.12, 0.11, 0.30, 0.10, 0.11, 0.12]

    found = rate(seconds, 32, TRIED)

    assert found.value == pytest.approx(32 / 0.11)
    assert found.low == pytest.approx(32 / 0.30)
    assert found.high == pytest.approx(32 / 0.10)
    assert found.detail == {**TRIED, "unit": "images a second"}


def test_memory_is_as_sure_as_its_trials_agree() -> None:
    found = memory([64_000_000, 61_000_000, 66_000_000, 64_000_000, 90_000_000, 64_000_000], 32, TRIED)

    assert (found.low, found.value, found.high) == (61, 64, 90)
    assert (found.n, found.method) == (6 * 32, "median of trials")
    assert found.detail == {**TRIED, "unit": "MB"}


def test_what_was_tried_is_true_of_one_device_and_what_was_counted_of_all() -> None:
    tried = [1.0] * 6

    assert all(found.timing for found in (rate(tried, 4, {}), duration(tried, {}), memory(tried, 4, {})))
    assert not count(5, 1.0, "GMAC").timing


def test_a_count_is_exact_and_says_its_unit() -> None:
    found = count(25_557_032, 1e6, "million parameters")

    assert (found.low, found.value, found.high) == (25.557032, 25.557032, 25.557032)
    assert found.method == "exact"


@pytest.mark.parametrize("seconds", [[], [0.1, float("nan")]])
def test_what_was_not_timed_is_refused(seconds: list[float]) -> None:
    with pytest.raises(ValueError, match="seconds"):
        duration(seconds, TRIED)

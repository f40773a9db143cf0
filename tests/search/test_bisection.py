"""Bisection places where something gives way to within one step, and asks no more than it must."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.measures.radius import mildest_failure
from fixtures.options import OPTIONS
from fixtures.search.bisection import STEP, bisect, crossings, most_asked
from fixtures.search.changes import MOST_SEVERE, MOST_TOGETHER

IMAGES = 200


@pytest.mark.slow
@given(st.floats(0.3, 19.9), st.floats(1.0, 4.0))
def test_each_crossing_is_placed_to_within_a_step(boundary: float, width: float) -> None:
    """Answers are lost evenly around the boundary, where three quarters are left."""

    def unchanged(severity: float) -> int:
        return round(IMAGES * min(1.0, max(0.0, 0.75 + (boundary - severity) / width)))

    found = bisect(unchanged, 20.0, crossings(IMAGES, 0.75))
    truly = next(step for step in range(1, 200_001) if unchanged(step / 1e4) < 0.75 * IMAGES) / 1e4 if unchanged(20.0) < 150 else 20.0
    estimate = mildest_failure([0.0, *found], [IMAGES, *found.values()], IMAGES, 0.75)

    assert estimate.value - STEP <= truly <= estimate.value + 1e-3
    assert estimate.low <= truly <= estimate.high + 1e-3


def test_a_step_is_placed_with_as_many_questions_as_bisection_takes() -> None:
    asked: list[float] = []

    def unchanged(severity: float) -> int:
        asked.append(severity)
        return IMAGES if severity < 7.3 else 0

    found = bisect(unchanged, 20.0, crossings(IMAGES, 0.75))

    assert len(asked) == len(set(asked)) == 1 + math.ceil(math.log2(20 / STEP))
    assert min(severity for severity, count in found.items() if count == 0) - 7.3 <= STEP


@given(st.randoms(use_true_random=False), st.sampled_from([20.0, 40.0, 60.0]))
def test_no_more_is_asked_than_was_planned(chance: Random, reach: float) -> None:
    """Whatever the answers: those of a backbone need not be fewer, the more severe the change."""
    found = bisect(lambda _: chance.randint(0, IMAGES), reach, crossings(IMAGES, 0.75))

    assert len(found) <= most_asked(reach)


def test_the_manual_says_how_many_passes_come_on_top_of_the_budget() -> None:
    root, most = Path(__file__).resolve().parents[2], most_asked(MOST_SEVERE * MOST_TOGETHER)
    (option,) = (option for option in OPTIONS if option.name == "--audit-search-passes")

    assert f"Up to {most} more" in option.help
    assert f"up to {most} more" in (root / "README.md").read_text()
    assert f"at most {most} passes more" in (root / "audits" / "README.md").read_text()


def test_what_holds_to_the_end_is_asked_at_the_end_only() -> None:
    assert bisect(lambda _: IMAGES, 20.0, crossings(IMAGES, 0.75)) == {20.0: IMAGES}


def test_the_interval_of_a_radius_covers_it() -> None:
    """Each image gives way at a severity of its own, drawn from a normal distribution; the radius is where one in four has."""
    import numpy as np

    truth, covered, draw = 8.0, 0, np.random.default_rng(0)
    for _ in range(300):
        gives_way = draw.normal(truth + 0.6745 * 3, 3, IMAGES)
        found = bisect(lambda severity, own=gives_way: int((own > severity).sum()), 20.0, crossings(IMAGES, 0.75))
        estimate = mildest_failure([0.0, *found], [IMAGES, *found.values()], IMAGES, 0.75)
        covered += estimate.low <= truth <= estimate.high

    assert covered / 300 >= 0.95


@pytest.mark.parametrize("rows", [([0.0, 2.0, 1.0], [9, 9, 9]), ([0.0, 1.0], [9])])
def test_radii_that_do_not_rise_are_refused(rows: tuple[list[float], list[int]]) -> None:
    with pytest.raises(ValueError, match="radius"):
        mildest_failure(rows[0], rows[1], 10, 0.75)


def test_a_radius_beyond_what_was_tried_is_the_furthest_tried() -> None:
    estimate = mildest_failure([0.0, 20.0], [IMAGES, IMAGES], IMAGES, 0.75)

    assert (estimate.value, estimate.low, estimate.high) == (20.0, 20.0, 20.0)

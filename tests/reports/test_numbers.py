"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports import numbers


def plain(text: str) -> str:
    return text.replace(numbers.NO_BREAK, " ")


@pytest.mark.parametrize(
    ("value", "share", "words"),
    [
        (0.7633333, True, "76.3 %"),
        (0.9267, True, "92.7 %"),
        (1.0, True, "100 %"),
        (0.0, True, "0 %"),
        (0.99964, True, "99.96 %"),
        (0.9999999, True, ">99.99 %"),
        (0.0000001, True, "<0.01 %"),
        (-0.019, True, "−1.9 %"),
        (0.15824, False, "0.158"),
        (0.0537, False, "0.0537"),
        (1.0905, False, "1.09"),
        (9.999, False, "10.0"),
        (1234.4, False, "1,230"),
        (3.1e-6, False, "3.1 × 10⁻⁶"),
        (0.0, False, "0"),
        (-0.02, False, "−0.0200"),
        (None, False, "–"),
        (math.nan, True, "–"),
    ],
)
def test_scores_have_three_significant_figures(value: float | None, share: bool, words: str) -> None:
    assert plain(numbers.score(value, share)) == words


def test_changes_of_shares_are_points_and_not_parts_of_the_share() -> None:
    assert [plain(numbers.points(change, True)) for change in (-0.032, 0.0, 0.00001)] == ["−3.2 points", "0 points", "<0.01 points"]
    assert [plain(numbers.points(margin, True, chosen=True)) for margin in (0.01, 0.02, 0.025)] == ["1 point", "2 points", "2.5 points"]
    assert plain(numbers.points(-0.02)) == "−0.0200"


@pytest.mark.parametrize(
    ("value", "share", "words"),
    [(0.05, False, "0.05"), (0.07, True, "7 %"), (0.875, True, "87.5 %"), (1e-6, False, "1 × 10⁻⁶"), (-0.5, False, "−0.5")],
)
def test_bounds_are_written_as_they_were_chosen(value: float, share: bool, words: str) -> None:
    assert plain(numbers.limit(value, share)) == words


def test_an_interval_says_percent_once() -> None:
    assert plain(numbers.interval(0.751, 0.775, True)) == "75.1 – 77.5 %"
    assert plain(numbers.interval(0.049, 0.055, False, "to")) == "0.0490 to 0.0550"
    assert plain(numbers.interval(-0.193, -0.115)) == "−0.193 to −0.115"
    assert numbers.interval(None, 0.5) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.42, "0.4 s"), (12.3, "12 s"), (372.0, "6 min 12 s"), (7500.0, "2 h 5 min"), (60.0, "1 min")]
)
def test_durations_can_be_pictured(seconds: float, words: str) -> None:
    assert plain(numbers.duration(seconds)) == words


def test_a_rough_number_has_two_figures() -> None:
    assert [numbers.roughly(n) for n in (0, 7, 1234, 213_456)] == ["0", "7", "1,200", "210,000"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5), st.booleans())
def test_an_axis_holds_all_numbers(found: list[float], share: bool) -> None:
    low, high = numbers.axis_limits(found, share)

    assert low < high
    assert low <= min(found)
    assert max(found) <= high


@example([2.2250738585e-313])
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_the_axis_of_shares_stays_between_none_and_all(found: list[float]) -> None:
    low, high = numbers.axis_limits(found, share=True)

    assert 0 <= low < high <= 1
    assert 2 <= len(numbers.ticks(low, high)) <= 8


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=5))
def test_the_axis_of_differences_of_shares_stays_between_minus_all_and_all(found: list[float]) -> None:
    low, high = numbers.axis_limits([*found, -0.1], share=True)

    assert -1 <= low < high <= 1


@given(st.floats(1e-4, 1e5))
def test_three_figures_are_kept(value: float) -> None:
    assert float(numbers.score(value).replace(",", "")) == pytest.approx(value, rel=0.0051)

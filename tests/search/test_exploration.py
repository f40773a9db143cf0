"""The search finds the mildest failure of what fails in a known way, within its budget, and in the same way each time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.search.changes import CHANGES, MOST_SEVERE, Composition, severity
from fixtures.search.exploration import explore

Fails = Callable[[dict[str, float]], bool]


def search(fails: Fails, *names: str, passes: int = 200, kept: tuple[Composition, ...] = ()):
    asked: list[Composition] = []

    def consistency(composition: Composition) -> float:
        asked.append(composition)
        return 0.2 if fails(dict(composition)) else 0.9

    return explore(consistency, names, 0.75, passes, kept), asked


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("least", [1, 2, 7, 13, 20])
def test_the_mildest_failure_of_one_change_is_found(name: str, least: int) -> None:
    found, asked = search(lambda change: abs(change.get(name, 0)) >= least, name, passes=40)

    assert found.mildest is not None
    assert severity(found.mildest) == least
    assert len(asked) <= 40


@pytest.mark.parametrize("sign", [1, -1])
def test_a_failure_in_one_direction_only_is_found(sign: int) -> None:
    found, _ = search(lambda change: sign * change.get("rotation", 0) >= 6, "rotation", passes=40)

    assert found.mildest == (("rotation", 6.0 * sign),)


def test_what_only_two_changes_together_bring_about_is_found() -> None:
    found, _ = search(lambda change: abs(change.get("rotation", 0)) >= 3 and change.get("blur", 0) >= 2, *CHANGES)

    assert found.mildest is not None
    assert {name: abs(amount) for name, amount in found.mildest} == {"rotation": 3, "blur": 2}


def test_three_mild_changes_are_preferred_to_one_severe_change() -> None:
    """Each alone fails at 18; together their sum needs to be 9 only."""
    found, _ = search(lambda change: sum(map(abs, change.values())) >= (18, 12, 9)[len(change) - 1], *CHANGES, passes=400)

    assert found.mildest is not None
    assert len(found.mildest) == 3
    assert severity(found.mildest) == 9


def test_at_most_three_changes_are_combined() -> None:
    _, asked = search(lambda change: len(change) == 3, *CHANGES)

    assert max(map(len, asked)) == 3


def test_where_nothing_fails_the_most_harmful_change_is_told() -> None:
    found = explore(lambda composition: 1 - 0.001 * severity(composition), ["rotation"], 0.75, 30)

    assert found.mildest is None
    assert severity(found.most_harmful) == MOST_SEVERE


@pytest.mark.parametrize("passes", [2, 3, 10])
def test_no_more_passes_are_made_than_the_budget_has(passes: int) -> None:
    _, asked = search(lambda change: sum(map(abs, change.values())) >= 11, *CHANGES, passes=passes)

    assert len(asked) <= passes
    assert len(set(asked)) == len(asked)


def test_the_same_is_asked_each_time() -> None:
    fails: Fails = lambda change: sum(map(abs, change.values())) >= 11  # noqa: E731

    assert search(fails, *CHANGES)[1] == search(fails, *CHANGES)[1]


def test_what_failed_before_is_asked_first() -> None:
    before = ((("rotation", 4.0), ("blur", 1.0)), (("zoom", -9.0),))

    found, asked = search(lambda change: "rotation" in change and "blur" in change, *CHANGES, passes=12, kept=before)

    assert asked[:2] == [before[0], before[1]]
    assert severity(found.mildest or ()) <= 5
    assert search(lambda change: dict(before[0]) == change, *CHANGES, kept=before)[0].replayed


def test_what_failed_before_leaves_passes_to_know_how_far_all_holds() -> None:
    kept = tuple((("rotation", float(amount)),) for amount in range(1, 9))

    found, asked = search(lambda change: change.get("rotation", 0) <= -MOST_SEVERE, "rotation", passes=6, kept=kept)

    assert len(asked) == 6
    assert found.mildest == (("rotation", -float(MOST_SEVERE)),)

"""What a violation is worth among many claims: Holm's correction by its definition, and what is said of it where."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import html, markdown
from reports.budget import budget_of, holm, meaning, second_reading, with_second_reading
from reports.gate import gate_of
from reports.record import Record
from reports.summary import closing
from tests.reports.sample import sample_run

laws = settings(deadline=None, max_examples=150, derandomize=True)
p_values = st.lists(st.sampled_from([0.0, 1e-4, 0.004, 0.01, 0.0125, 0.02, 0.025, 0.05, 1.0]) | st.floats(0, 1), max_size=7)


def record(verdict: str, p: float | None, view: str = "clean", **more: object) -> Record:
    return Record("calibration.ece", "Confidence is kept", "small", "shapes", view, verdict, confidence_level=0.95, p_violated=p, **more)  # type: ignore[arg-type]


def by_closed_testing(p: list[float], level: float) -> list[bool]:
    """Holm's procedure as what it is: a hypothesis is rejected if Bonferroni rejects every set of hypotheses that it belongs to."""
    sets = [chosen for size in range(1, len(p) + 1) for chosen in itertools.combinations(range(len(p)), size)]
    return [all(min(p[one] for one in chosen) <= level / len(chosen) for chosen in sets if index in chosen) for index in range(len(p))]


@laws
@given(p_values, st.sampled_from([0.01, 0.05, 0.1]))
def test_holm_rejects_what_closed_testing_rejects(p: list[float], level: float) -> None:
    assert holm(p, level) == by_closed_testing(p, level)


@laws
@given(p_values, st.floats(0.001, 0.5), st.randoms())
def test_holm_depends_on_no_order_and_grows_with_its_level(p: list[float], level: float, chance: object) -> None:
    order = list(range(len(p)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    shuffled = holm([p[index] for index in order], level)

    assert [shuffled[order.index(index)] for index in range(len(p))] == holm(p, level)
    assert all(more or not less for less, more in zip(holm(p, level / 2), holm(p, level), strict=True))


def test_holms_own_example() -> None:
    """Four hypotheses at 5 %: 0.005 against 0.0125, 0.01 against 0.0167, 0.03 against 0.025, and there it stops."""
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]


def test_a_sure_violation_stays_and_a_near_one_does_not() -> None:
    records = [record("violated", 1e-6), record("violated", 0.02, "blur=1"), *(record("holds", 1.0, f"hue={n}") for n in range(8))]

    read = with_second_reading(records, 0.05)

    assert [one.violated_after_holm for one in read] == [True, *[False] * 9]
    assert [replace(one, violated_after_holm=None) for one in read] == records
    assert budget_of(read, 0.05) == {"false_red": 0.05, "judged": 10, "violated": 2, "violated_after_holm": 1}


def test_what_was_not_judged_is_not_read_again() -> None:
    records = [record("violated", 0.02), record("reported", None), record("error", None)]

    assert [one.violated_after_holm for one in with_second_reading(records, 0.05)] == [True, None, None]


def test_what_its_interval_leaves_open_is_no_violation_however_few_claims_there_are() -> None:
    (read,) = with_second_reading([record("undecided", 0.03)], 0.05)

    assert read.violated_after_holm is False


def test_a_waiver_changes_nothing_that_is_said_of_other_claims() -> None:
    others = [record("violated", 0.012, "blur=1"), *(record("holds", 1.0, f"hue={n}") for n in range(2))]
    waiver = {"owner": "Ada", "covers": "violated"}

    without = with_second_reading([record("violated", 0.02), *others], 0.05)
    waived = with_second_reading([record("waived", 0.02, waiver=waiver), *others], 0.05)

    assert [one.violated_after_holm for one in waived] == [one.violated_after_holm for one in without]
    assert [one.violated_after_holm for one in waived[:2]] == [False, True]


def test_exact_numbers_are_sure_or_none() -> None:
    exact = [record("violated", 0.0, f"{n}") for n in range(200)]

    assert all(one.violated_after_holm for one in with_second_reading(exact, 0.001))


def test_a_record_keeps_both_readings() -> None:
    (read,) = with_second_reading([record("violated", 1e-6)], 0.05)

    assert Record.from_json(read.to_json()) == read
    assert json.loads(read.to_json())["p_violated"] == 1e-6


@pytest.mark.parametrize(
    ("violated", "stay", "words"),
    [
        (0, 0, ""),
        (1, 1, "The violated claim stays violated when all 1,200 judged ones are allowed for together."),
        (1, 0, "The violated claim does not stay violated when all 1,200 judged ones are allowed for together."),
        (3, 0, "Of 3 violated claims none stays violated when all 1,200 judged ones are allowed for together."),
        (3, 1, "Of 3 violated claims 1 stays violated when all 1,200 judged ones are allowed for together."),
        (3, 2, "Of 3 violated claims 2 stay violated when all 1,200 judged ones are allowed for together."),
        (3, 3, "Of 3 violated claims all stay violated when all 1,200 judged ones are allowed for together."),
    ],
)
def test_the_second_reading_is_one_sentence(violated: int, stay: int, words: str) -> None:
    budget = {"false_red": 0.05, "judged": 1200, "violated": violated, "violated_after_holm": stay}

    assert second_reading(budget) == words
    assert words in dict(meaning(budget))["Red"]


def run_with(*p_of_violated: float) -> dict:
    """The invented run, with so many violations of such p among its records, all others as far inside as can be."""
    run = sample_run(pictures=False)
    left = list(p_of_violated)
    records = []
    for entry in run["records"]:
        judged = Record(**entry)
        if judged.verdict == "violated" and not left:
            judged = replace(judged, verdict="holds")
        if judged.verdict == "violated":
            judged = replace(judged, p_violated=left.pop())
        elif judged.verdict in ("holds", "undecided", "waived"):
            judged = replace(judged, p_violated=1.0)
        records.append(judged)
    read = with_second_reading(records, 0.05)
    return run | {"records": [json.loads(one.to_json()) for one in read], "budget": budget_of(read, 0.05)}


def test_the_report_says_what_green_and_red_mean_and_which_violations_may_be_chance() -> None:
    page = html.render(run_with(1e-9, 0.0213))

    assert 'id="meaning"' in page
    assert "the chance of a green gate is therefore about 2.5 % at most" in page
    assert "stays after it in at most 5 of 100 runs" in page
    assert page.count("Of 2 violated claims 1 stays violated when all") == 2
    assert "violated on its own (p = 0.021), not after Holm&#39;s correction" in page
    assert "p = 1e-09" not in page


def test_the_short_table_says_so_too() -> None:
    assert "Among so many claims it may be chance: violated on its own (p = 0.021)" in markdown.render(run_with(0.0213))


def test_a_run_from_before_there_were_two_readings_is_still_drawn() -> None:
    assert 'id="meaning"' not in html.render(sample_run(pictures=False) | {"budget": None})


def test_the_terminal_says_it_in_one_line_and_only_where_it_differs() -> None:
    def said(*p: float) -> list[str]:
        records = with_second_reading([*(record("violated", one, f"hue={one}") for one in p), *[record("holds", 1.0)] * 50], 0.05)
        return [line for line, _ in closing(records, gate_of(records, (), (), True, False), 0, False)]

    assert said(0.02, 1e-5) == ["1 of 2 violated may be chance among so many claims (not violated after Holm's correction)."]
    assert said(1e-5) == []


def test_nothing_depends_on_the_second_reading() -> None:
    records = with_second_reading([record("violated", 0.02), *[record("holds", 1.0)] * 50], 0.05)
    gate = gate_of(records, (), (), True, False)

    assert not any(one.violated_after_holm for one in records)
    assert gate.red
    assert gate.state == "not ready"


def test_the_module_needs_nothing_but_the_standard_library() -> None:
    source = (Path(__file__).parents[2] / "reports" / "budget.py").read_text()

    assert "import numpy" not in source

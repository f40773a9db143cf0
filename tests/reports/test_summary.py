"""The table at the end of a terminal run."""

from __future__ import annotations

from dataclasses import replace

from reports.claims import records_of
from reports.gate import gate_of
from reports.record import Record
from reports.summary import closing, table
from reports.wording import OUTSIDE
from tests.reports.sample import sample_run


def view(name: str, value: float, bound: float | None) -> Record:
    verdict = "reported" if bound is None else "holds"
    given = {"claim": "", "backbone": "a", "dataset": "shapes", "low": value - 0.05, "high": value + 0.05, "n": 300}
    return Record(
        audit="invariance.resolution", view=name, verdict=verdict, value=value, bound=bound, direction="at_least", **given
    )  # fmt: skip


def test_views_that_hold_are_told_from_views_that_are_only_reported() -> None:
    _, (row, _) = table([view("resolution=56", 0.1, None), view("resolution=224", 0.9, 0.75), view("resolution=336", 0.3, 0.25)])

    assert row.startswith("✓ holds (2 of 2; 1 reported)  invariance.resolution  shapes   resolution=336")


def test_a_claim_that_is_only_reported_shows_its_lowest_score() -> None:
    _, (row, _) = table([view("clean", 0.9, None), view("resolution=56", 0.1, None), view("resolution=84", 0.4, None)])

    assert row.startswith("○ reported (3)   invariance.resolution  shapes   resolution=56")


def test_a_score_outside_its_interval_has_a_note() -> None:
    records = records_of(sample_run())
    assert not any(OUTSIDE in line for line, _ in table(records))
    outside = [replace(record, value=0.5) for record in records if record.method == "inverted bins"]

    lines = [line for line, _ in table(outside)]

    assert "*" in lines[1]
    assert lines[-1] == f"* {OUTSIDE}"


def test_each_of_several_backbones_has_its_line_before_the_answer() -> None:
    records = [view("clean", 0.9, 0.5), replace(view("clean", 0.1, 0.5), verdict="violated", backbone="long_name")]
    gate = gate_of(records, (), (), undecided_fails=True, partial_is_meant=False)

    assert closing(records, gate, 0, False) == [("a          1 holds", "green"), ("long_name  1 violated", "red")]
    assert closing(records[:1], gate, 0, False) == []


def test_what_is_missing_is_counted_where_it_is_not_listed() -> None:
    gate = gate_of([view("clean", 0.9, 0.5)], [f"audit {number}" for number in range(11)], (), undecided_fails=True, partial_is_meant=False)
    lines = [line for line, _ in closing([], gate, 1, False)]

    assert lines[0].startswith("1 audit does not apply")
    assert lines[1] == "required, not judged: audit 0"
    assert lines[-1] == "… and 3 more; the report lists them all"


def test_a_stopped_run_says_where_it_goes_on() -> None:
    gate = gate_of([], ["audit"], ["interrupted"], undecided_fails=True, partial_is_meant=False)

    assert closing([], gate, 0, False) == [("Stopped; what was measured is kept: the same command goes on from here.", "")]


def test_a_score_over_several_views_is_not_called_that_of_one() -> None:
    _, (row, _) = table([replace(view("clean", 0.9, 0.5), detail={"over": "15 corruptions"})])

    assert "15 corruptions" in row
    assert "clean" not in row

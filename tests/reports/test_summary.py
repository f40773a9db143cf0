"""The table at the end of a terminal run."""

from __future__ import annotations

from dataclasses import replace

from reports.claims import records_of
from reports.record import Record
from reports.summary import table
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

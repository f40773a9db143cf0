"""What records add up to, in words that count and name whatever is not certain."""

from __future__ import annotations

import pytest

from reports.gate import Gate, gate_of
from reports.record import Record


def record(verdict: str, view: str = "clean", now_holds: bool = False) -> Record:
    waiver = {"now_holds": True, "reason": "delete it"} if now_holds else None
    return Record("calibration.ece", "", "small", "shapes", view, verdict, waiver=waiver)


def answer(*verdicts: str, fails: bool = False, partial: tuple[str, ...] = (), missing: tuple[str, ...] = (), meant: bool = False) -> Gate:
    return gate_of([record(verdict) for verdict in verdicts], missing, partial, fails, meant)


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (("holds",), "Ready: the one judged claim holds."),
        (("holds", "holds", "reported"), "Ready: all 2 judged claims hold."),
        (("holds", "holds", "waived"), "Ready: 2 of 3 judged claims hold, 1 is waived."),
        (
            ("holds", "undecided"),
            "Ready: 1 of 2 judged claims holds; 1 claim is undecided (calibration.ece of small on shapes).",
        ),
        (("waived",), "Ready: 0 of 1 judged claims hold, 1 is waived."),
    ],
)
def test_ready_says_how_much_holds(verdicts: tuple[str, ...], sentence: str) -> None:
    gate = answer(*verdicts)

    assert gate.as_data()["ready"]
    assert not gate.red
    assert gate.sentence == sentence


def test_a_run_in_which_nothing_holds_is_not_ready() -> None:
    gate = answer("undecided", "undecided")

    assert gate.state == "not ready"
    assert gate.red
    assert gate.sentence.startswith("Not ready: no claim holds; 2 claims are undecided (calibration.ece of small on shapes, ")


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("partial", [(), ("-k",)])
def test_undecided_claims_are_counted_and_named_in_every_answer(fails: bool, partial: tuple[str, ...]) -> None:
    records = [record("holds"), *(record("undecided", f"hue={number}") for number in range(5))]
    gate = gate_of(records, [], partial, fails, False)

    names = ", ".join(f"calibration.ece of small on shapes under hue={number}" for number in range(3))
    assert f"5 claims are undecided ({names} and 2 more)" in gate.sentence
    assert gate.sentence.count("undecided") == 1
    assert gate.red is fails


def test_a_needless_waiver_is_not_ready() -> None:
    gate = gate_of([record("holds"), record("holds", now_holds=True)], [], [], True, False)

    assert gate.red
    assert gate.sentence == "Not ready: 1 waiver is no longer needed."


def test_something_required_is_missed_unless_leaving_it_out_was_meant() -> None:
    missing = ("accuracy.top1 of small on shapes",)

    assert answer("holds", missing=missing, partial=("-k",)).red
    assert not answer("holds", missing=missing, partial=("-k",), meant=True).red
    assert answer("holds", missing=missing, meant=True).red  # nothing was left out, and yet it is not there


def test_nothing_judged_is_never_green() -> None:
    assert answer("reported").sentence == "Not ready: nothing was judged."
    assert answer(partial=("-k",)).red

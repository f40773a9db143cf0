"""A sabotage is caught only where every audit named for it turned red, and the backbone as it is held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.sabotage.outcome import Outcome, outcomes, sentence, table
from fixtures.sabotage.table import Sabotage
from fixtures.sabotage.trial import Expectation
from reports.record import Record

FROZEN = Sabotage("frozen_output", "one answer to everything", ("accuracy.top1", "accuracy.top5"))
EXPECTED = (Expectation("vit", FROZEN, "accuracy.top1", "shapes"), Expectation("vit", FROZEN, "accuracy.top5", "shapes"))


def record(audit: str, backbone: str, verdict: str, view: str = "clean") -> Record:
    return Record(
        audit, "", backbone, "shapes", view, verdict, value=0.5, low=0.4, high=0.6, n=500, bound=0.7, direction="at_least", decides_at=900
    )


CAUGHT = (
    record("accuracy.top1", "vit", "holds"),
    record("accuracy.top5", "vit", "holds"),
    record("accuracy.top1", "vit+frozen_output", "violated"),
    record("accuracy.top5", "vit+frozen_output", "violated"),
)


def outcome(*records: Record, expected: tuple[Expectation, ...] = EXPECTED) -> Outcome:
    (found,) = outcomes(expected, records)
    return found


def with_verdict(place: int, verdict: str) -> tuple[Record, ...]:
    return tuple(replace(one, verdict=verdict) if index == place else one for index, one in enumerate(CAUGHT))


def test_all_that_is_named_must_turn_red() -> None:
    found = outcome(*CAUGHT)

    assert found.caught
    assert found.turned_red == ["accuracy.top1", "accuracy.top5"]
    assert found.as_data()["control"] == {"accuracy.top1": "holds", "accuracy.top5": "holds"}


@pytest.mark.parametrize("verdict", ["holds", "undecided", "error"])
def test_what_did_not_turn_red_is_not_caught(verdict: str) -> None:
    found = outcome(*with_verdict(2, verdict))

    assert not found.caught
    assert found.turned_red == ["accuracy.top5"]
    assert len(found.why) == 1
    assert found.why[0].startswith("accuracy.top1: did not turn red: ")
    assert ("about 900 images would decide" in found.why[0]) == (verdict == "undecided")


@pytest.mark.parametrize("verdict", ["violated", "undecided", "error", "waived"])
def test_red_means_nothing_where_the_control_does_not_hold(verdict: str) -> None:
    found = outcome(*with_verdict(1, verdict))

    assert not found.caught
    assert "the backbone as it is must hold" in found.why[0]


@pytest.mark.parametrize("place", range(4))
def test_nothing_is_caught_by_absence(place: int) -> None:
    found = outcome(*(one for index, one in enumerate(CAUGHT) if index != place))

    assert not found.caught
    assert "not measured" in found.why[0]


@pytest.mark.parametrize("place", [0, 2])
def test_one_view_that_did_otherwise_is_enough(place: int) -> None:
    other = replace(CAUGHT[place], view="flip", verdict={0: "violated", 2: "holds"}[place])

    assert not outcome(*CAUGHT, other).caught


def test_a_view_without_a_bound_tells_nothing() -> None:
    assert outcome(*CAUGHT, replace(CAUGHT[2], view="flip", verdict="reported")).caught


def test_what_could_not_be_put_to_it_is_listed_and_not_expected() -> None:
    expected = (EXPECTED[0], replace(EXPECTED[1], dataset="", why_not="the policy has no bound for it"))

    found = outcome(*CAUGHT, expected=expected)

    assert found.caught
    assert found.expected == ("accuracy.top1",)
    assert found.not_put == {"accuracy.top5": "the policy has no bound for it"}


def test_a_sabotage_that_nothing_could_notice_is_not_caught() -> None:
    found = outcome(*CAUGHT, expected=tuple(replace(one, dataset="", why_not="does not apply") for one in EXPECTED))

    assert not found.caught
    assert found.expected == ()


def test_each_backbone_is_tried_by_itself() -> None:
    other = tuple(replace(one, backbone="cnn") for one in EXPECTED)

    found = outcomes((*EXPECTED, *other), CAUGHT)

    assert [(one.backbone, one.caught) for one in found] == [("vit", True), ("cnn", False)]


def test_the_answer_never_says_that_the_backbone_may_pass() -> None:
    caught, missed = outcome(*CAUGHT), outcome(*with_verdict(2, "holds"))

    assert sentence([caught]) == "Caught: all 1 sabotages. Not a gate: this says that the gate can fail, not whether the backbone may pass."
    assert sentence([caught, missed]).startswith("Not caught: 1 of 2 sabotages (1 did not turn everything red that is named for them).")
    assert "(1 could not be judged)" in sentence([outcome(*with_verdict(0, "undecided"))])
    assert "(1 could not be judged)" in sentence([outcome(*CAUGHT[:3])])
    assert sentence([]).startswith("Not caught: nothing was sabotaged")
    assert all("Not a gate" in sentence(found) for found in ([caught], [missed], []))


def test_the_table_says_below_a_sabotage_what_was_missed() -> None:
    lines = [line for line, _ in table([outcome(*with_verdict(2, "holds"))])]

    assert lines[1].split() == ["NO", "vit", "frozen_output", "accuracy.top1,", "accuracy.top5", "1", "of", "2", "holds"]
    assert lines[2].strip() == "accuracy.top1: did not turn red: 0.500 (0.400 to 0.600) must be at least 0.700: holds"

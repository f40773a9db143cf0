"""What green and red mean for a gate as a whole, and which violations stay sure once all of its claims are allowed for together.

A verdict is about one claim. Of many true ones that lie just on their bounds some are violated by chance: one in forty. Here violations are
read a second time, so that a sound backbone has any that stays in at most `false_red` of all runs. It is a reading only: no verdict, no
test and no exit status depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reports import numbers
from reports.gate import JUDGED
from reports.record import Record


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which of several hypotheses are rejected, so that a true one is among them with a probability of at most `level` (Holm 1979).

    From the smallest p on, each is compared with the level over the number of those that are left, until the first that is larger.
    """
    rejected = [False] * len(p_values)
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > level / (len(p_values) - place):
            break
        rejected[index] = True
    return rejected


def with_second_reading(records: Sequence[Record], false_red: float) -> list[Record]:
    """The records of a run, each judged one with whether it is still violated after Holm's correction over all judged claims of the run.

    Waived ones are among them: a waiver accepts what was found, it does not unask the question, and what one owner accepts must not change
    what is said of other claims. What is not violated on its own is not here either, however few claims there are.
    """
    judged = [index for index, record in enumerate(records) if record.verdict in JUDGED and record.p_violated is not None]
    read = list(records)
    for index, stays in zip(judged, holm([records[index].p_violated or 0.0 for index in judged], false_red), strict=True):
        read[index] = replace(read[index], violated_after_holm=stays and _violated_alone(read[index]))
    return read


def _violated_alone(record: Record) -> bool:
    """Whether the whole interval lies outside the bound, waived or not."""
    return (record.p_violated or 0.0) < round((1 - (record.confidence_level or 0.95)) / 2, 12)


def may_be_chance(record: Record) -> bool:
    """Whether a claim is violated on its own, but no longer once all claims of its run are allowed for."""
    return record.verdict == "violated" and record.violated_after_holm is False


def budget_of(records: Sequence[Record], false_red: float) -> dict[str, Any]:
    """The counts of both readings, for run.json."""
    violated = [record for record in records if record.verdict == "violated"]
    return {
        "false_red": false_red,
        "judged": sum(record.violated_after_holm is not None for record in records),
        "violated": len(violated),
        "violated_after_holm": sum(bool(record.violated_after_holm) for record in violated),
    }


def second_reading(budget: dict[str, Any]) -> str:
    """`Of 3 violated claims 1 stays violated when all 128 judged ones are allowed for together.`; empty where nothing is violated."""
    violated, stay, judged = budget["violated"], budget["violated_after_holm"], numbers.count(budget["judged"])
    if not violated:
        return ""
    if violated == 1:
        return f"The violated claim {'stays' if stay else 'does not stay'} violated when all {judged} judged ones are allowed for together."
    stays = "all stay" if stay == violated else f"{stay} stays" if stay == 1 else f"{stay or 'none'} {'stay' if stay else 'stays'}"
    return f"Of {violated} violated claims {stays} violated when all {judged} judged ones are allowed for together."


def meaning(budget: dict[str, Any]) -> list[tuple[str, str]]:
    """What the answer of a gate says, as (word, sentences)."""
    judged, by_chance = numbers.count(budget["judged"]), f"{0.025 * budget['judged']:.2g}"
    green = (
        "every judged claim holds: its whole 95 % interval lies inside its bound. That of a false claim does so by chance in about 2.5 "
        "of 100 runs at most. If one claim is false, the chance of a green gate is therefore about 2.5 % at most; if several are, it is "
        "smaller still. "
        "All must hold, so this needs no correction for their number."
    )
    red = (
        "a claim is violated, undecided, missing, could not be measured, or has become worse than the baseline, or may have. Violated "
        "means that its whole interval lies outside its bound, "
        f"as that of a claim that is just true does by chance in 2.5 of 100 runs: were all {judged} judged claims just true, {by_chance} "
        "would be. Holm's correction allows for that: a backbone of which all claims are true has any violation that stays after it in at "
        f"most {100 * budget['false_red']:.3g} of 100 runs. {second_reading(budget)}"
    )
    undecided = "the images do not tell. The nearer a backbone is to its bounds, and the more claims there are, the more often some are."
    return [("Green", green), ("Red", red.strip()), ("Undecided", undecided)]

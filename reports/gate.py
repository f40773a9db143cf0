"""What a run's records add up to: ready, not ready, or not a gate, and in which words.

A gate is never green because something is missing: what the policy requires and no record answers is counted here, and so is what
these images could not decide, also where the policy lets it pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.record import VERDICTS, Record

INTERRUPTED = "interrupted"  # as a part of what a run left out
JUDGED = ("holds", "violated", "undecided", "waived")


@dataclass(frozen=True)
class Gate:
    """The answer of a run. `state` is "ready", "not ready" or "not a gate"; `red` says whether the process must not end with 0."""

    state: str
    sentence: str
    counts: dict[str, int]
    missing: tuple[str, ...]
    partial: tuple[str, ...]
    red: bool

    def as_data(self) -> dict[str, Any]:
        return {
            "ready": self.state == "ready",
            "state": self.state,
            "sentence": self.sentence,
            "counts": self.counts,
            "missing": list(self.missing),
            "partial": list(self.partial),
            "exit": int(self.red),
        }


def gate_of(
    records: Sequence[Record], missing: Sequence[str], partial: Sequence[str], undecided_fails: bool, partial_is_meant: bool
) -> Gate:
    """The answer of a run from its records, what is missing and what it left out.

    partial_is_meant: whoever left something out knows that something required is missing.
    """
    counts = Counter(record.verdict for record in records)
    ordered = {verdict: counts[verdict] for verdict in VERDICTS}
    stops, undecided = [*_stops(records, counts, undecided_fails), *_since(records, undecided_fails)], _undecided(records)
    lacking = [_counted(len(missing), "required audit is missing", "required audits are missing")] if missing else []
    reasons = [*stops, *lacking]
    undecided = "; ".join(filter(None, (undecided, "" if undecided_fails else _may_be_worse(records))))
    told = reasons if undecided_fails or not undecided else [*reasons, undecided]
    if partial:
        words = "; ".join([f"a partial run ({', '.join(partial)})", *(told or ["everything it judged holds" + _waived(counts)])])
        red = bool(stops) or bool(lacking and not partial_is_meant)
        return Gate("not a gate", f"Not a gate: {words}.", ordered, tuple(missing), tuple(partial), red)
    if reasons:
        return Gate("not ready", f"Not ready: {'; '.join(told)}.", ordered, tuple(missing), (), True)
    return Gate("ready", f"Ready: {_ready(counts)}{'; ' + undecided if undecided else ''}.", ordered, (), (), False)


def briefly(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _stops(records: Sequence[Record], counts: Counter[str], undecided_fails: bool) -> list[str]:
    """What alone keeps a run from being ready, in words."""
    stale = sum(1 for record in records if record.waiver and record.waiver.get("now_holds"))
    stops = [
        _counted(counts["violated"], "claim is violated", "claims are violated"),
        _undecided(records) if undecided_fails else "",
        _counted(counts["error"], "case could not be measured", "cases could not be measured"),
        _counted(stale, "waiver is no longer needed", "waivers are no longer needed"),
    ]
    if not any(counts[verdict] for verdict in JUDGED):
        stops.append("nothing was judged")
    elif not any(stops) and not counts["holds"] + counts["waived"]:
        stops.append("no claim holds")
    return [stop for stop in stops if stop]


def _since(records: Sequence[Record], undecided_fails: bool) -> list[str]:
    """What has become worse since the baseline, or may have, in words."""
    since = Counter(str((record.baseline or {}).get("verdict")) for record in records)
    may_be = since["undecided"] if undecided_fails else 0  # else it is said beside the answer, as what is undecided is
    found = (
        _counted(since["regressed"], "score is worse than the baseline's", "scores are worse than the baseline's"),
        _counted(since["not comparable"], "score cannot be compared with the baseline", "scores cannot be compared with the baseline"),
        _counted(may_be, "score may be worse than the baseline's", "scores may be worse than the baseline's"),
    )
    return [words for words in found if words]


def _may_be_worse(records: Sequence[Record]) -> str:
    count = sum((record.baseline or {}).get("verdict") == "undecided" for record in records)
    return _counted(count, "score may be worse than the baseline's", "scores may be worse than the baseline's")


def _undecided(records: Sequence[Record]) -> str:
    """How many claims these images could not decide, and which; empty for none."""
    names = [
        f"{record.audit} of {record.backbone} on {record.dataset}" + ("" if record.view == "clean" else f" under {record.view}")
        for record in records
        if record.verdict == "undecided"
    ]
    return f"{_counted(len(names), 'claim is undecided', 'claims are undecided')} ({briefly(names)})" if names else ""


def _ready(counts: Counter[str]) -> str:
    judged = sum(counts[verdict] for verdict in JUDGED)
    if counts["holds"] == judged:
        return "the one judged claim holds" if judged == 1 else f"all {judged} judged claims hold"
    return f"{counts['holds']} of {judged} judged claims {'holds' if counts['holds'] == 1 else 'hold'}{_waived(counts)}"


def _waived(counts: Counter[str]) -> str:
    return f", {counts['waived']} {'is' if counts['waived'] == 1 else 'are'} waived" if counts["waived"] else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


def state_of(gate: dict[str, Any]) -> tuple[str, str]:
    """The answer as a class for the style sheet and in words: ready, not ready, or not a gate (a partial run)."""
    return str(gate["state"]).replace(" ", "-"), str(gate["state"]).capitalize()


def sentence_of(gate: dict[str, Any]) -> str:
    """Why, without the answer itself, which stands above it."""
    why = str(gate["sentence"]).removeprefix(f"{state_of(gate)[1]}: ")
    return why[:1].upper() + why[1:]

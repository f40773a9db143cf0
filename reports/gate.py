"""What a run's records add up to: ready, not ready, or not a gate, and in which words.

A gate is never green because something is missing: what the policy requires and no record answers is counted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.record import VERDICTS, Record

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
    """The answer of a run from its records, what is missing and what it left out."""
    counts = Counter(record.verdict for record in records)
    stale = sum(1 for record in records if record.waiver and record.waiver.get("now_holds"))
    exceeded = [record for record in records if record.verdict == "violated"]
    stops = [
        (len(exceeded), "claim is violated", "claims are violated"),
        (counts["undecided"] if undecided_fails else 0, "claim is undecided", "claims are undecided"),
        (counts["error"], "case could not be measured", "cases could not be measured"),
        (stale, "waiver is no longer needed", "waivers are no longer needed"),
        (len(missing), "required audit is missing", "required audits are missing"),
    ]
    reasons = [f"{count} {one if count == 1 else many}" for count, one, many in stops if count]
    judged = sum(counts[verdict] for verdict in JUDGED)
    if not judged:
        reasons.append("nothing was judged")
    blocking = [reason for reason in reasons if not (missing and partial_is_meant and reason.endswith(("is missing", "are missing")))]
    ordered = {verdict: counts[verdict] for verdict in VERDICTS}
    if partial:
        words = f"Not a gate: a partial run ({', '.join(partial)})" + (
            f"; {'; '.join(reasons)}" if reasons else "; everything it judged holds"
        )
        return Gate("not a gate", words + ".", ordered, tuple(missing), tuple(partial), bool(blocking))
    if reasons:
        return Gate("not ready", f"Not ready: {'; '.join(reasons)}.", ordered, tuple(missing), (), bool(blocking))
    return Gate("ready", f"Ready: all {judged} judged claims hold{' or are waived' if counts['waived'] else ''}.", ordered, (), (), False)

"""One run against an earlier one, image by image: which claims have changed, by how much, and whether that is within the margin.

numpy only. A claim that cannot be compared is said to be so, and is not green: another version of the audit, other images, other classes,
or images shown otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audits.measures.change import Change, change
from reports.claims import records_of
from reports.gate import JUDGED
from reports.kept import Arrays, Case, case_of, estimates_of, read
from reports.record import Record, read_run
from reports.views import actual_words

IDENTICAL, HOLDS, REGRESSED, UNDECIDED, NOT_COMPARABLE, FIRST = (
    "identical",
    "holds",
    "regressed",
    "undecided",
    "not comparable",
    "first",
)
EXIT = {REGRESSED: 1, UNDECIDED: 2, NOT_COMPARABLE: 2}
SEARCHED = "inverted"  # the method of scores that a search has found
_SEARCH = ("search_images", "search_passes", "search_consistency")
_DEPTH = {"severities", "steps", "restarts", *_SEARCH}


@dataclass(frozen=True)
class Side:
    """A run that is compared: its records, what was kept of them, and the digests of its datasets' images."""

    name: str
    records: tuple[Record, ...]
    kept: Mapping[Case, Arrays]
    manifests: Mapping[str, str]

    @property
    def backbones(self) -> list[str]:
        return list(dict.fromkeys(record.backbone for record in self.records))


def load(run: Path, name: str = "") -> Side:
    """A stored run, from its run.json or the folder that holds it; ValueError for what is none, or has nothing kept beside it."""
    file = run / "run.json" if run.is_dir() else run
    data = read_run(file)
    return side(name or str(run), records_of(data), read(file.parent, data.get("kept", "")), data["provenance"])


def side(name: str, records: Sequence[Record], kept: Mapping[Case, Arrays], provenance: Mapping[str, Any]) -> Side:
    """A run from its parts."""
    manifests = {dataset: told.get("manifest", "") for dataset, told in (provenance.get("datasets") or {}).items()}
    return Side(name, tuple(records), kept, manifests)


def counterparts(later: Sequence[str], earlier: Sequence[str]) -> dict[str, str]:
    """Which earlier backbone each is compared with: the one of its name, or where both runs have one only, that one.

    ValueError for a backbone with which none can be compared.
    """
    if len(later) == len(earlier) == 1:
        return {later[0]: earlier[0]}
    if lacking := [name for name in later if name not in earlier]:
        raise ValueError(
            f"the baseline has no backbone {lacking[0]!r}, it has {', '.join(earlier) or 'none'}. "
            "With several backbones each is compared with that of its own name."
        )
    return {name: name for name in later}


def compared(later: Side, earlier: Side, first_is_meant: bool = False) -> list[Record]:
    """The later records, those that were judged each with what has become of its score since (`Record.baseline`).

    first_is_meant: a claim that the earlier run does not have is said to be the first of its kind, and passes.
    """
    pairs = counterparts(later.backbones, earlier.backbones)
    before = {case_of(record): record for record in earlier.records}
    now, then = (estimates_of(each.records, each.kept) for each in (later, earlier))
    found = []
    for record in later.records:
        if record.verdict not in JUDGED or record.timing:
            found.append(record)
            continue
        audit, backbone, dataset, view = case_of(record)
        case = (audit, pairs[backbone], dataset, view)
        old = before.get(case)
        if old is None:
            told = {"verdict": FIRST if first_is_meant else NOT_COMPARABLE, "why": f"{earlier.name} has no score of it"}
        elif old.value is None or old.verdict == "error":
            told = {"verdict": NOT_COMPARABLE, "why": f"in {earlier.name} it could not be measured"}
        elif why := apart(record, old, later, earlier):
            told = {"verdict": NOT_COMPARABLE, "why": why, "value": old.value}
        else:
            told = _told(record, old, now[case_of(record)], then[case])
        found.append(replace(record, baseline={"name": earlier.name, "backbone": pairs[backbone], **told}))
    return found


def lost(later: Side, earlier: Side) -> list[str]:
    """Claims that the earlier run judged and the later one does not, in words: what is no longer asked, or has no bound any more, may have
    become worse. What could not be measured says so itself."""
    pairs = {old: new for new, old in counterparts(later.backbones, earlier.backbones).items()}
    now = {case_of(record) for record in later.records if record.verdict in (*JUDGED, "error")}
    cases = [case_of(record) for record in earlier.records if record.verdict in JUDGED and not record.timing and record.backbone in pairs]
    return [
        f"{audit} of {pairs[backbone]} on {dataset}" + ("" if view == "clean" else f" under {view}")
        for audit, backbone, dataset, view in cases
        if (audit, pairs[backbone], dataset, view) not in now
    ]


def exit_code(records: Sequence[Record], missing: Sequence[str] = ()) -> int:
    """0: nothing has become worse by more than its margin; 1: something has; 2: it cannot be judged."""
    codes = [2 if record.verdict == "error" else EXIT.get(str((record.baseline or {}).get("verdict")), 0) for record in records]
    return 1 if 1 in codes else 2 if 2 in codes or missing or not any(record.baseline for record in records) else 0


def apart(record: Record, old: Record, later: Side, earlier: Side) -> str:
    """Why two records say nothing about each other; empty where they do."""
    for what, now, then in (
        ("version of the audit", record.version, old.version),
        ("images (digest)", later.manifests.get(record.dataset, ""), earlier.manifests.get(record.dataset, "")),
        ("classes", record.label_space, old.label_space),
        ("preprocessing", record.preprocessing, old.preprocessing),
    ):
        if now != then or (what.startswith("images") and record.dataset and not now):
            return f"another {what}: now {now or 'unknown'}, then {then or 'unknown'}"
    return _differ(record.actual or {}, old.actual or {}) or _differ(_depth(record), _depth(old))


def _depth(record: Record) -> dict[str, Any]:
    """What a score owes to how much was measured, where that is no matter of which images: severities together, searches."""
    detail, depth = record.detail or {}, record.depth or {}
    searched = {key: depth.get(key) for key in _SEARCH} if record.method == SEARCHED else {}
    return {key: detail[key] for key in ("severities", "saved_as_jpeg") if key in detail} | searched


def _differ(now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """`another depth: now steps 10, then steps 5`: only the amounts that differ, in words; empty where none does."""
    keys = [key for key in dict.fromkeys((*now, *then)) if now.get(key) != then.get(key)]
    if not keys:
        return ""
    how = "drawn otherwise" if "instrument" in keys else "shown otherwise" if set(keys) - _DEPTH else "another depth"
    each = ({key: "unknown" if told.get(key) is None else told[key] for key in keys} for told in (now, then))
    return "{}: now {}, then {}".format(how, *(actual_words(told).removeprefix("instrument ") for told in each))


def _told(record: Record, old: Record, now: Any, then: Any) -> dict[str, Any]:
    """What has become of a score, as a record keeps it."""
    same = bool(record.answers) and record.answers == old.answers and (now.value, now.low, now.high) == (then.value, then.low, then.high)
    if same:
        return {"verdict": IDENTICAL, "margin": record.margin, "value": old.value, "change": 0.0, "low": 0.0, "high": 0.0}
    try:
        found = change(now, then)
    except ValueError as error:
        return {"verdict": NOT_COMPARABLE, "why": str(error), "value": old.value}
    told: dict[str, Any] = {"value": old.value, "change": found.value, "low": found.low, "high": found.high, "method": found.method}
    if found.fixes is not None and found.breaks is not None:
        fixes, breaks = (found.fixes, found.breaks) if record.direction == "at_least" else (found.breaks, found.fixes)
        told |= {"fixes": fixes, "breaks": breaks, "images": len(now.images), "flips": breaks / len(now.images)}
    known = [one.envelope for one in (record, old) if one.envelope is not None]
    envelope = 2 * sum(known) / len(known) if known else 0.0  # both scores may move; one of which nobody knows how far, as far as the other
    verdict = _verdict(record, found, envelope)
    if envelope:
        told |= {"envelope": envelope, "within_envelope": verdict != _verdict(record, found, 0.0)}
    return {"verdict": verdict, "margin": record.margin, **told}


def _verdict(record: Record, found: Change, envelope: float) -> str:
    """Whether a score is worse than before by no more than its margin: *holds* where the whole interval of the change is inside, by more
    than the envelope: what the machine alone may move decides nothing."""
    margin = record.margin or 0.0
    better, worse = (found.high, found.low) if record.direction == "at_least" else (-found.low, -found.high)
    return HOLDS if worse - envelope >= -margin else REGRESSED if better + envelope < -margin else UNDECIDED

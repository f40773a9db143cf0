"""What has changed since the baseline, in words: a sentence, and a row for each score that matters, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports import numbers
from reports.claims import claims_of
from reports.record import Record
from reports.views import view_words

WORST_FIRST = ("regressed", "not comparable", "undecided", "holds", "identical", "first")
# Of each verdict: the class of its chip, its sign, and its word.
CHIPS = {
    "regressed": ("violated", "✕", "worse"),
    "not comparable": ("error", "!", "not comparable"),
    "undecided": ("undecided", "?", "may be worse"),
    "holds": ("holds", "✓", "not worse"),
    "identical": ("holds", "=", "same answers"),
    "first": ("reported", "○", "first of its kind"),
}
MEANINGS = {
    "regressed": "worse than the baseline by more than the margin, with the whole interval",
    "not comparable": "another audit, other images, other classes or images shown otherwise",
    "undecided": "the interval of the change lies across the margin (more images would tell), or clears it by less than numerical noise",
    "holds": "not worse by more than the margin, with the whole interval",
    "identical": "every answer is what it was",
    "first": "the baseline has no score of it, and --audit-first says that this is meant",
}
STOPPING = ("regressed", "not comparable", "undecided")
WORSE = ("regressed", "undecided")  # surely or maybe; what cannot be compared stops a release too, and is neither
_MOST = 12


@dataclass(frozen=True)
class Row:
    """One score beside its earlier one."""

    words: str
    key: str
    verdict: str
    chip: tuple[str, str, str]
    then: str
    now: str
    change: str
    margin: str
    images: str
    backbone: str


def verdict_of(record: Record) -> str:
    """What has become of a record's score; empty where it was compared with nothing."""
    return str((record.baseline or {}).get("verdict", ""))


def counted(records: Sequence[Record]) -> list[tuple[str, int]]:
    """How many scores have become what, worst first."""
    counts = Counter(verdict_of(record) for record in records)
    return [(verdict, counts[verdict]) for verdict in WORST_FIRST if counts[verdict]]


def sentence(records: Sequence[Record]) -> str:
    """`Compared with v1: 2 worse, 190 not worse, 5 same answers.`; empty without a baseline."""
    names = dict.fromkeys(str((record.baseline or {}).get("name")) for record in records if record.baseline)
    told = ", ".join(f"{numbers.count(n)} {CHIPS[verdict][2]}" for verdict, n in counted(records))
    return f"Compared with {', '.join(names)}: {told}." if names else ""


def rows(records: Sequence[Record], most: int = _MOST) -> tuple[list[Row], str]:
    """What stops a release, worst first, then what has moved furthest in units of its margin; and how many others there are, in words."""
    shares = {id(record): claim.share for claim in claims_of(list(records)) for record in claim.records}
    compared = [record for record in records if record.baseline]
    ordered = sorted(compared, key=badness)
    stopping = [record for record in ordered if verdict_of(record) in STOPPING]
    others = [record for record in ordered if verdict_of(record) == "holds"]
    shown = stopping + others[: max(0, most - len(stopping))]
    return [row_of(record, shares[id(record)]) for record in shown], _others(ordered, len(shown) - len(stopping))


def _others(compared: Sequence[Record], shown: int) -> str:
    """`99 more are not worse; 98 are the first of their kind.`: what has no row of its own; empty where all has."""
    counts = Counter(map(verdict_of, compared))
    calm, new = counts["holds"] + counts["identical"] - shown, counts["first"]
    told = [f"{numbers.count(calm)} more {'is' if calm == 1 else 'are'} not worse"] * bool(calm)
    told += [f"{numbers.count(new)} {'is the first of its' if new == 1 else 'are the first of their'} kind"] * bool(new)
    return f"{'; '.join(told)}." if told else ""


def not_compared(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    """What could not be compared, by the reason why, that of the most scores first."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if verdict_of(record) == "not comparable":
            found.setdefault(str((record.baseline or {}).get("why", "")), []).append(record)
    return sorted(found.items(), key=lambda reason: -len(reason[1]))


def line(row: Row) -> str:
    """A row for a terminal: `✕ worse: accuracy.top1 · shapes · images as they are: 91.9 % then, 88.7 % now; change …`."""
    _, sign, word = row.chip
    now = f"{row.then} then, {row.now} now; {row.change}" + (f", margin {row.margin}" if row.margin else "")
    return f"{sign} {word}: {row.key}: {now}" + (f"; {row.images}" if row.images else "")


def badness(record: Record) -> tuple[int, float]:
    """A sort key, worst first: by what has become of a score, then by how many margins it has become worse."""
    return WORST_FIRST.index(verdict_of(record)), -_moved(record)


def _moved(record: Record) -> float:
    """By how many margins a score has become worse."""
    told = record.baseline or {}
    change = float(told.get("change") or 0.0)
    return (change if record.direction == "at_most" else -change) / max(float(told.get("margin") or 0.0), 1e-9)


def row_of(record: Record, share: bool) -> Row:
    """A record beside its earlier self, in words."""
    told, verdict = record.baseline or {}, verdict_of(record)
    change = f"{_signed(told['change'], share)} ({_ends(told, share)})" if "change" in told else ""
    margin = numbers.points(told["margin"], share, chosen=True) if told.get("margin") is not None else ""
    view = view_words(record)
    return Row(
        words=record.claim.strip().removesuffix(".") or record.audit,
        key=f"{record.audit} · {record.dataset} · {view}",
        verdict=verdict,
        chip=CHIPS[verdict],
        then=numbers.score(told["value"], share) if told.get("value") is not None else "–",
        now=numbers.score(record.value, share),
        change=(change or str(told.get("why", ""))) + _noise(told, share),
        margin=margin,
        images=_images(told),
        backbone=record.backbone,
    )


def _signed(value: float, share: bool) -> str:
    return ("+" if value > 0 else "") + numbers.points(value, share)


def _ends(told: dict[str, Any], share: bool) -> str:
    """Both ends of the interval of a change, in the unit that stands before them."""
    return " to ".join(_signed(told[end], share).removesuffix(numbers.POINTS) for end in ("low", "high"))


def _noise(told: dict[str, Any], share: bool) -> str:
    """What to say of a change that clears its margin by less than the envelope; empty for any other."""
    return (
        f", clear of the margin by less than the numerical noise ({numbers.points(told['envelope'], share)})"
        if told.get("within_envelope")
        else ""
    )


def _images(told: dict[str, Any]) -> str:
    """`12 mended, 40 broken of 1,000 (4.0 % flipped from right to wrong)`."""
    if "breaks" not in told:
        return ""
    mended, broken = numbers.count(told["fixes"]), numbers.count(told["breaks"])
    return f"{mended} mended, {broken} broken of {numbers.count(told['images'])}"

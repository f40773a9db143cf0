"""What the report says about records, in words that need no knowledge of the code: verdicts, bounds, failures."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Any

from reports import numbers
from reports.budget import may_be_chance
from reports.claims import WORST_FIRST, Claim, Stop
from reports.gate import briefly
from reports.noise import clears_by_less
from reports.record import Record, within_envelope
from reports.views import view_words

SIGNS = {"holds": "✓", "violated": "✕", "undecided": "?", "waived": "◷", "reported": "○", "error": "!"}
COUNTED = {"holds": "hold", "violated": "violated", "undecided": "undecided", "waived": "waived", "reported": "reported", "error": "errors"}
MEANINGS = {
    "holds": "the whole interval lies inside the bound",
    "violated": "the whole interval lies outside the bound",
    "undecided": "the interval lies across the bound (more images would tell), or clears it by less than the numerical noise",
    "waived": "a violation that its owner has accepted until a date, up to a limit",
    "reported": "shown without judging; the policy has no bound for it",
    "error": "could not be measured; says nothing about the backbone",
}
OUTSIDE = (
    "The score lies outside its interval: with few images a bin, errors over bins come out too large, and the interval allows for that. "
    "Verdicts use the interval."
)
ACROSS = "The interval reaches across the bound: these images do not settle it."
_BIASED = "inverted bins"


def counted(verdict: str, n: int) -> str:
    """`41 hold`, `1 error`, `2 violated`."""
    word = {"holds": "holds", "error": "error"}.get(verdict, COUNTED[verdict]) if n == 1 else COUNTED[verdict]
    return f"{numbers.count(n)} {word}"


def tally(records: Iterable[Record]) -> list[tuple[str, int]]:
    """How many records have each verdict, worst first; verdicts that do not occur are left out."""
    counts = Counter(record.verdict for record in records)
    return [(verdict, counts[verdict]) for verdict in WORST_FIRST if counts[verdict]]


def tally_words(records: Iterable[Record]) -> str:
    """`2 violated, 5 hold`."""
    return ", ".join(counted(verdict, n) for verdict, n in tally(records))


def which_view(claim: Claim) -> str:
    """Why a claim with several views shows this one: `nearest to its bound, of 2 judged; 5 reported`; empty for a single view."""
    if len(claim.records) == 1:
        return ""
    reported, failed = len(claim.of_verdict("reported")), len(claim.of_verdict("error"))
    if claim.verdict == "reported":
        return f"the {'highest' if claim.worst.direction == 'at_most' else 'lowest'} of {reported} reported"
    place = {"holds": "nearest to its bound", "undecided": "across its bound"}.get(claim.verdict, "furthest beyond its bound")
    if claim.verdict == "error":
        place, failed = "not measured", failed - 1
    rest = [f"{failed} not measured"] * bool(failed) + [f"{reported} reported"] * bool(reported)
    return "; ".join([f"{place}, of {len(claim.judged)} judged", *rest])


def tally_cell(claim: Claim) -> str:
    """How many views share a claim's verdict, in a narrow cell: `(2 of 15)`, `(2 of 2; 5 reported)`; empty for a single view."""
    alike, reported = len(claim.of_verdict(claim.verdict)), len(claim.of_verdict("reported"))
    if len(claim.records) == 1:
        return ""
    if claim.verdict == "reported":
        return f"({reported})"
    return f"({alike} of {len(claim.records) - reported}{f'; {reported} reported' if reported else ''})"


def bounds_of(claim: Claim) -> list[tuple[str, str, str]]:
    """Every bound of a claim with the views it is for and the policy's reason: `≥ 90 %`, `translation=5, translation=-5`, `a nudge …`."""
    views: dict[tuple[str, str], list[str]] = {}
    for record in claim.judged:
        if record.reason:
            views.setdefault((bound_sign(record, claim.share), record.reason), []).append(record.variant)
    return [(bound, briefly(names), reason) for (bound, reason), names in views.items()]


def lies_outside(record: Record) -> bool:
    """Whether a score lies outside its own interval, as that of a biased estimate may."""
    if record.value is None or record.low is None or record.high is None or record.method != _BIASED:
        return False
    return not record.low <= record.value <= record.high


def interval_cell(record: Record, share: bool = False) -> str:
    """The interval in a narrow column, with a star where the score lies outside it."""
    return numbers.interval(record.low, record.high, share) + "*" * lies_outside(record)


def bound_words(record: Record, share: bool = False) -> str:
    """`at most 0.05`, `at least 90 %`; empty where the policy has no bound."""
    if record.bound is None:
        return ""
    return f"{(record.direction or '').replace('_', ' ')} {numbers.limit(record.bound, share)}".strip()


def bound_sign(record: Record, share: bool = False) -> str:
    """`≤ 0.05`, `≥ 90 %`: the bound in a narrow column."""
    if record.bound is None:
        return "–"
    sign = {"at_most": "≤", "at_least": "≥"}.get(record.direction or "", "")
    return f"{sign}{numbers.NO_BREAK}{numbers.limit(record.bound, share)}".strip()


def measured(record: Record, share: bool = False) -> str:
    """`84.1 % (95 % interval 81.7 to 86.2 %, 1,000 images)`."""
    images = f"{numbers.count(record.n)} {'image' if record.n == 1 else 'images'}"
    if record.method == "exact" or record.low is None:
        return (
            f"{numbers.score(record.value, share)} (exact, {images})"
            if record.method == "exact"
            else f"{numbers.score(record.value, share)} ({images})"
        )
    level = numbers.limit(record.confidence_level if record.confidence_level is not None else 0.95, True)
    return f"{numbers.score(record.value, share)} ({level} interval {numbers.interval(record.low, record.high, share, 'to')}, {images})"


def finding(record: Record, share: bool = False) -> str:
    """What was seen, where, and what the policy wants: one sentence or two."""
    where = f"on {record.dataset}, {view_words(record)}"
    if record.verdict == "error":
        return f"Could not be measured {where}. {record.reason}".strip()
    words = f"{measured(record, share)} {where}"
    asides = filter(None, (said_of(record), OUTSIDE if lies_outside(record) else ""))
    aside = "".join(f" {sentence}" for sentence in asides)
    if record.bound is None:
        return f"{words}.{aside}"
    wants = "asks for" if record.direction == "at_least" else "allows"
    return f"{words}; the policy {wants} {bound_words(record, share)}.{aside}"


def said_of(record: Record) -> str:
    """What a measure says about its number, as a sentence; empty where it says nothing."""
    said = str((record.detail or {}).get("said", ""))
    return f"{said[0].upper()}{said[1:].removesuffix('.')}." if said else ""


def what_next(record: Record, share: bool = False) -> str:
    """What would settle or change a verdict, where that is known."""
    if record.verdict == "undecided":
        many = f" About {numbers.roughly(record.decides_at)} images would: {more_images(record)}." if record.decides_at else ""
        return f"{clears_by_less(record, share) if within_envelope(record) else ACROSS}{many}"
    if may_be_chance(record):
        return f"{beyond_waiver(record, share)} Among so many claims it may be chance: {alone(record)}.".strip()
    return beyond_waiver(record, share)


def alone(record: Record) -> str:
    """`violated on its own (p = 0.012), not after Holm's correction`; empty where a second reading says what the first said."""
    p = record.p_violated or 0.0
    return f"violated on its own (p = {p:.2g}), not after Holm's correction" if may_be_chance(record) else ""


def beyond_waiver(record: Record, share: bool = False) -> str:
    """`The waiver of Ada reaches only up to 0.41.`, of a violation that goes beyond it; empty for any other."""
    if record.verdict == "violated" and record.waiver:
        limit = record.waiver.get("limit")
        reach = numbers.limit(limit, share) if isinstance(limit, int | float) else "its own limit"
        way = "down" if record.direction == "at_least" else "up"
        return f"The waiver of {record.waiver.get('owner', 'its owner')} reaches only {way} to {reach}."
    return ""


def more_images(record: Record) -> str:
    """How a next run could measure more images than this one did."""
    depth = record.depth or {}
    ways = ["leave out --audit-limit"] if depth.get("limit") else []
    if record.n == depth.get("images_per_view"):
        ways.append("raise images_per_view (policy, [depth])")
    if record.n == depth.get("attack_images"):
        ways.append("raise attack_images (policy, [depth])")
    return " or ".join([*ways, "give a larger dataset"])


def noun(claim: Claim, n: int) -> str:
    """What the records of a claim are, one or several of them: `view`, `views`, or `cases` where they have parameters."""
    return ("case" if claim.parametrised else "view") + "s" * (n != 1)


def other_views(claim: Claim) -> str:
    """`and 6 more views: 4 violated, 2 undecided`, for the views beside the worst one that fail too; empty where there are none."""
    others = [record for record in claim.of_verdict("violated", "error", "undecided") if record is not claim.worst]
    if not others:
        return ""
    return f"and {len(others)} more {noun(claim, len(others))}: {tally_words(others)}"


def likewise(stop: Stop) -> str:
    """`Likewise vit_b_clip (58.9 %, violated) and convnext_b_sup (61.2 % at blur=2, violated).`; empty where one backbone is alone."""
    told = [f"{claim.backbone} ({_shortly(claim, stop.claim.worst.variant)})" for claim in stop.likewise]
    if not told:
        return ""
    return f"Likewise {', '.join(told[:-1])}{' and ' if told[:-1] else ''}{told[-1]}."


def account(stop: Stop) -> str:
    """What stops a release as one paragraph: what was measured and asked for, what next, on what else it fails, and of whom."""
    worst, share, more = stop.claim.worst, stop.claim.share, other_views(stop.claim)
    return " ".join(filter(None, (finding(worst, share), what_next(worst, share), f"… {more}." if more else "", likewise(stop))))


def remedy(stop: Stop) -> str:
    """`A temperature of 1.31, fitted on other images, would bring it to 0.0113.`; empty where nobody measured one."""
    if stop.remedy is None:
        return ""
    fitted = numbers.score((stop.remedy.detail or {})["temperature"])
    return f"A temperature of {fitted}, fitted on other images, would bring it to {numbers.score(stop.remedy.value)}."


def _shortly(claim: Claim, variant: str) -> str:
    where = "" if claim.worst.variant == variant else f" at {claim.worst.variant}"
    if claim.worst.value is None:
        return f"{claim.verdict}{where}"
    return f"{numbers.score(claim.worst.value, claim.share)}{where}, {claim.verdict}"


def date_words(text: Any) -> str:
    """`31 Jan 2027` of `2027-01-31`; anything else as it is."""
    try:
        day = datetime.date.fromisoformat(str(text))
    except ValueError:
        return str(text)
    return f"{day.day} {day:%b} {day.year}"

"""What the report says about records, in words that need no knowledge of the code: verdicts, views, bounds, failures."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import Any

from reports import numbers
from reports.claims import WORST_FIRST, Claim, Stop
from reports.record import Record

SIGNS = {"holds": "✓", "violated": "✕", "undecided": "?", "waived": "◷", "reported": "○", "error": "!"}
COUNTED = {"holds": "hold", "violated": "violated", "undecided": "undecided", "waived": "waived", "reported": "reported", "error": "errors"}
MEANINGS = {
    "holds": "the whole interval lies inside the bound",
    "violated": "the whole interval lies outside the bound",
    "undecided": "the interval lies across the bound; more images would tell",
    "waived": "a violation that its owner has accepted until a date, up to a limit",
    "reported": "shown without judging; the policy has no bound for it",
    "error": "could not be measured; says nothing about the backbone",
}
# How a family of views changes an image, with its number in place of `{}`, and the axis of a chart over that number.
_VIEWS = {
    "scale": ("enlarged {} times", "enlarged (times)"),
    "translation": ("moved by {} px", "moved (px, for a 224 px input)"),
    "resolution": ("at {} px", "input size (px, for a backbone of 224 px)"),
    "rotation": ("turned by {}°", "turned (degrees)"),
    "flip": ("mirrored ({})", "mirrored"),
    "brightness": ("with {} times the light", "light (times)"),
    "contrast": ("with {} times the contrast", "contrast (times)"),
    "hue": ("with hues moved by {} turns", "hue (turns)"),
    "blur": ("blurred by {} px", "blur (px of sigma)"),
}


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


def view_words(view: str) -> str:
    """A view as something done to images: `images turned by 20°`."""
    if view == "clean":
        return "images as they are"
    name, _, value = view.partition("=")
    value = value.replace("-", numbers.MINUS)
    if name in _VIEWS and value:
        return f"images {_VIEWS[name][0].format(value)}"
    return f"images under {name.replace('_', ' ')}{f' = {value}' if value else ''}"


def axis_words(family: str) -> str:
    """What the axis of a chart over a family of views measures."""
    return _VIEWS[family][1] if family in _VIEWS else family.replace("_", " ")


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
    where = f"on {record.dataset}, {view_words(record.view)}"
    if record.verdict == "error":
        return f"Could not be measured {where}. {record.reason}".strip()
    words = f"{measured(record, share)} {where}"
    if record.bound is None:
        return f"{words}."
    wants = "asks for" if record.direction == "at_least" else "allows"
    return f"{words}; the policy {wants} {bound_words(record, share)}."


def what_next(record: Record, share: bool = False) -> str:
    """What would settle or change a verdict, where that is known."""
    if record.verdict == "undecided":
        many = f" About {numbers.roughly(record.decides_at)} images would." if record.decides_at else ""
        return f"The interval reaches across the bound: these images do not settle it.{many}"
    if record.verdict == "violated" and record.waiver:
        limit = record.waiver.get("limit")
        reach = numbers.limit(limit, share) if isinstance(limit, int | float) else "its own limit"
        return f"The waiver of {record.waiver.get('owner', 'its owner')} reaches only to {reach}."
    return ""


def other_views(claim: Claim) -> str:
    """`and 6 more views: 4 violated, 2 undecided`, for the views beside the worst one that fail too; empty where there are none."""
    others = [record for record in claim.of_verdict("violated", "error", "undecided") if record is not claim.worst]
    if not others:
        return ""
    return f"and {len(others)} more {'view' if len(others) == 1 else 'views'}: {tally_words(others)}"


def likewise(stop: Stop) -> str:
    """`Likewise vit_b_clip (58.9 %, violated) and convnext_b_sup (61.2 %, violated).`; empty where one backbone is alone."""
    told = [f"{claim.backbone} ({_briefly(claim)})" for claim in stop.likewise]
    if not told:
        return ""
    return f"Likewise {', '.join(told[:-1])}{' and ' if told[:-1] else ''}{told[-1]}."


def remedy(stop: Stop) -> str:
    """`A temperature of 1.31, fitted on other images, would bring it to 0.0113.`; empty where nobody measured one."""
    if stop.remedy is None:
        return ""
    fitted = numbers.score((stop.remedy.detail or {})["temperature"])
    return f"A temperature of {fitted}, fitted on other images, would bring it to {numbers.score(stop.remedy.value)}."


def _briefly(claim: Claim) -> str:
    number = [] if claim.worst.value is None else [numbers.score(claim.worst.value, claim.share)]
    return ", ".join([*number, claim.verdict])


def date_words(text: Any) -> str:
    """`31 Jan 2027` of `2027-01-31`; anything else as it is."""
    try:
        day = datetime.date.fromisoformat(str(text))
    except ValueError:
        return str(text)
    return f"{day.day} {day:%b} {day.year}"


def actual_words(actual: dict[str, Any] | None) -> str:
    """The pixels that a view really used: `shift 9, crop 64`."""
    parts = ((key.replace("_", " "), value) for key, value in (actual or {}).items())
    return ", ".join(f"{key} {numbers.score(value) if isinstance(value, float) else value}" for key, value in parts)

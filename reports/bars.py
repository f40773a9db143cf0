"""An interval against its bound, small enough for a table cell: hand-written SVG in the page's own colours."""

from __future__ import annotations

from markupsafe import Markup, escape

from reports import numbers, wording
from reports.claims import Claim
from reports.record import Record

WIDTH, LEFT, RIGHT, MIDDLE = 220, 7, 213, 11
# One outline a verdict, centred on the origin: the colour is never the only sign.
_MARKS = {
    "holds": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    "violated": "M-5 -3L-3 -5L0 -2L3 -5L5 -3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0z",
    "undecided": "M0 -5.5L5.5 0L0 5.5L-5.5 0z",
    "waived": "M-4 -4h8v8h-8z",
    "reported": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "error": "",
}


def interval_bar(record: Record, claim: Claim, named: bool = True) -> Markup:
    """The value as a mark, its interval as a line, the allowed side of the bound as a field; empty where nothing was measured.

    `named` bars stand alone, with the ends of the axis written below and a name for those who cannot see them; others stand beside their numbers.
    """
    if claim.axis is None or record.value is None:
        return Markup("")
    low, high = claim.axis
    height = 34 if named else 22

    def x(number: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(max((number - low) / (high - low), 0.0), 1.0), 1)

    parts = [f'<path class="axis" d="M{LEFT} {MIDDLE}H{RIGHT}"/>']
    if record.bound is not None:
        at = x(record.bound)
        start, end = (LEFT, at) if record.direction == "at_most" else (at, RIGHT)
        parts.append(f'<path class="allowed" d="M{start} 3H{end}V19H{start}z"/><path class="bound" d="M{at} 2V20"/>')
    if record.low is not None and record.high is not None and record.high > record.low:
        start, end = x(record.low), x(record.high)
        parts.append(f'<path class="interval" d="M{start} {MIDDLE}H{end}M{start} 7V15M{end} 7V15"/>')
    parts.append(f'<path class="value" transform="translate({x(record.value)} {MIDDLE})" d="{_MARKS[record.verdict]}"/>')
    if named:
        parts.append(f'<text x="{LEFT}" y="32">{numbers.limit(low, claim.share)}</text>')
        parts.append(f'<text x="{RIGHT}" y="32" text-anchor="end">{numbers.limit(high, claim.share)}</text>')
    name = f'role="img" aria-label="{escape(_name(record, claim.share))}"' if named else 'aria-hidden="true"'
    box = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return Markup(f'<svg class="bar {record.verdict}" {box} {name}>{"".join(parts)}</svg>')


def _name(record: Record, share: bool) -> str:
    interval = numbers.interval(record.low, record.high, share, "to")
    parts = [numbers.score(record.value, share), interval and f"interval {interval}", record.bound is not None and wording.bound_words(record, share)]
    return ", ".join(str(part) for part in parts if part)


def mark(verdict: str) -> Markup:
    """The mark of a verdict on its own, for legends."""
    return Markup(f'<svg class="bar mark {verdict}" viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true"><path class="value" d="{_MARKS[verdict]}"/></svg>')

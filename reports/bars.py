"""An interval against its bound, small enough for a table cell: hand-written SVG in the page's own colours."""

from __future__ import annotations

from markupsafe import Markup, escape

from reports import numbers, wording
from reports.claims import Claim
from reports.record import Record

LEFT, RIGHT, MIDDLE = 7, 213, 11  # of the 220 px that the style sheet gives to a bar
AWAY = 88  # px that it gives to a distance from the middle
# One outline a verdict, centred on the origin: the colour is never the only sign.
OUTLINES = {
    "holds": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    "violated": "M-5 -3L-3 -5L0 -2L3 -5L5 -3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0z",
    "undecided": "M0 -5.5L5.5 0L0 5.5L-5.5 0z",
    "waived": "M-4 -4h8v8h-8z",
    "reported": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
}


def outlines() -> Markup:
    """The marks of all verdicts, once for the whole page; bars and legends refer to them."""
    paths = "".join(f'<path id="mark-{verdict}" d="{outline}"/>' for verdict, outline in OUTLINES.items())
    return Markup(f'<svg class="outlines" width="0" height="0" aria-hidden="true"><defs>{paths}</defs></svg>')


def mark(verdict: str) -> Markup:
    """The mark of a verdict on its own, for legends."""
    return Markup(f'<svg class="bar mark {verdict}" aria-hidden="true"><use class="value" href="#mark-{verdict}" x="7" y="7"/></svg>')


def interval_bar(record: Record, claim: Claim, named: bool = True) -> Markup:
    """The value as a mark, its interval as a line, the allowed side of the bound as a field; empty where nothing was measured.

    `named` bars stand alone, with the ends of the axis written below and a name for those who cannot see them; others stand beside
    their numbers. The axis itself is the style sheet's.
    """
    if (axis := claim.axis(record)) is None or record.value is None or record.verdict not in OUTLINES:
        return Markup("")
    low, high = axis

    def x(number: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * min(max((number - low) / (high - low), 0.0), 1.0):.1f}".removesuffix(".0")

    parts = []
    if record.bound is not None:
        at = x(record.bound)
        start, end = (LEFT, at) if record.direction == "at_most" else (at, RIGHT)
        parts.append(f'<path class="allowed" d="M{start} 3H{end}V19H{start}z"/><path class="bound" d="M{at} 2V20"/>')
    if record.low is not None and record.high is not None and record.high > record.low:
        start, end = x(record.low), x(record.high)
        parts.append(f'<path class="interval" d="M{start} {MIDDLE}H{end}M{start} 7V15M{end} 7V15"/>')
    parts.append(f'<use class="value" href="#mark-{record.verdict}" x="{x(record.value)}" y="{MIDDLE}"/>')
    if not named:
        return Markup(f'<svg class="bar {record.verdict}" aria-hidden="true">{"".join(parts)}</svg>')
    parts.append(f'<text x="{LEFT}" y="32">{numbers.limit(low, claim.share)}</text>')
    parts.append(f'<text x="{RIGHT}" y="32" text-anchor="end">{numbers.limit(high, claim.share)}</text>')
    name = escape(_name(record, claim.share))
    return Markup(f'<svg class="bar named {record.verdict}" role="img" aria-label="{name}">{"".join(parts)}</svg>')


def distance_bar(z: float, reach: float) -> Markup:
    """How far on which side of the middle, from −reach to reach; the number stands beside it."""
    at = AWAY * (1 + min(max(z / reach, -1.0), 1.0)) / 2
    return Markup(
        f'<svg class="away" aria-hidden="true"><path d="M0 6H{AWAY}M{AWAY / 2:g} 1V11"/>'
        f'<path class="reach" d="M{AWAY / 2:g} 6H{at:.1f}"/><circle cx="{at:.1f}" cy="6" r="3.5"/></svg>'
    )


def _name(record: Record, share: bool) -> str:
    interval = numbers.interval(record.low, record.high, share, "to")
    parts = [numbers.score(record.value, share), interval and f"interval {interval}", wording.bound_words(record, share)]
    return ", ".join(part for part in parts if part)

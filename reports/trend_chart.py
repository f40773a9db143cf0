"""A score over releases as a small drawing: hand-written SVG in the page's own colours, since a history holds hundreds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from markupsafe import Markup, escape

from reports import bars, numbers
from reports.claims import Claim
from reports.record import Record
from reports.trends import Trend

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 320, 122, 48, 306, 14, 98
_LETTER_PX = 6.6  # of the widest usual font at the size of a chart's text
_LONGEST_NAME = 14
_NOT_COMPARABLE, _NOT_MEASURED = "≠", "!"
Height = Callable[[float], str]  # of a score, in pixels from the top


def chart(trend: Trend, names: Sequence[str]) -> Markup:
    """Each release's score with its interval, joined to the one before where the two can be compared; the side that its bound allows is a
    field. A dashed line with a sign stands where they cannot. Empty where no release has measured it.
    """
    if not trend.measured or (axis := trend.claim.axis(trend.measured[-1])) is None:
        return Markup("")
    low, high = axis

    def y(number: float) -> str:
        return _px(_BOTTOM - (_BOTTOM - _TOP) * min(max((number - low) / (high - low), 0.0), 1.0))

    xs = _places(len(names))
    parts = [*_bounds(trend, xs, y), *_axis(trend.claim, low, high), *_names(names, xs), *_joints(trend, xs, y)]
    for x, record in zip(xs, trend.records, strict=True):
        if record is not None and record.value is not None:
            verdict = record.verdict if record.verdict in bars.OUTLINES else "reported"
            mark = f'<use class="value" href="#mark-{verdict}" x="{_px(x)}" y="{y(record.value)}"/>'
            parts.append(f'<g class="{verdict}">{_interval(record, x, y)}{mark}</g>')
        elif record is not None:
            parts.append(f'<text class="error" x="{_px(x)}" y="{_BOTTOM - 4}" text-anchor="middle">{_NOT_MEASURED}</text>')
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    return Markup(f'<svg class="chart trend" {box} role="img" aria-label="{escape(told(trend, names))}">{"".join(parts)}</svg>')


def told(trend: Trend, names: Sequence[str]) -> str:
    """What the drawing shows, for those who cannot see it: `v1: 91.9 %, 90.6 – 93.0 %, holds; v2: …`."""
    words = []
    for place, (name, record) in enumerate(zip(names, trend.records, strict=True)):
        if record is None:
            continue
        apart = "not comparable with the one before" if place in trend.breaks else ""
        interval = numbers.interval(record.low, record.high, trend.claim.share) if record.low != record.high else ""
        score = numbers.score(record.value, trend.claim.share) if record.value is not None else ""
        words.append(f"{name}: {', '.join(filter(None, (apart, score, interval, record.verdict)))}")
    return f"{trend.claim.words}. {'; '.join(words)}"


def _places(count: int) -> list[float]:
    """The middle of each release's share of the width."""
    step = (_RIGHT - _LEFT) / count
    return [_LEFT + step * (place + 0.5) for place in range(count)]


def _bounds(trend: Trend, xs: Sequence[float], y: Height) -> Iterator[str]:
    """The allowed side of each release's bound: neighbours with the same bound have one field."""
    half = (_RIGHT - _LEFT) / len(xs) / 2
    asked = [(record.bound, record.direction) if record else (None, None) for record in trend.records]
    for (bound, direction), group in groupby(zip(xs, asked, strict=True), key=lambda pair: pair[1]):
        if bound is None:
            continue
        own = [x for x, _ in group]
        start, end, at, edge = _px(own[0] - half), _px(own[-1] + half), y(bound), _BOTTOM if direction == "at_most" else _TOP
        yield f'<path class="allowed" d="M{start} {at}H{end}V{edge}H{start}z"/><path class="bound" d="M{start} {at}H{end}"/>'


def _axis(claim: Claim, low: float, high: float) -> Iterator[str]:
    yield f'<path class="axis" d="M{_LEFT} {_BOTTOM}H{_RIGHT}"/>'
    for number, at in ((low, _BOTTOM), (high, _TOP + 8)):
        yield f'<text x="{_LEFT - 4}" y="{at}" text-anchor="end">{escape(numbers.limit(float(f"{number:.3g}"), claim.share))}</text>'


def _names(names: Sequence[str], xs: Sequence[float]) -> Iterator[str]:
    """The newest release below the axis, and before it as many others as do not touch."""
    free = float(_WIDTH)
    for name, x in reversed(list(zip(names, xs, strict=True))):
        short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
        half = len(short) * _LETTER_PX / 2
        middle = min(x, free - half)
        if middle - half >= 0 and x - middle < half:
            yield f'<text x="{_px(middle)}" y="{_BOTTOM + 15}" text-anchor="middle">{escape(short)}</text>'
            free = middle - half - 8


def _joints(trend: Trend, xs: Sequence[float], y: Height) -> Iterator[str]:
    """Lines between neighbours, and a sign where the two say nothing about each other."""
    for place in range(1, len(xs)):
        then, now = trend.records[place - 1], trend.records[place]
        if place in trend.breaks:
            middle = _px((xs[place - 1] + xs[place]) / 2)
            yield f'<path class="break" d="M{middle} {_TOP}V{_BOTTOM}"/>'
            yield f'<text x="{middle}" y="{_TOP - 3}" text-anchor="middle">{_NOT_COMPARABLE}</text>'
        elif then is not None and now is not None and then.value is not None and now.value is not None:
            yield f'<path class="joint" d="M{_px(xs[place - 1])} {y(then.value)}L{_px(xs[place])} {y(now.value)}"/>'


def _interval(record: Record, x: float, y: Height) -> str:
    if record.low is None or record.high is None or record.low == record.high:
        return ""
    low, high, left, right = y(record.low), y(record.high), _px(x - 3), _px(x + 3)
    return f'<path class="interval" d="M{_px(x)} {low}V{high}M{left} {low}H{right}M{left} {high}H{right}"/>'


def _px(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")

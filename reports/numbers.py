"""Numbers as people read them: three significant figures, percent where a share is meant, thousands apart."""

from __future__ import annotations

import math

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
POINTS = f"{NO_BREAK}points"  # of percent
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def score(value: float | None, share: bool = False) -> str:
    """A measured value: `76.3 %` for a share, `0.0537` otherwise, an en dash where nothing was measured."""
    if value is None or not math.isfinite(value):
        return "–"
    return _percent(value) if share else _signed(_plain(abs(value)), value)


def limit(value: float, share: bool = False) -> str:
    """A bound as a person wrote it, without digits that nobody chose: `85 %`, `0.05`."""
    text = f"{abs(value) * 100:.10g}{NO_BREAK}%" if share else f"{abs(value):.10g}"
    return _signed(_plain(abs(value)) if "e" in text else text, value)


def points(value: float, share: bool = False, chosen: bool = False) -> str:
    """A change, or what one may be: of a share in percentage points, `−3.2 points`, since −3.2 % of a share could be a part of it.

    chosen: as a person wrote it, without digits that nobody chose.
    """
    text = limit(value, share) if chosen else score(value, share)
    if not share:
        return text
    number = text.removesuffix(f"{NO_BREAK}%")
    return f"{number}{POINTS.removesuffix('s') if number == '1' else POINTS}"


def interval(low: float | None, high: float | None, share: bool = False, between: str = "–") -> str:
    """Both ends of an interval, the percent sign said once: `75.1 – 77.5 %`; empty where there is none."""
    if low is None or high is None:
        return ""
    first, last = score(low, share), score(high, share)
    between = "to" if low < 0 else between
    if share:
        first = first.removesuffix(f"{NO_BREAK}%")
    return f"{first}{NO_BREAK}{between} {last}"


def count(n: int) -> str:
    """A number of things: `50,000`."""
    return f"{n:,}"


def roughly(n: int) -> str:
    """A number known only in its size: `210,000`."""
    return count(int(float(f"{n:.2g}"))) if n > 0 else "0"


def duration(seconds: float) -> str:
    """A time that a person can picture: `0.4 s`, `12 s`, `6 min 12 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f}{NO_BREAK}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest if not hours else 0, "s")]
    return " ".join(f"{amount}{NO_BREAK}{unit}" for amount, unit in parts if amount)


def axis_limits(numbers: list[float], share: bool = False) -> tuple[float, float]:
    """Round ends of an axis that holds all numbers with some room; a share stays within 0 and 1, a difference of shares within −1
    and 1, and what is never negative above 0."""
    low, high = min(numbers), max(numbers)
    room = 0.12 * (high - low) or 0.1 * abs(high)
    room = room if room > 1e-9 * max(1.0, abs(low), abs(high)) else 1.0  # smaller differences are rounding
    step = _round_step((high - low + 2 * room) / 4)
    floor, ceiling = step * math.floor((low - room) / step), step * math.ceil((high + room) / step)
    if low >= 0:
        floor = max(floor, 0.0)
    if share and low >= -1 and high <= 1:
        floor, ceiling = max(floor, -1.0), min(ceiling, 1.0)
    return floor, ceiling


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high, with at most so many steps between them."""
    step = _round_step((high - low) / most)
    return [step * place for place in range(math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6) + 1)]


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= step * (1 - 1e-9))


def _percent(value: float) -> str:
    for decimals in (1, 2):
        text = f"{abs(value) * 100:.{decimals}f}"
        hides_a_rest = float(text) in (0.0, 100.0) and abs(value) not in (0.0, 1.0)
        if not hides_a_rest:
            break
    else:
        text = "<0.01" if abs(value) < 0.5 else ">99.99"
    text = {"0.0": "0", "100.0": "100"}.get(text, text)
    return _signed(f"{text}{NO_BREAK}%", value)


def _plain(size: float) -> str:
    """A size of three significant figures: plain digits from 0.0001 up to a million, powers of ten outside."""
    size = float(f"{size:.3g}")
    if size == 0:
        return "0"
    exponent = math.floor(math.log10(size))
    if not -4 <= exponent < 6:
        return f"{size / 10.0**exponent:.3g}{NO_BREAK}×{NO_BREAK}10{str(exponent).translate(_SUPERSCRIPTS)}"
    return f"{size:,.{max(0, 2 - exponent)}f}"


def _signed(text: str, value: float) -> str:
    return f"{MINUS}{text}" if value < 0 and text.strip("0.% " + NO_BREAK) else text

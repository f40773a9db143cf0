"""The verdict table at the end of a terminal run: one line an audit, its worst view shown, what stops the gate first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.record import Record

SIGNS = {"violated": "✕", "error": "!", "undecided": "?", "waived": "◷", "holds": "✓", "reported": "·"}
COLOURS = {"violated": "red", "error": "red", "undecided": "yellow", "waived": "purple", "holds": "green", "reported": "white"}
_ORDER = tuple(SIGNS)


def margin(record: Record) -> float:
    """How far an interval's end nearest to failing lies inside its bound; negative outside. Records without a bound come last."""
    if record.bound is None or record.low is None or record.high is None:
        return float("inf")
    return record.low - record.bound if record.direction == "at_least" else record.bound - record.high


def worst_by_audit(records: Iterable[Record]) -> list[tuple[Record, list[Record]]]:
    """For each audit, backbone and dataset the record that is nearest to failing, and all of its views; worst verdicts first."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.audit, record.backbone, record.dataset), []).append(record)
    rows = [(min(group, key=lambda record: (_ORDER.index(record.verdict), margin(record))), group) for group in groups.values()]
    return sorted(rows, key=lambda row: _ORDER.index(row[0].verdict))


def table(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The lines of the verdict table, each with the colour of its verdict."""
    if not records:
        return []
    several = len({record.backbone for record in records}) > 1
    rows = [(_cells(worst, group, several), COLOURS[worst.verdict]) for worst, group in worst_by_audit(records)]
    header = ["verdict", "audit", *(["backbone"] if several else []), "dataset", "worst view", "score (95 %)", "bound", "images"]
    widths = [max(len(cells[column]) for cells in [header, *(cells for cells, _ in rows)]) for column in range(len(header))]
    lines = [(_line(header, widths), "")]
    return lines + [(_line(cells, widths), colour) for cells, colour in rows]


def _cells(worst: Record, group: list[Record], several: bool) -> list[str]:
    same = sum(record.verdict == worst.verdict for record in group)
    verdict = f"{SIGNS[worst.verdict]} {worst.verdict}" + (f" {same}/{len(group)}" if len(group) > 1 else "")
    score = "-" if worst.value is None else f"{worst.value:.3f}"
    if worst.value is not None and worst.method != "exact" and worst.low is not None and worst.high is not None:
        score += f" ({worst.low:.3f} to {worst.high:.3f})"
    sign = {"at_least": "≥", "at_most": "≤"}.get(worst.direction or "", "")
    bound = "-" if worst.bound is None else f"{sign} {worst.bound:g}"
    names = [worst.backbone] if several else []
    return [verdict, worst.audit, *names, worst.dataset, worst.view, score, bound, f"{worst.n:,}" if worst.n else "-"]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

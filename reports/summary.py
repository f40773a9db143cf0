"""The verdict table at the end of a terminal run: one line a claim, its worst view shown, what stops the gate first."""

from __future__ import annotations

from collections.abc import Sequence

from reports.claims import WORST_FIRST, Claim, claims_of
from reports.record import Record
from reports.wording import SIGNS

COLOURS = {"violated": "red", "error": "red", "undecided": "yellow", "waived": "purple", "holds": "green", "reported": "white"}


def table(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The lines of the verdict table, each with the colour of its verdict."""
    if not records:
        return []
    claims = sorted(claims_of(list(records)), key=lambda claim: WORST_FIRST.index(claim.verdict))
    several = len({claim.backbone for claim in claims}) > 1
    header = ["verdict", "audit", *(["backbone"] if several else []), "dataset", "worst view", "score (95 %)", "bound", "images"]
    rows = [_cells(claim, several) for claim in claims]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [_line(cells, widths) for cells in [header, *rows]]
    return list(zip(lines, ["", *(COLOURS[claim.verdict] for claim in claims)], strict=True))


def _cells(claim: Claim, several: bool) -> list[str]:
    worst, views = claim.worst, len(claim.records)
    verdict = f"{SIGNS[claim.verdict]} {claim.verdict}"
    if views > 1:
        verdict += f" {len(claim.of_verdict(claim.verdict))}/{views}"
    score = "-" if worst.value is None else f"{worst.value:.3f}"
    if worst.value is not None and worst.method != "exact":
        score += f" ({worst.low:.3f} to {worst.high:.3f})"
    sign = {"at_least": "≥", "at_most": "≤"}.get(worst.direction or "", "")
    bound = "-" if worst.bound is None else f"{sign} {worst.bound:g}"
    names = [claim.backbone] if several else []
    return [verdict, claim.audit, *names, claim.dataset, worst.view, score, bound, f"{worst.n:,}" if worst.n else "-"]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

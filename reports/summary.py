"""The verdict table at the end of a terminal run: one line a claim, its worst view shown, what stops the gate first."""

from __future__ import annotations

from collections.abc import Sequence

from reports.claims import WORST_FIRST, Claim, claims_of
from reports.record import Record
from reports.wording import OUTSIDE, SIGNS, lies_outside, tally_cell

COLOURS = {"violated": "red", "error": "red", "undecided": "yellow", "waived": "purple", "holds": "green", "reported": "white"}


def table(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The lines of the verdict table, each with the colour of its verdict."""
    if not records:
        return []
    claims = sorted(claims_of(list(records)), key=lambda claim: WORST_FIRST.index(claim.verdict))
    several = len({claim.backbone for claim in claims}) > 1
    header = ["verdict (views)", "audit", *(["backbone"] if several else []), "dataset", "worst view", "score (95 %)", "bound", "images"]
    rows = [_cells(claim, several) for claim in claims]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [_line(cells, widths) for cells in [header, *rows]]
    colours = ["", *(COLOURS[claim.verdict] for claim in claims)]
    note = [(f"* {OUTSIDE}", "white")] * any(lies_outside(claim.worst) for claim in claims)
    return [*zip(lines, colours, strict=True), *note]


def _cells(claim: Claim, several: bool) -> list[str]:
    worst = claim.worst
    verdict = f"{SIGNS[claim.verdict]} {claim.verdict} {tally_cell(claim)}".rstrip()
    score = "-" if worst.value is None else f"{worst.value:.3f}"
    if worst.value is not None and worst.method != "exact":
        score += f" ({worst.low:.3f} to {worst.high:.3f})" + "*" * lies_outside(worst)
    sign = {"at_least": "≥", "at_most": "≤"}.get(worst.direction or "", "")
    bound = "-" if worst.bound is None else f"{sign} {worst.bound:g}"
    names = [claim.backbone] if several else []
    return [verdict, claim.audit, *names, claim.dataset, worst.view, score, bound, f"{worst.n:,}" if worst.n else "-"]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

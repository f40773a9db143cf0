"""The verdict table at the end of a terminal run: one line a claim, its worst view shown, what stops the gate first."""

from __future__ import annotations

from collections.abc import Sequence

from reports import rankings, since
from reports.budget import may_be_chance
from reports.claims import WORST_FIRST, Claim, claims_of
from reports.gate import INTERRUPTED, Gate
from reports.record import Record
from reports.views import shown_view
from reports.wording import OUTSIDE, SIGNS, lies_outside, tally, tally_cell, tally_words

MISSING_SHOWN = 8
SINCE_SHOWN = 10
COLOURS = {"violated": "red", "error": "red", "undecided": "yellow", "waived": "purple", "holds": "green", "reported": "white"}


def table(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The lines of the verdict table, each with the colour of its verdict."""
    if not records:
        return []
    claims = sorted(claims_of(list(records)), key=lambda claim: WORST_FIRST.index(claim.verdict))
    several = len({claim.backbone for claim in claims}) > 1
    place = "worst case" if any(claim.parametrised for claim in claims) else "worst view"
    header = ["verdict (views)", "audit", *(["backbone"] if several else []), "dataset", place, "score (95 %)", "bound", "images"]
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
    return [verdict, claim.audit, *names, claim.dataset, shown_view(worst), score, bound, f"{worst.n:,}" if worst.n else "-"]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def closing(records: Sequence[Record], gate: Gate, left_out: int, is_meant: bool, ranking: Sequence[Record] = ()) -> list[tuple[str, str]]:
    """What stands between the table and the answer, each line with its colour: how each backbone did, and what was left out or is missing.

    left_out: audits that do not apply to all of what was chosen; is_meant: whoever left something required out knows it.
    ranking: the records that say where the backbones stand among one another.
    """
    ranked = rankings.line(ranking)
    lines = [*_since(records), *_backbones(records), *([(ranked, "")] if ranked else []), *_second_reading(records)]
    if left_out:
        many = "1 audit does" if left_out == 1 else f"{left_out} audits do"
        lines.append((f"{many} not apply to all of what was chosen; the report lists what does not, with the reason.", ""))
    lines += [(record.waiver["reason"], "red") for record in records if record.waiver and record.waiver.get("now_holds")]
    if INTERRUPTED in gate.partial:
        return [*lines, ("Stopped; what was measured is kept: the same command goes on from here.", "")]
    lines += [(f"required, not judged: {words}", "red") for words in gate.missing[:MISSING_SHOWN]]
    if len(gate.missing) > MISSING_SHOWN:
        lines.append((f"… and {len(gate.missing) - MISSING_SHOWN} more; the report lists them all", "red"))
    if gate.missing and gate.partial and not is_meant:
        lines.append(("Something required was left out: exit status 1; --audit-partial says that it is meant.", ""))
    return lines


def _since(records: Sequence[Record]) -> list[tuple[str, str]]:
    """What has changed since the baseline, and each score that stops the gate for it."""
    if not (told := since.sentence(records)):
        return []
    rows, _ = since.rows(records, most=0)
    lines = [(since.line(row), COLOURS[row.chip[0]]) for row in rows[:SINCE_SHOWN]]
    more = len(rows) - SINCE_SHOWN
    return [(told, ""), *lines, *([(f"… and {more} more; the report lists them all", "")] if more > 0 else [])]


def _second_reading(records: Sequence[Record]) -> list[tuple[str, str]]:
    """A line where a violation may be chance, since so many claims were judged; it changes no verdict."""
    violated = [record for record in records if record.verdict == "violated"]
    doubtful = sum(map(may_be_chance, violated))
    if not doubtful:
        return []
    return [(f"{doubtful} of {len(violated)} violated may be chance among so many claims (not violated after Holm's correction).", "")]


def _backbones(records: Sequence[Record]) -> list[tuple[str, str]]:
    """A line for each backbone, where there are several: whoever has to choose reads no further."""
    names = list(dict.fromkeys(record.backbone for record in records))
    if len(names) < 2:
        return []
    width = max(map(len, names))
    own = [(name, [record for record in records if record.backbone == name]) for name in names]
    return [(f"{name.ljust(width)}  {tally_words(found)}", COLOURS[tally(found)[0][0]]) for name, found in own]

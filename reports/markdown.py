"""The verdicts of a run as a short Markdown table, for a step summary, a merge request or a chat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from reports import comparison, first_page, moments, numbers, rankings, since, wording
from reports.claims import Claim, Stop, badness, claims_of, records_of, stops_of
from reports.gate import sentence_of, state_of
from reports.prose import read_prose
from reports.record import Record
from reports.views import shown_view

_ROWS_SHOWN = 100
_LINES_SHOWN = 10


def render(run: dict[str, Any]) -> str:
    """The answer, what stops it and a row a claim with its worst view, worst first; ValueError where a record is not one."""
    head, rows = parts_of(run)
    more = ["", left_out_line(len(rows) - _ROWS_SHOWN, "report.html")] if len(rows) > _ROWS_SHOWN else []
    return "\n".join([*head, *rows[:_ROWS_SHOWN], *more, *_side_by_side(run)]) + "\n"


def parts_of(run: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The lines down to the head of the table, and the rows of the table, worst first."""
    records = records_of(run)
    claims = sorted(claims_of(records, run["properties"]), key=lambda claim: badness(claim.worst))
    begun = moments.words(run["provenance"].get("begun"))
    head = [f"## {state_of(run['gate'])[1]}", "", _safe(sentence_of(run["gate"])), "", *([f"Run of {begun}.", ""] if begun else [])]
    head += _first([f"* missing: {_safe(str(one))}" for one in run["gate"]["missing"]])
    head += _first([_stop_line(stop) for stop in stops_of(claims)])
    head += _first([f"* {_safe(since.line(row))}" for row in since.rows(records, most=0)[0]])
    head += _first([_stale_line(record) for record in records if (record.waiver or {}).get("now_holds")])
    head += _first(
        [
            f"* {item.chip[1]} **waived {_safe(item.chip[2])}: {_safe(item.words)}** {_safe(item.told)} ({_safe(item.where)})"
            for item in first_page.waivers_of(claims)
        ]
    )
    head += ["", _safe(first_page.compared_with(records, run.get("baseline")))]
    head += ["", "| Verdict | Claim | Backbone | Dataset | Worst view | Score | Bound |", "|---|---|---|---|---|--:|--:|"]
    return head, [_row(claim) for claim in claims]


def _side_by_side(run: dict[str, Any]) -> list[str]:
    """Several backbones by property: their mean z, and their places; nothing of one."""
    records = records_of(run)
    backbones = list(dict.fromkeys(record.backbone for record in records))
    if len(backbones) < 2:
        return []
    compared = comparison.of_run(run, claims_of(records, run["properties"]), backbones)
    lines = ["", "### Side by side"]
    for title, rows, members in compared.ranking.tables:
        lines += ["", f"#### {title}", "", f"| Property | {' | '.join(map(_safe, members))} |", "|---|" + "--:|" * len(members)]
        for row in rows:
            cells = [rankings.cell_words(row, backbone) for backbone in members]
            name = read_prose(row.name, run["properties"].get(row.name, "")).title if row.name else "All properties"
            lines.append(f"| {_safe(name)} ({rankings.settings_words(row)}) | {' | '.join(map(_safe, cells))} |")
    lines += ["", _safe(rankings.EXPLAINED)] if compared.ranking.rows else []
    return [*lines, *_correlations(compared.ranking.correlations), "", *map(_safe, compared.notes)]


def _correlations(records: Sequence[Record]) -> list[str]:
    """What goes with what, the strongest first."""
    found = sorted(records, key=lambda record: -abs(record.value or 0.0))
    told = [f"* {_safe(rankings.correlation_words(record))}" for record in found]
    return ["", "#### Rank correlations", "", _safe(rankings.CORRELATED), "", *_first(told)] if told else []


def left_out_line(count: int, where: str) -> str:
    """What stands below a table that was cut: how many rows are missing, and where they are."""
    return f"… and {count:,} more, none worse than these: see {where}."


def _first(lines: list[str]) -> list[str]:
    """The first few lines, and how many more there are."""
    more = len(lines) - _LINES_SHOWN
    return lines[:_LINES_SHOWN] + [f"* … and {more} more"] * (more > 0)


def _stale_line(record: Record) -> str:
    reason = str((record.waiver or {}).get("reason", ""))
    return f"* {wording.SIGNS['holds']} **a waiver is no longer needed** ({_safe(record.backbone)}): {_safe(reason)}"


def _stop_line(stop: Stop) -> str:
    claim = stop.claim
    told = _safe(wording.account(stop))
    return f"* {wording.SIGNS[claim.verdict]} **{claim.verdict}: {_safe(claim.words)}** ({_safe(claim.backbone)}) {told}"


def _row(claim: Claim) -> str:
    worst = claim.worst
    interval = numbers.interval(worst.low, worst.high, claim.share)
    score = numbers.score(worst.value, claim.share) + (f" ({interval})" if interval and worst.low != worst.high else "")
    cells = (
        f"{wording.SIGNS[claim.verdict]} {claim.verdict}", claim.audit, claim.backbone, claim.dataset, shown_view(worst), score,
        wording.bound_sign(worst, claim.share),
    )  # fmt: skip
    return f"| {' | '.join(_safe(cell) for cell in cells)} |"


def _safe(text: str) -> str:
    """Text that Markdown shows as it is: no table, link, image, mention, code or HTML of its own."""
    text = " ".join(text.split())
    return re.sub(r"([\\`*_\[\]|<>~#@])", r"\\\1", text)

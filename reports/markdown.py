"""The verdicts of a run as a short Markdown table, for a step summary, a merge request or a chat."""

from __future__ import annotations

import re
from typing import Any

from reports import numbers, wording
from reports.claims import badness, claims_of, records_of, stops_of
from reports.html import sentence_of, state_of
from reports.record import Record

_ROWS_SHOWN = 100
_LINES_SHOWN = 10


def render(run: dict[str, Any]) -> str:
    """The answer, what stops it and a row a claim with its worst view, worst first; ValueError where a record is not one."""
    records = records_of(run)
    claims = sorted(claims_of(records, run["properties"]), key=lambda claim: badness(claim.worst))
    stops = stops_of(claims)
    lines = [f"## {state_of(run['gate'])[1]}", "", _safe(sentence_of(run["gate"])), ""]
    lines += _first([f"* missing: {_safe(str(one))}" for one in run["gate"]["missing"]])
    lines += _first([_stop_line(stop) for stop in stops])
    lines += _first([_stale_line(record) for record in records if (record.waiver or {}).get("now_holds")])
    lines += ["", "| Verdict | Claim | Backbone | Dataset | Worst view | Score | Bound |", "|---|---|---|---|---|--:|--:|"]
    lines += [_row(claim) for claim in claims[:_ROWS_SHOWN]]
    if len(claims) > _ROWS_SHOWN:
        lines += ["", f"… and {len(claims) - _ROWS_SHOWN} more, none worse than these: see report.html."]
    return "\n".join(lines) + "\n"


def _first(lines: list[str]) -> list[str]:
    """The first few lines, and how many more there are."""
    more = len(lines) - _LINES_SHOWN
    return lines[:_LINES_SHOWN] + [f"* … and {more} more"] * (more > 0)


def _stale_line(record: Record) -> str:
    reason = str((record.waiver or {}).get("reason", ""))
    return f"* {wording.SIGNS['holds']} **a waiver is no longer needed** ({_safe(record.backbone)}): {_safe(reason)}"


def _stop_line(stop: Any) -> str:
    claim = stop.claim
    words = (claim.words, wording.finding(claim.worst, claim.share), wording.what_next(claim.worst, claim.share))
    more = wording.other_views(claim)
    told = " ".join(filter(None, (*words[1:], f"… {more}." if more else "", wording.likewise(stop))))
    return f"* {wording.SIGNS[claim.verdict]} **{claim.verdict}: {_safe(words[0])}** ({_safe(claim.backbone)}) {_safe(told)}"


def _row(claim: Any) -> str:
    worst = claim.worst
    interval = numbers.interval(worst.low, worst.high, claim.share)
    score = numbers.score(worst.value, claim.share) + (f" ({interval})" if interval and worst.low != worst.high else "")
    cells = (
        f"{wording.SIGNS[claim.verdict]} {claim.verdict}", claim.audit, claim.backbone, claim.dataset, worst.view, score,
        wording.bound_sign(worst, claim.share),
    )  # fmt: skip
    return f"| {' | '.join(_safe(cell) for cell in cells)} |"


def _safe(text: str) -> str:
    """Text that Markdown shows as it is: no table, link, image, mention, code or HTML of its own."""
    text = " ".join(text.split())
    return re.sub(r"([\\`*_\[\]|<>~#@])", r"\\\1", text)

"""The verdicts of a run as a short Markdown table, for a step summary, a merge request or a chat."""

from __future__ import annotations

import re
from typing import Any

from reports import numbers, wording
from reports.claims import badness, claims_of, records_of, stops_of
from reports.html import sentence_of, state_of

_ROWS_SHOWN = 100
_STOPS_SHOWN = 10


def render(run: dict[str, Any]) -> str:
    """The answer, what stops it and a row a claim with its worst view, worst first; ValueError where a record is not one."""
    records = records_of(run)
    claims = sorted(claims_of(records, run["properties"]), key=lambda claim: badness(claim.worst))
    stops = stops_of(claims)
    lines = [f"## {state_of(run['gate'])[1]}", "", _safe(sentence_of(run["gate"])), ""]
    lines += [f"* missing: {_safe(str(one))}" for one in run["gate"]["missing"]]
    lines += [_stop_line(stop) for stop in stops[:_STOPS_SHOWN]]
    if len(stops) > _STOPS_SHOWN:
        lines.append(f"* and {len(stops) - _STOPS_SHOWN} more")
    lines += ["", "| Verdict | Claim | Backbone | Dataset | Worst view | Score | Bound |", "|---|---|---|---|---|--:|--:|"]
    lines += [_row(claim) for claim in claims[:_ROWS_SHOWN]]
    if len(claims) > _ROWS_SHOWN:
        lines += ["", f"{len(claims) - _ROWS_SHOWN} more claims, none worse than these, stand in report.html."]
    return "\n".join(lines) + "\n"


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

"""Where GitHub Actions shows a run: annotations on the page of the job, and the summary of the step.

A runner takes lines of the form `::error file=…,line=…,title=…::message` as annotations, shows at most ten of a kind for a step, and
refuses a step summary of more than 1 MiB.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports import since, wording
from reports.claims import Claim, Stop, badness, claims_of, records_of, stops_of
from reports.gate import briefly, state_of
from reports.markdown import left_out_line, parts_of
from reports.record import Record

SUMMARY = "GITHUB_STEP_SUMMARY"  # the variable that names the file
MOST_SHOWN = 10
SUMMARY_BYTES = 1024 * 1024
_CLOSING_BYTES = 4096  # kept free for the line below a table that was cut
_TITLE_LENGTH, _MESSAGE_LENGTH = 255, 4000
_LEVELS = ("error", "warning", "notice")


@dataclass(frozen=True)
class Annotation:
    """What a page shows beside a file: `level` is error, warning or notice; without a record it is about the whole run."""

    level: str
    title: str
    message: str
    record: Record | None = None


def announce(run: dict[str, Any], environment: Mapping[str, str], report: Path, root: Path) -> list[str]:
    """The lines to print for a run, once its summary stands in the file that the step names; what could not be written is such a line.

    report: where the whole report is; root: the folder that ids of tests start from.
    """
    lines = annotations_of(run, str(report), lambda record: _place(record, root, environment.get("GITHUB_WORKSPACE")))
    summary = environment.get(SUMMARY)
    return lines + (write_summary(run, Path(summary), str(report)) if summary else [])


def annotations_of(run: dict[str, Any], report: str, place: Callable[[Record], dict[str, Any]]) -> list[str]:
    """At most ten workflow commands, what stops the release first and worst first; the last says how many more there are."""
    found = _annotations(run)
    if len(found) > MOST_SHOWN:
        rest = found[MOST_SHOWN - 1 :]
        words = f"{len(rest)} more are in the step summary and in {report}: {briefly([one.title for one in rest])}."
        found = [*found[: MOST_SHOWN - 1], Annotation(rest[0].level, f"{len(rest)} more", words)]
    return [_command(one, place(one.record) if one.record else {}) for one in found]


def write_summary(run: dict[str, Any], path: Path, report: str) -> list[str]:
    """Append the summary to a file that others may have written to; what keeps it from being written, as a warning."""
    try:
        taken = path.stat().st_size if path.exists() else 0
        text = step_summary(run, SUMMARY_BYTES - taken - 2, report)
        if not text:
            return [_no_summary(path, "no room is left in it", report)]
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write("\n\n" * bool(taken) + text)
    except OSError as error:
        return [_no_summary(path, error.strerror or str(error), report)]
    return []


def step_summary(run: dict[str, Any], room: int, report: str) -> str:
    """The answer, what stops it and the table of claims in at most so many bytes: cut after a whole line; empty where nothing fits."""
    head, rows = parts_of(run)
    lines = [*head, *rows]
    size, fit = 0, 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > room - (_CLOSING_BYTES if fit < len(lines) - 1 else 0):
            break
        fit += 1
    left_out = min(len(lines) - fit, len(rows))
    return "".join(f"{line}\n" for line in [*lines[:fit], *(["", left_out_line(left_out, report)] if left_out else [])] if fit)


def _annotations(run: dict[str, Any]) -> list[Annotation]:
    """Everything that a page should show of a run, errors before warnings before notices, each worst first."""
    records = records_of(run)
    claims = claims_of(records, run["properties"])
    waived = sorted((claim for claim in claims if claim.verdict == "waived"), key=lambda claim: badness(claim.worst))
    policy = run["provenance"].get("policy") or {}
    excused = "undecided" if policy.get("undecided") == "warn" else ""
    found = [
        *_of_missing(run["gate"]),
        *(_of_stop(stop, excused) for stop in stops_of(claims)),
        *(_of_since(record, excused) for record in records if since.verdict_of(record) in since.STOPPING),
        *(_of_stale(record) for record in records if (record.waiver or {}).get("now_holds")),
        *(_of_waiver(claim) for claim in waived),
    ]
    told = any(one.level == "error" for one in found)
    return sorted([*_of_answer(run["gate"], told), *found], key=lambda one: _LEVELS.index(one.level))


def _of_answer(gate: dict[str, Any], told: bool) -> list[Annotation]:
    """The answer itself, where nothing else says it: what is no gate must not pass for one, and what is red is red for a reason."""
    if gate["ready"] or (told and gate["state"] != "not a gate"):
        return []
    return [Annotation("error" if gate["exit"] else "warning", state_of(gate)[1], gate["sentence"])]


def _of_missing(gate: dict[str, Any]) -> list[Annotation]:
    missing = [str(one) for one in gate["missing"]]
    title = f"{len(missing)} required {'audit is' if len(missing) == 1 else 'audits are'} missing"
    return [Annotation("error" if gate["exit"] else "warning", title, f"{briefly(missing, MOST_SHOWN)}.")] if missing else []


def _of_stale(record: Record) -> Annotation:
    return Annotation("error", f"a waiver is no longer needed: {record.audit}", str((record.waiver or {}).get("reason", "")), record)


def _of_since(record: Record, excused: str) -> Annotation:
    """What has become worse since the baseline, or may have."""
    verdict = since.verdict_of(record)
    ((row,), _) = since.rows([record], most=1)
    return Annotation(
        "warning" if verdict == excused else "error", f"{row.chip[2]} since the baseline: {record.audit}", since.line(row), record
    )


def _of_stop(stop: Stop, excused: str) -> Annotation:
    claim = stop.claim
    level = "warning" if claim.verdict == excused else "error"
    return Annotation(level, _title(claim), f"{claim.words}. {wording.account(stop)}", claim.worst)


def _of_waiver(claim: Claim) -> Annotation:
    terms = claim.worst.waiver or {}
    until = f"Waived by {terms.get('owner', 'its owner')} until {wording.date_words(terms.get('expires'))}: {terms.get('reason', '')}"
    return Annotation("notice", _title(claim), f"{claim.words}. {wording.finding(claim.worst, claim.share)} {until}", claim.worst)


def _title(claim: Claim) -> str:
    return f"{claim.verdict}: {claim.audit} of {claim.backbone} on {claim.dataset}"


def _command(annotation: Annotation, place: Mapping[str, Any]) -> str:
    properties = {**place, "title": _clipped(annotation.title, _TITLE_LENGTH)}
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{annotation.level} {written}::{_data(_clipped(annotation.message, _MESSAGE_LENGTH))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _no_summary(path: Path, why: str, report: str) -> str:
    message = f"The summary could not be written to {path}: {why}. The verdicts are in {report}."
    return _command(Annotation("warning", "No step summary", message), {})


def _place(record: Record, root: Path, workspace: str | None) -> dict[str, Any]:
    """File and line of the audit behind a record, as the page names files; empty where the file is not part of what the page shows."""
    name, _, test = record.nodeid.partition("::")
    path = (root / name).resolve()
    base = Path(workspace).resolve() if workspace else root.resolve()
    if not test or not path.is_file() or not path.is_relative_to(base):
        return {}
    line = _line_of(path, test.partition("[")[0])
    return {"file": path.relative_to(base).as_posix(), **({"line": line} if line else {})}


def _line_of(path: Path, test: str) -> int | None:
    """Where a test is defined; None where the file has changed since."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None
    return next((node.lineno for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == test), None)

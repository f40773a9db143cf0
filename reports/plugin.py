"""Collects the records of a run, in one process or many, writes run.json and report.html, and says what the run decided.

pytest plugin; it acts in the controller only. The one place that sets the exit status of an audit.
"""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from reports import moments
from reports.budget import budget_of, with_second_reading
from reports.gate import INTERRUPTED, Gate, briefly, gate_of
from reports.record import SCHEMA_VERSION, Record, read_run, write_run
from reports.summary import closing, table


class Run(Protocol):
    """What a report asks of a run; the run puts itself into the config's stash under `RUN`."""

    @property
    def report_folder(self) -> Path: ...
    @property
    def partial(self) -> tuple[str, ...]: ...
    @property
    def partial_is_meant(self) -> bool: ...
    @property
    def leaves_report(self) -> bool: ...
    @property
    def undecided_fails(self) -> bool: ...
    @property
    def false_red(self) -> float: ...

    @property
    def options(self) -> Any: ...
    @property
    def backbones(self) -> list[str]: ...

    def kept_file(self) -> bytes:
        """What is kept of every number, to compare another run with."""
        ...

    def handover(self) -> str:
        """JSON of what only the measuring process knows: expected cases, exhibits, measured."""
        ...

    def uncollected(self, expected: list[list[str]]) -> tuple[int, list[str]]:
        """How many audits apply to what was chosen, and the keys of those that were not collected."""
        ...

    def missing(self, expected: list[list[str]], records: list[Record]) -> list[str]:
        """What is required and was not judged, in words."""
        ...

    def with_needless_waivers(self, expected: list[list[str]], records: list[Record]) -> list[Record]:
        """The records, of which one for each waiver that nothing needs any more says so."""
        ...

    def facts(self, root: Path) -> dict[str, Any]:
        """Provenance, the texts of the properties, and what was left out."""
        ...


RUN = pytest.StashKey[Run]()
LEDGER = pytest.StashKey["Ledger"]()


@dataclass
class Ledger:
    """Everything that has been said so far about this run; `ranking` is about no backbone on its own, and no part of the gate."""

    records: list[Record] = field(default_factory=list)
    handovers: list[dict[str, Any]] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    ranking: list[Record] = field(default_factory=list)
    lost_workers: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.time)
    gate: Gate | None = None
    written: Path | None = None
    saved: str = ""


def _ledger(config: pytest.Config) -> Ledger | None:
    """The ledger of this process; None in a worker, and where nothing is audited or only listed or planned."""
    run = config.stash.get(RUN, None)
    listed = config.option.collectonly or config.option.setuponly or config.option.setupplan
    if run is None or hasattr(config, "workerinput") or not run.leaves_report or listed:
        return None
    return config.stash.setdefault(LEDGER, Ledger())


class Collector:
    """The hooks that need the run's config; registered once per session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, object, object]:
        ledger = _ledger(self.config)
        if ledger is not None:
            for name, value in report.user_properties:
                if name == "audit_record":
                    ledger.records.append(Record.from_json(str(value)))
            report.user_properties = [pair for pair in report.user_properties if pair[0] != "audit_record"]
        result = yield
        if getattr(report, "audit_error", False) or hasattr(report, "wasxfail"):
            _mend_junit(self.config, report)
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        ledger = _ledger(self.config)
        if ledger is None:
            return
        handover = getattr(node, "workeroutput", {}).get("audit")
        if handover is None:
            ledger.lost_workers.append(f"worker {node.gateway.id}" + (f": {error}" if error else ""))
        else:
            ledger.handovers.append(json.loads(handover))
            ledger.kept.append(node.workeroutput["audit_kept"])


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Collector(config), "backbone-audits-collector")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Evidence of an earlier run is not that of this one: remove it before the first test, here or in a worker, adds its own."""
    if _ledger(session.config) is None:
        return
    evidence = session.config.stash[RUN].report_folder / "evidence"
    for file in evidence.glob("*/*/*.parquet*"):  # only what a run wrote: the folder may be somebody's own
        file.unlink(missing_ok=True)
    for folder in (*evidence.glob("*/*/"), *evidence.glob("*/"), evidence):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _mend_junit(config: pytest.Config, report: pytest.TestReport) -> None:
    """In JUnit a failure is the backbone's and an error is ours, where pytest calls both a failure; what is waived says how bad it is."""
    from _pytest.junitxml import bin_xml_escape, xml_key

    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    for node in xml.node_reporter(report).nodes:
        if node.tag == "failure" and getattr(report, "audit_error", False):
            node.tag = "error"
            xml.stats["failure"] -= 1
            xml.stats["error"] += 1
        elif node.get("type") == "pytest.xfail" and isinstance(report.longrepr, str):
            node.set("message", f"{bin_xml_escape(report.longrepr)}; {node.get('message')}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the run down and decide the exit status; an interrupted run keeps its records, and is no gate."""
    ledger = _ledger(session.config)
    if ledger is None:
        return
    run = session.config.stash[RUN]
    take_over(session.config)
    ledger.gate = _decide(
        session.config, run, ledger, interrupted=exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    )
    ledger.written = run.report_folder / "report.html"
    from reports import baseline

    kept = baseline.write_kept(run.report_folder, ledger.kept)
    data = {**_run_data(session.config, run, ledger, ledger.gate), "kept": kept}
    write_run(run.report_folder / "run.json", data)
    from reports.html import render

    # From the file, so that the same report can be made from it later: JSON knows lists only, where a run has tuples.
    ledger.written.write_text(render(read_run(run.report_folder / "run.json")), encoding="utf-8", newline="\n")
    ledger.saved = baseline.save(session.config, run.report_folder, ledger.gate)
    if ledger.gate.red and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def take_over(config: pytest.Config) -> None:
    """Take, once, what this process has measured itself; workers hand theirs over when they end."""
    run, ledger = config.stash[RUN], config.stash[LEDGER]
    if not ledger.handovers and not ledger.lost_workers and not _is_controller_of_workers(config):
        ledger.handovers.append(json.loads(run.handover()))
        ledger.kept.append(run.kept_file())


def _is_controller_of_workers(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("dsession")


def _decide(config: pytest.Config, run: Run, ledger: Ledger, interrupted: bool) -> Gate:
    from reports import baseline

    judged = [[record.audit, record.backbone, record.dataset, record.view, record.nodeid] for record in ledger.records]
    expected = ledger.handovers[0]["expected"] if ledger.handovers else judged  # workers that are stopped hand nothing over
    missing = run.missing(expected, ledger.records)
    ledger.records = with_second_reading(run.with_needless_waivers(expected, ledger.records), run.false_red)
    measured = _together([handover["measured"] for handover in ledger.handovers])
    ledger.records = baseline.since(config, ledger.records, ledger.kept, measured)
    partial = [*run.partial, *ledger.lost_workers]
    applying, uncollected = run.uncollected(expected)
    if interrupted:
        partial.append(INTERRUPTED)
    elif not ledger.lost_workers:
        if uncollected:
            partial.append(f"{len(uncollected)} of {applying} audits were not collected ({briefly(uncollected)})")
        run_cases = {record.nodeid for record in ledger.records if record.nodeid}  # not what several say together, nor what ran twice
        if len(run_cases) < len(expected):
            partial.append(f"{len(run_cases)} of {len(expected)} cases were run")
    missing += [] if partial else baseline.lost(config, ledger.records, measured)
    meant = run.partial_is_meant and not interrupted and not ledger.lost_workers
    return gate_of(ledger.records, missing, partial, run.undecided_fails, meant)


def _run_data(config: pytest.Config, run: Run, ledger: Ledger, gate: Gate) -> dict[str, Any]:
    from reports import baseline
    from reports.standings import ranks_for_run

    facts = run.facts(config.rootpath)
    provenance = {
        "begun": moments.stamp(ledger.begun),
        **facts["provenance"],
        **_together([handover["measured"] for handover in ledger.handovers]),
        "command": command_of(config.invocation_params.args, os.environ.get("PYTEST_ADDOPTS", "")),
        "seconds": round(time.time() - ledger.begun, 2),
    }
    exhibits = [exhibit for handover in ledger.handovers for exhibit in handover["exhibits"]]
    expected = ledger.handovers[0]["expected"] if ledger.handovers else []
    place = {nodeid: number for number, (*_, nodeid) in enumerate(expected)}  # as the audits stand in their files
    records = sorted(ledger.records, key=lambda record: (record.backbone, place.get(record.nodeid, len(place)), record.nodeid))
    return {
        "schema_version": SCHEMA_VERSION,
        "provenance": provenance,
        "gate": gate.as_data(),
        "budget": budget_of(records, run.false_red),
        "baseline": baseline.said(config),
        "properties": facts["properties"],
        "records": [json.loads(record.to_json()) for record in (*records, *ledger.ranking)],
        "ranks": ranks_for_run(records, facts["properties"], ledger.kept),
        "left_out": facts["left_out"],
        "exhibits": sorted(exhibits, key=lambda exhibit: (exhibit["backbone"], exhibit["dataset"])),
    }


def command_of(arguments: Sequence[Any], added: str) -> str:
    """What makes this run again, typed into a shell: the words that pytest was given, and those that it took from the environment."""
    environment = f"PYTEST_ADDOPTS={shlex.quote(added)} " if added else ""
    return f"{environment}pytest {shlex.join(map(str, arguments))}"


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What the workers say, as one: counts are added, tables joined, words taken from any."""
    joined: dict[str, Any] = {}
    for key, value in ((key, value) for part in parts for key, value in part.items()):
        if isinstance(value, dict):
            joined[key] = {**joined.get(key, {}), **value}
        else:
            joined[key] = joined.get(key, 0) + value if isinstance(value, int) else value
    return joined


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The verdict table, the answer in a sentence, and where the report is."""
    ledger = _ledger(config)
    if ledger is None or ledger.gate is None or ledger.written is None:
        return
    write = terminalreporter.write_line
    terminalreporter.section("audit", sep="=", bold=True)
    for line, colour in table(ledger.records):
        write(line, **({colour: True} if colour else {"bold": True}))
    run = config.stash[RUN]
    left_out = {out["audit"] for out in run.facts(config.rootpath)["left_out"]}
    for line, colour in closing(ledger.records, ledger.gate, len(left_out), run.partial_is_meant, ledger.ranking):
        write(line, **({colour: True} if colour else {}))
    write(ledger.gate.sentence, bold=True, **{"green" if ledger.gate.state == "ready" else "red" if ledger.gate.red else "yellow": True})
    if ledger.saved:
        write(ledger.saved)
    write(f"report: {ledger.written}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from reports.github import announce

        for line in announce(read_run(ledger.written.with_name("run.json")), os.environ, ledger.written, config.rootpath):
            write(line)

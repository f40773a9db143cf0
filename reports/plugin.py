"""Collects the records of a run, in one process or many, writes run.json and report.html, and says what the run decided.

pytest plugin; it acts in the controller only. The one place that sets the exit status of an audit.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from reports.gate import INTERRUPTED, Gate, briefly, gate_of
from reports.record import SCHEMA_VERSION, Record, write_run
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
    def only_planned(self) -> bool: ...
    @property
    def undecided_fails(self) -> bool: ...

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
    """Everything that has been said so far about this run."""

    records: list[Record] = field(default_factory=list)
    handovers: list[dict[str, Any]] = field(default_factory=list)
    lost_workers: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.time)
    gate: Gate | None = None
    written: Path | None = None


def _ledger(config: pytest.Config) -> Ledger | None:
    """The ledger of this process; None in a worker, and where nothing is audited or only listed or planned."""
    run = config.stash.get(RUN, None)
    listed = config.option.collectonly or config.option.setuponly or config.option.setupplan
    if run is None or hasattr(config, "workerinput") or run.only_planned or listed:
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
        if getattr(report, "audit_error", False):
            _write_as_error(self.config, report)
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


def _write_as_error(config: pytest.Config, report: pytest.TestReport) -> None:
    """In JUnit a failure is the backbone's and an error is ours; pytest's own writer calls everything in the body of a test a failure."""
    from _pytest.junitxml import xml_key

    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    for node in xml.node_reporter(report).nodes:
        if node.tag == "failure":
            node.tag = "error"
            xml.stats["failure"] -= 1
            xml.stats["error"] += 1


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the run down and decide the exit status; an interrupted run keeps its records, and is no gate."""
    ledger = _ledger(session.config)
    if ledger is None:
        return
    run = session.config.stash[RUN]
    if not ledger.handovers and not ledger.lost_workers and not _is_controller_of_workers(session.config):
        ledger.handovers.append(json.loads(run.handover()))
    ledger.gate = _decide(run, ledger, interrupted=exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR))
    ledger.written = run.report_folder / "report.html"
    data = _run_data(session.config, run, ledger, ledger.gate)
    write_run(run.report_folder / "run.json", data)
    from reports.html import render

    ledger.written.write_text(render(data), encoding="utf-8")
    if ledger.gate.red and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_controller_of_workers(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("dsession")


def _decide(run: Run, ledger: Ledger, interrupted: bool) -> Gate:
    judged = [[record.audit, record.backbone, record.dataset, record.view, record.nodeid] for record in ledger.records]
    expected = ledger.handovers[0]["expected"] if ledger.handovers else judged  # workers that are stopped hand nothing over
    missing = run.missing(expected, ledger.records)
    ledger.records = run.with_needless_waivers(expected, ledger.records)
    partial = [*run.partial, *ledger.lost_workers]
    applying, uncollected = run.uncollected(expected)
    if interrupted:
        partial.append(INTERRUPTED)
    elif not ledger.lost_workers:
        if uncollected:
            partial.append(f"{len(uncollected)} of {applying} audits were not collected ({briefly(uncollected)})")
        if len(ledger.records) < len(expected):
            partial.append(f"{len(ledger.records)} of {len(expected)} cases were run")
    meant = run.partial_is_meant and not interrupted and not ledger.lost_workers
    return gate_of(ledger.records, missing, partial, run.undecided_fails, meant)


def _run_data(config: pytest.Config, run: Run, ledger: Ledger, gate: Gate) -> dict[str, Any]:
    facts = run.facts(config.rootpath)
    provenance = {
        **facts["provenance"],
        **_together([handover["measured"] for handover in ledger.handovers]),
        "command": "pytest " + shlex.join(map(str, config.invocation_params.args)),
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
        "properties": facts["properties"],
        "records": [json.loads(record.to_json()) for record in records],
        "left_out": facts["left_out"],
        "exhibits": sorted(exhibits, key=lambda exhibit: (exhibit["backbone"], exhibit["dataset"])),
    }


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
    if ledger is None or ledger.gate is None:
        return
    write = terminalreporter.write_line
    terminalreporter.section("audit", sep="=", bold=True)
    for line, colour in table(ledger.records):
        write(line, **({colour: True} if colour else {"bold": True}))
    run = config.stash[RUN]
    left_out = {out["audit"] for out in run.facts(config.rootpath)["left_out"]}
    for line, colour in closing(ledger.records, ledger.gate, len(left_out), run.partial_is_meant):
        write(line, **({colour: True} if colour else {}))
    write(ledger.gate.sentence, bold=True, **{"green" if ledger.gate.state == "ready" else "red" if ledger.gate.red else "yellow": True})
    write(f"report: {ledger.written}")

"""A run that is ended in the middle loses nothing that was finished, and two runs at once share what they measure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.evidence.cache import EvidenceCache
from tests.command_line.conftest import ROOT, SERIAL_AND_WORKERS, Audit, environment, run_file
from tests.command_line.subjects import kept

pytest_plugins = ["pytester"]

SLOW = "--backbone=tests.command_line.subjects:slow"
CHOSEN = ("-k", "first_answer or everyday")


def _hear_interrupts() -> None:
    """A process that a shell put into the background ignores SIGINT, and so do its children unless told."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(folder: Path, *arguments: str, report: str = "audit-report", **more: str) -> subprocess.Popen[bytes]:
    """A run of its own process. more: of its environment; HELD_FROM=3 has it wait to be killed from the third file of evidence on."""
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), str(ROOT / "audits"), "-p", "no:cacheprovider"]
    around = environment(PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", XDG_CACHE_HOME=str(folder / "cache"), **more)
    command += [SLOW, *CHOSEN, *arguments, f"--audit-report={report}"]
    return subprocess.Popen(command, cwd=folder, env=around, preexec_fn=_hear_interrupts, stdout=subprocess.DEVNULL)


def passes_kept(folder: Path) -> int:
    """Forward passes of which the results are kept: one a file, but for the five of which the numerical noise is made."""
    files = kept(folder / "cache")
    return sum(5 if "envelope" in EvidenceCache(file.parent).words(file.name.split(".")[0]) else 1 for file in files)


def wait_for_evidence(folder: Path, files: int) -> None:
    deadline = time.monotonic() + 120
    while len(kept(folder / "cache")) < files:
        assert time.monotonic() < deadline, "the run measured nothing"
        time.sleep(0.05)


@pytest.mark.slow
@SERIAL_AND_WORKERS
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_next_run_goes_on_where_a_killed_one_was(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str], how: signal.Signals, workers: tuple[str, ...]
) -> None:
    gate = policy()
    run = started(pytester.path, pictures, gate, *workers, HELD_FROM="3", SLOW_SECONDS="0.017")
    wait_for_evidence(pytester.path, 3)
    os.kill(run.pid, how)
    assert run.wait(120) != 0
    time.sleep(1)  # what a worker had in hand is written
    finished = passes_kept(pytester.path)

    result = audit(SLOW, pictures, gate, *CHOSEN)
    provenance = run_file(pytester.path)["provenance"]

    assert result.ret == 0
    assert finished >= 3
    assert provenance["forward_passes"] == passes_kept(pytester.path) - finished


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_an_interrupted_run_keeps_its_records_and_is_no_gate(
    pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    required = '[[required]]\naudits = ["accuracy.top1", "invariance.consistency"]\ndatasets = ["pictures"]\n'
    run = started(pytester.path, pictures, policy(required), *workers, HELD_FROM="4", SLOW_SECONDS="0.017")
    wait_for_evidence(pytester.path, 4)
    os.kill(run.pid, signal.SIGINT)

    assert run.wait(120) == pytest.ExitCode.INTERRUPTED
    left = run_file(pytester.path)
    assert left["records"][0]["audit"] == "accuracy.top1"
    assert not left["gate"]["ready"]
    assert "interrupted" in left["gate"]["partial"]
    assert not any("accuracy.top1" in words for words in left["gate"]["missing"])


@pytest.mark.slow
def test_two_runs_share_a_cache(pytester: pytest.Pytester, pictures: str, policy: Callable[[], str]) -> None:
    gate = policy()
    runs = [started(pytester.path, pictures, gate, report=f"report{number}", SLOW_SECONDS="0.017") for number in (1, 2)]

    assert [run.wait(240) for run in runs] == [0, 0]
    left = [json.loads((pytester.path / f"report{number}" / "run.json").read_text()) for number in (1, 2)]
    passes = [one["provenance"]["forward_passes"] for one in left]
    assert sum(passes) == passes_kept(pytester.path)
    assert [record["value"] for record in left[0]["records"]] == [record["value"] for record in left[1]["records"]]

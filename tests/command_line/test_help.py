"""The command line answers at once: options of an audit cost no library."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command_line.conftest import ROOT


def seconds_of_help(folder: Path) -> float:
    begun = time.perf_counter()
    told = subprocess.run([sys.executable, "-m", "pytest", "--help"], cwd=folder, capture_output=True, text=True, check=True)
    assert ("--audit-policy" in told.stdout) == (folder == ROOT)
    return time.perf_counter() - begun


@pytest.mark.slow
def test_help_takes_at_most_three_times_that_of_bare_pytest(tmp_path: Path) -> None:
    """Medians of five rounds, both sides in each, so that a busy machine slows both."""
    rounds = [(seconds_of_help(ROOT), seconds_of_help(tmp_path)) for _ in range(5)]
    ours, bare = (statistics.median(side) for side in zip(*rounds, strict=True))

    assert ours <= 3 * bare, f"--help takes {ours:.2f} s here and {bare:.2f} s in an empty folder"

"""Runs of the command line in a process of their own, from a folder of their own, over small images."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line.pictures import write_pictures

ROOT = Path(__file__).resolve().parents[2]
TINY = "--backbone=tests.command_line.subjects:tiny"
POLICY = """
[depth]
images_per_view = 24
severities = [3]
search_images = 24
search_passes = 2
attack_images = 8
attack_steps = 2
[bounds."accuracy.top1"]
bound = 0.0
reason = "always holds"
[bounds."calibration.ece"]
bound = 1.0
reason = "always holds"
[bounds."invariance.consistency"]
bound = 0.0
reason = "always holds"
"""

# More than a random network can, and just across what it does.
IMPOSSIBLE = '[bounds."accuracy.top5"]\nbound = 0.999\nreason = "more than a random network can"\n'
ACROSS = IMPOSSIBLE.replace("0.999", "0.42")
FIRST = ("-k", "first")

# Every refusal and every ending is tried in one process and with workers; the latter are slow to start.
SERIAL_AND_WORKERS = pytest.mark.parametrize(
    "workers", [pytest.param((), id="serial"), pytest.param(("-n", "2"), id="workers", marks=pytest.mark.slow)]
)

Audit = Callable[..., pytest.RunResult]


@pytest.fixture
def audit(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """`pytest audits/ ARGUMENTS` in a fresh process; cache and report lie in the test's own folder."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*arguments: str | Path) -> pytest.RunResult:
        return pytester.runpytest_subprocess(
            "-c", ROOT / "pyproject.toml", ROOT / "audits", "-p", "no:cacheprovider", *arguments, timeout=300
        )

    return run


@pytest.fixture
def pictures(pytester: pytest.Pytester) -> str:
    """A dataset of 48 small pictures of twelve classes, as `--audit-dataset=…`; its folder is `pictures/` of the test's folder."""
    write_pictures(pytester.path)
    return "--audit-dataset=pictures.toml"


@pytest.fixture
def policy(pytester: pytest.Pytester) -> Callable[[str], str]:
    """Writes a policy that everything passes, with more lines if told, as `--audit-policy=…`."""

    def write(more: str = "", base: str = POLICY) -> str:
        (pytester.path / "gate.toml").write_text(more + base if more.startswith("undecided") else base + more)
        return "--audit-policy=gate.toml"

    return write


def run_file(folder: Path) -> dict[str, Any]:
    """The run.json that a run has left below a folder."""
    return json.loads((folder / "audit-report" / "run.json").read_text())


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, **more}

"""A gate is never green by absence: of every way in which something can be missing, the run says so and is not taken for ready."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.command_line.gates import ROOT, run, write_gate
from tests.command_line.ways import REFUSED, WAYS, Way

EVERY = [pytest.param(way, id=way.missing, marks=() if way.quick else pytest.mark.slow) for way in WAYS]
ROW = re.compile(r"^\| (.+?) \| `(.+)` \| (\d) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the gate that is ready has measured may answer in every other, where nothing that matters is changed."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def unused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gate before its first run."""
    folder = tmp_path_factory.mktemp("gate")
    write_gate(folder)
    return folder


@pytest.fixture(scope="module")
def ready(unused: Path, cache: Path) -> Path:
    """The gate after a first run, which is ready and is kept as the baseline `v1`: without a change every row would be green."""
    first = run(unused, "--audit-save=v1", cache=cache)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Ready: all 4 judged claims hold." in first.stdout
    return unused


@pytest.mark.parametrize("way", EVERY)
def test_what_is_missing_is_not_green(way: Way, request: pytest.FixtureRequest, cache: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    shutil.copytree(request.getfixturevalue("unused" if way.quick else "ready"), gate, symlinks=True)
    shutil.rmtree(gate / "audit-report", ignore_errors=True)
    for name, old, new in way.edits:
        change(gate / name, old, new)
    ended = run(gate, *way.arguments, cache=cache)
    text = ended.stdout + ended.stderr

    assert ended.returncode == way.status, text
    assert way.words in text
    assert ("\nReady" in text) == way.ready
    assert is_ready(gate) == way.ready
    if way.status == REFUSED:
        assert "Traceback" not in text
        assert len([line for line in text.splitlines() if line.strip()]) <= 16


def change(file: Path, old: str, new: str) -> None:
    """What stands in a file becomes something else (`Way.edits`)."""
    if not old and not new:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    if not old:
        file.write_text(new)
        return
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new))


def is_ready(gate: Path) -> bool:
    """What the run has written down, if anything."""
    file = gate / "audit-report" / "run.json"
    return file.exists() and json.loads(file.read_text())["gate"]["ready"]


def test_the_readme_of_the_audits_has_the_same_rows() -> None:
    _, _, part = (ROOT / "audits" / "README.md").read_text().partition("\n## Never green by absence\n")

    assert ROW.findall(part) == [(way.missing, way.words, str(way.status)) for way in WAYS]

"""The recipes of the README for GitHub and GitLab, run step by step in bash with what the service would set.

Left out is what needs the service or a network: actions of others are not run, only what they are told is looked at, and in place of
`pip install` the interpreter of these tests stands in the virtual environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.command_line.conftest import IMPOSSIBLE, POLICY, ROOT

pytestmark = pytest.mark.slow

GATE = POLICY.partition("[bounds")[0] + '[bounds."accuracy.top1"]\nbound = 0.0\nreason = "always holds"\n'
RELEASE = """
[release]
library = "factory"
model = "tests.command_line.subjects:tiny"
datasets = ["pictures.toml"]
"""
PICTURES = """
[pictures]
layout = "csv"
root = "pictures"
table = "labels.csv"
label = "label"
label_space = "shapes"
"""


@dataclass(frozen=True)
class Outcome:
    """What a job showed and how it ended."""

    status: int
    output: str
    steps: tuple[str, ...]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's copy of the suite with a backbone of their own; of the audits only those of accuracy, so that a whole run takes seconds."""
    folder = tmp_path / "project"
    for name in ("audits", "fixtures", "reports", "tests/command_line"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    for path in (folder / "audits").glob("test_*.py"):
        if path.name != "test_accuracy.py":
            path.unlink()
    for name in ("conftest.py", "pyproject.toml", "tests/__init__.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "release.toml").write_text(RELEASE)
    (folder / "pictures.toml").write_text(PICTURES)
    (folder / "gate.toml").write_text(GATE)
    (folder / "pictures").mkdir()
    draw = np.random.default_rng(1)
    for index in range(48):
        Image.fromarray(draw.integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(folder / "pictures" / f"{index:02}.png")
    (folder / "pictures" / "labels.csv").write_text("\n".join(["file,label", *(f"{n:02}.png,{n % 12}" for n in range(48))]))
    return folder


def recipe(name: str) -> Any:
    """A recipe of the README, as the service parses it."""
    (text,) = re.findall(rf"<!-- recipe: {re.escape(name)} -->\n```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return yaml.safe_load(text)


def environment(project: Path, **more: str) -> dict[str, str]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "CI_", "PYTEST_"))}
    return plain | {
        "CI": "true",
        "PIP_NO_INDEX": "1",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "XDG_CACHE_HOME": str(project / "cache"),
        **more,
    }


def in_bash(script: str, project: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One step, as both services run it: stopped by the first command that fails; nothing is installed."""
    if re.search(r"pip\"? install", script):
        _stand_in(Path(_expanded(re.findall(r"-m venv (\S+)", script)[0].strip('"'), variables)), project)
        script = "true"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=300, check=False)


def _stand_in(folder: Path, project: Path) -> None:
    """A virtual environment whose commands are those of this interpreter."""
    programs = (project / folder) / "bin"
    programs.mkdir(parents=True)
    for name, module in (("python", ""), ("pytest", " -m pytest")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{module} "$@"\n')
        (programs / name).chmod(0o755)


def _expanded(text: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: variables[match[1]], text)


def on_github(project: Path, **inputs: str) -> Outcome:
    """The composite action as a step of a job: its inputs put in, each step in turn, after a failure only those that always run."""
    action = recipe("action.yml")
    given = {name: str(entry.get("default", "")) for name, entry in action["inputs"].items()} | inputs
    assert {name for name, entry in action["inputs"].items() if entry.get("required")} <= set(inputs)
    known = {"github.run_id": "7", **{f"inputs.{name}": value for name, value in given.items()}}
    files = {name: str(project / name.lower()) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")}
    places = {"GITHUB_WORKSPACE": str(project), "GITHUB_ACTION_PATH": str(project), "RUNNER_TEMP": str(project / "temp")}
    variables = environment(project, GITHUB_ACTIONS="true", **places, **files)
    status, output, steps = 0, "", []
    for step in action["runs"]["steps"]:
        if status and step.get("if") != "always()":
            continue
        steps.append(step.get("uses", "run"))
        if "run" in step:
            assert step["shell"] == "bash"
            own = {name: _filled(value, known) for name, value in step.get("env", {}).items()}
            told = in_bash(_filled(step["run"], known), project, variables | own)
            status, output = status or told.returncode, output + told.stdout + told.stderr
        elif step["uses"].startswith("actions/upload-artifact@"):
            assert (project / step["with"]["path"] / "report.html").is_file()
        else:
            assert all(_filled(str(value), known) for value in step["with"].values())
    return Outcome(status, output, tuple(steps))


def _filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ *(.+?) *\}\}", lambda match: known[match[1]], text)


def on_gitlab(project: Path) -> Outcome:
    """The job, its script and then, however that went, its after_script."""
    job = recipe(".gitlab-ci.yml")["audit"]
    variables = environment(project, GITLAB_CI="true", CI_PROJECT_DIR=str(project))
    variables |= {name: _expanded(value, variables) for name, value in job["variables"].items()}
    status, output = 0, ""
    for line in [*job["script"], None, *job["after_script"]]:
        if line is None:
            first, status = status, 0
        elif not status:
            told = in_bash(line, project, variables)
            status, output = told.returncode, output + told.stdout + told.stderr
    assert job["artifacts"]["when"] == "always"
    for path in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values(), *job["cache"]["paths"]):
        assert (project / path).exists(), f"{path}\n{output}"
    return Outcome(first, output, ())


def test_on_github_a_backbone_that_is_ready_is_let_through(project: Path) -> None:
    told = on_github(project, backbone="./release.toml", policy="gate.toml")

    assert told.status == 0, told.output
    assert "::error" not in told.output
    assert (project / "github_step_summary").read_text().startswith("## Ready\n")
    assert told.steps == ("actions/cache@v4", "run", "run", "actions/upload-artifact@v4")


def test_on_github_a_backbone_that_is_not_is_stopped_and_explained(project: Path) -> None:
    (project / "gate.toml").write_text(GATE + IMPOSSIBLE)
    told = on_github(project, backbone="./release.toml", policy="gate.toml")
    annotations = [line for line in told.output.splitlines() if line.startswith("::")]
    summary = (project / "github_step_summary").read_text()

    assert told.status == 1
    assert len(annotations) == 1
    assert annotations[0].startswith("::error file=audits/test_accuracy.py,line=")
    assert "title=violated%3A accuracy.top5 of release on pictures::" in annotations[0]
    assert summary.startswith("## Not ready\n")
    assert "| ✕ violated | accuracy.top5 | release | pictures |" in summary
    assert told.steps[-1] == "actions/upload-artifact@v4"


def test_on_github_a_partial_run_does_not_pass_for_a_gate(project: Path) -> None:
    told = on_github(project, backbone="./release.toml", policy="gate.toml", options="-k first_answer --audit-limit=24 --audit-partial")

    assert told.status == 1
    assert "1 passed" in told.output
    assert "::warning title=Not a gate::" in told.output


@pytest.mark.parametrize("bounds", [GATE, GATE + IMPOSSIBLE], ids=["ready", "not ready"])
def test_on_gitlab_the_job_says_whether_and_its_artifacts_say_why(project: Path, bounds: str) -> None:
    (project / "gate.toml").write_text(bounds)
    told = on_gitlab(project)
    failures = [str(failure.get("message")) for failure in ElementTree.parse(project / "audit-report" / "junit.xml").iter("failure")]
    verdicts = (project / "audit-report" / "verdicts.md").read_text()

    if bounds == GATE:
        assert (told.status, failures) == (0, []), told.output
        assert verdicts.startswith("## Ready\n")
    else:
        assert told.status == 1
        assert [message.partition(" = ")[0] for message in failures] == ["accuracy.top5"]
        assert verdicts.startswith("## Not ready\n")
        assert "accuracy.top5 | release | pictures" in verdicts
    assert "::" not in re.sub(r"\.py::", "", told.output)

"""Commands and recipes of the READMEs, followed to the letter in a copy of the project."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("audits", "fixtures", "reports", "tests", "conftest.py", "pyproject.toml")

# Every command line of a README but the two set-ups, and what it must end with here, offline, shortened by the options behind it.
RUN_HERE = {
    "pytest audits/ --backbone=vit_b_clip": ("", 4, "vit_b_clip"),
    "pytest audits/ --backbone=vit_b_clip --backbone=convnext_b_sup": ("", 4, "vit_b_clip"),
    "pytest audits/ --backbone=./release.toml --audit-policy=gate.toml": ("", 4, "release.toml"),
    "pytest audits/ --backbone=shapes_vit_sup": ("--audit-plan", 0, "forward passes to do"),
    "pytest audits/ --backbone=shapes_convnext_sup --backbone=shapes_vit_sup --audit-policy=quick": (
        "--audit-limit=48 -k first_answer_is_right --audit-partial",
        1,
        "report: ",
    ),
    "pytest audits/ --backbone=shapes_convnext_sup --audit-sabotage": ("", 0, "Caught: all 7 sabotages"),
    "pytest audits/ --backbone=mine.toml": ("--audit-limit=48 -k first_answer_is_right --audit-partial", 1, "accuracy.top1"),
    "pytest audits/ --backbone=shapes_convnext_sup --audit-dataset=snapshots.toml": (
        "-k first_answer_is_right --audit-partial",
        None,
        "snapshots",
    ),
    "pytest audits/ --backbone=shapes_convnext_sup --audit-save=v1": (
        "--audit-limit=48 -k first_answer_is_right --audit-partial",
        1,
        "kept for later runs",
    ),
    "pytest audits/ --backbone=shapes_convnext_sup --audit-baseline=v1": (
        "--audit-limit=48 -k first_answer_is_right --audit-partial",
        1,
        "same answers",
    ),
    "python -m reports compare audit-baselines/v1 audit-report": ("", 0, "same answers"),
    "python -m reports history audit-baselines": ("", 0, "It is the only release here"),
    "python -m reports html audit-report/run.json": ("", 0, "report.html"),
    "python -m reports html audit-report/run.json -o gate.html": ("", 0, "gate.html"),
    "python -m reports markdown audit-report/run.json": ("", 0, "accuracy.top1"),
    "python -m reports github audit-report/run.json": ("", 0, "title=Not a gate::"),
    "python -m reports card audit-report/run.json -o ../model": ("", 0, "README.md"),
    "python -m tests.reports.sample /tmp/sample --backbones 4 && python -m reports html /tmp/sample": ("", 0, "report.html"),
    "python -m fixtures.shapes.train": ("shapes_convnext_sup --steps 1 --output checkpoints", 0, "1 steps"),
    "python -m fixtures.shapes.train shapes_vit_sup --output checkpoints": ("--steps 1", 0, "1 steps"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in a folder of its own, with the files that the READMEs say to add."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    folder.mkdir()
    for name in NAMES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for readme in (ROOT / "audits" / "README.md", ROOT / "fixtures" / "README.md"):
        for path, text in re.findall(r"<!-- file: (.+?) -->\n```\w+\n(.*?)```", readme.read_text(), re.DOTALL):
            (folder / path).write_text(text)
    _make_weights(folder)
    _make_images(folder)
    return folder


def _make_weights(folder: Path) -> None:
    import timm
    import torch
    from safetensors.torch import save_file

    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(timm.create_model("resnet10t", num_classes=12).state_dict(), folder / "mine.safetensors")


def _make_images(folder: Path) -> None:
    from fixtures.shapes.scene import CLASS_NAMES

    draw = np.random.default_rng(0)
    for name in CLASS_NAMES:
        (folder / "snapshots" / name).mkdir(parents=True)
        for index in range(3):
            Image.fromarray(draw.integers(0, 256, (70, 80, 3), dtype=np.uint8)).save(folder / "snapshots" / name / f"{index}.jpg")


def run(folder: Path, line: str, more: str) -> subprocess.CompletedProcess[str]:
    """A line as a shell runs it, with this interpreter for `pytest` and `python`."""
    python = shlex.quote(sys.executable)
    script = " && ".join(
        re.sub(r"^(pytest|python)", lambda word: python + (" -m pytest" if word[0] == "pytest" else ""), part)
        for part in line.split(" && ")
    )
    variables = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        f"{script} {more}", shell=True, cwd=folder, env=variables, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.mark.slow
def test_every_command_does_what_its_readme_says(copy: Path) -> None:
    for line, (more, status, words) in RUN_HERE.items():
        told = run(copy, line, more)
        assert told.returncode == status or (status is None and told.returncode in (0, 1)), told.stdout + told.stderr
        assert words in told.stdout + told.stderr, line


@pytest.mark.slow
def test_a_property_is_one_file(copy: Path) -> None:
    told = run(
        copy,
        "pytest audits/ --backbone=shapes_convnext_sup --audit-policy=decisive.toml",
        "--audit-limit=120 -k clearly_ahead --audit-partial",
    )
    records = json.loads((copy / "audit-report" / "run.json").read_text())["records"]

    assert [record["audit"] for record in records] == ["decisiveness.gap"], told.stdout
    assert records[0]["bound"] == 0.3
    assert records[0]["verdict"] in ("holds", "violated", "undecided")


@pytest.mark.slow
def test_a_backbone_and_a_dataset_are_one_file_each(copy: Path) -> None:
    run(copy, "pytest audits/ --backbone=mine.toml --audit-dataset=snapshots.toml", "-k first_answer_is_right --audit-partial")
    (record,) = json.loads((copy / "audit-report" / "run.json").read_text())["records"]

    assert (record["backbone"], record["dataset"], record["n"]) == ("mine", "snapshots", 36)
    assert "64 px" in record["preprocessing"]

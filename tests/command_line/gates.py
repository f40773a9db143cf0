"""A small gate that is ready: three claims about a tiny backbone on 48 pictures, all required, in a project of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.command_line.pictures import write_pictures

ROOT = Path(__file__).resolve().parents[2]

SIGHT = '''"""Sight: a backbone sees what there is."""

import numpy as np
import pytest

from audits.measures.estimate import bootstrap, proportion


@pytest.mark.audit("sight.right")
@pytest.mark.needs("labels")
def test_it_is_right(evidence, verdict):
    """It is right."""
    verdict.at_least(proportion(evidence.correct, evidence.ids))


@pytest.mark.audit("sight.sure")
def test_it_is_sure(evidence, verdict):
    """It is sure."""
    verdict.at_least(proportion(evidence.confidence > 0.5, evidence.ids))
'''
STEADINESS = '''"""Steadiness: a backbone keeps to its answers."""

import pytest

from audits.measures.estimate import proportion
from fixtures.views.view import View

VIEWS = [View("brightness", 0.97), View("brightness", 0.99)]


@pytest.mark.audit("steadiness.same")
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_it_stays_as_it_is(evidence, reference, verdict):
    """It stays as it is."""
    verdict.at_least(proportion(evidence.prediction == reference.prediction, evidence.ids))
'''
BOUND = '[bounds."{}"]\nbound = 0.0\nreason = "always holds"\n'
# Whatever the weights in a file become, the source that reads them stays the same.
NETWORK = """from pathlib import Path

from tests.command_line.subjects import Tiny


def net():
    network = Tiny()
    network.head.weight.data *= float(Path("scale.txt").read_text())
    return network
"""
FILES = {
    "audits/__init__.py": "",
    "audits/policy.toml": "",
    "audits/test_sight.py": SIGHT,
    "audits/test_steadiness.py": STEADINESS,
    "network.py": NETWORK,
    "scale.txt": "1.0",
    "mine.toml": '[mine]\nlibrary = "factory"\nmodel = "network:net"\nlabel_space = "shapes"\ndatasets = ["pictures.toml"]\n'
    "mean = [0.5, 0.5, 0.5]\n",
    "gate.toml": 'undecided = "fail"\n[depth]\nimages_per_view = 24\n'
    + "".join(map(BOUND.format, ("sight.right", "sight.sure", "steadiness.same")))
    + '[[required]]\naudits = ["sight.*", "steadiness.same"]\ndatasets = ["pictures"]\n# more\n',
}
BACKBONE = "--backbone=mine.toml"


def write_gate(folder: Path) -> None:
    """The project, with the suite as it is and audits of its own."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "audits").mkdir()
    for name in ("fixtures", "reports", "tests", "audits/measures", "audits/across.py", "audits/ranking.py"):
        (folder / name).symlink_to(ROOT / name)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    write_pictures(folder)


def run(folder: Path, *arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """`pytest ARGUMENTS` in the project, of all audits and its own backbone unless they name others."""
    places = [argument for argument in arguments if argument.startswith("audits/")] or ["audits/"]
    more = [argument for argument in arguments if argument not in places]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(cache), "COLUMNS": "400"}
    environment.pop("PYTEST_ADDOPTS", None)
    backbone = [] if any(argument.startswith("--backbone") for argument in more) else [BACKBONE]
    command = [sys.executable, "-m", "pytest", *places, *backbone, "--audit-policy=gate.toml", *more]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)

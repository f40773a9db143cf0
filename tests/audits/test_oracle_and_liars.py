"""For every audit a stand-in that passes it and one that fails it, under the shipped policy and at its sample size.

A gate that was never seen to fail is decoration.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audits.measures.accuracy import real
from fixtures.claims import read_claims
from fixtures.verdicts import judge

ROOT = Path(__file__).resolve().parents[2]
LIARS = {
    "accuracy.top1": "coin_flip",
    "accuracy.top5": "coin_flip",
    "accuracy.worst_class": "class_blind",
    "accuracy.worst_slice": "condition_blind",
    "calibration.ece": "overconfident",
    "calibration.classwise": "overconfident",
    "calibration.overconfidence": "overconfident",
    "calibration.nll": "overconfident",
    "calibration.brier": "overconfident",
    "calibration.temperature": "wrongly_sure",
    "determinism.repeat": "restless",
    "determinism.batch_size": "batch_minded",
    "determinism.precision": "precision_minded",
    "invariance.scale": "clean_only",
    "invariance.scale_probability": "clean_only",
    "invariance.translation": "clean_only",
    "invariance.translation_probability": "clean_only",
    "invariance.resolution": "clean_only",
    "invariance.resolution_probability": "clean_only",
    "invariance.consistency": "clean_only",
}
NOT_EMBEDDED = {"accuracy.real"}  # the embedded truth is one label an image; its oracle and liar are below


@lru_cache(maxsize=8)
def verdicts_of(folder: Path, property_name: str) -> dict[tuple[str, str], set[str]]:
    """The verdicts of one property: (audit, stand-in) -> those of all views, from one run of the real command."""
    liars = sorted({liar for audit, liar in LIARS.items() if audit.startswith(property_name)})
    report = folder / property_name
    command = [sys.executable, "-m", "pytest", f"audits/test_{property_name}.py", "-q", "--audit-partial", f"--audit-report={report}"]
    command += [f"--audit-cache={folder / 'cache'}", *(f"--backbone=tests.standins:{name}" for name in ["oracle", *liars])]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True, timeout=900)
    found: dict[tuple[str, str], set[str]] = {}
    records: list[dict[str, Any]] = json.loads((report / "run.json").read_text())["records"]
    for record in records:
        found.setdefault((record["audit"], record["backbone"].rpartition(":")[2]), set()).add(record["verdict"])
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standins")


def test_no_audit_is_without_a_liar() -> None:
    assert {claim.key for claim in read_claims(ROOT / "audits")} == LIARS.keys() | NOT_EMBEDDED


@pytest.mark.slow
@pytest.mark.parametrize("audit", LIARS)
def test_the_oracle_passes(folder: Path, audit: str) -> None:
    assert verdicts_of(folder, audit.partition(".")[0])[audit, "oracle"] - {"reported"} == {"holds"}


@pytest.mark.slow
@pytest.mark.parametrize(("audit", "liar"), LIARS.items())
def test_the_liar_fails(folder: Path, audit: str, liar: str) -> None:
    assert "violated" in verdicts_of(folder, audit.partition(".")[0])[audit, liar]


@pytest.mark.parametrize(("right", "verdict"), [(1.0, "holds"), (0.4, "violated")])
def test_accepted_answers_tell_an_oracle_from_a_liar(right: float, verdict: str) -> None:
    """ReaL labels: several valid classes an image, none for some; at the size of the ImageNet validation set's tenth."""
    draw = np.random.default_rng(0)
    first = draw.integers(0, 1000, 5000)
    valid = [tuple({int(label), int(label) // 2}) if index % 10 else () for index, label in enumerate(first)]
    prediction = np.where(draw.random(5000) < right, first // 2, 1000)

    assert judge(real(prediction, valid), 0.75, "at_least") == verdict

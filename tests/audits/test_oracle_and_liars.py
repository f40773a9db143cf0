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

import pytest

from fixtures.claims import read_claims
from fixtures.policy import judges, load_policy
from tests.accepted import write_pictures

ROOT = Path(__file__).resolve().parents[2]
LIARS: dict[str, tuple[str, ...]] = {
    "accuracy.top1": ("coin_flip",),
    "accuracy.top5": ("coin_flip",),
    "accuracy.worst_class": ("class_blind",),
    "accuracy.worst_slice": ("condition_blind",),
    "calibration.ece": ("overconfident",),
    "calibration.classwise": ("overconfident",),
    "calibration.overconfidence": ("overconfident",),
    "calibration.nll": ("overconfident",),
    "calibration.brier": ("overconfident",),
    "calibration.temperature": ("wrongly_sure",),
    "determinism.repeat": ("restless",),
    "determinism.batch_size": ("batch_minded",),
    "determinism.precision": ("precision_minded",),
    "invariance.scale": ("clean_only", "coin_flip"),
    "invariance.scale_probability": ("clean_only", "coin_flip"),
    "invariance.translation": ("clean_only", "coin_flip"),
    "invariance.translation_probability": ("clean_only", "coin_flip"),
    "invariance.resolution": ("clean_only", "coin_flip"),
    "invariance.resolution_probability": ("clean_only", "coin_flip"),
    "invariance.consistency": ("clean_only",),
}
PICTURES = 400  # of ImageNet's validation set, for accuracy.real: the truth of the embedded dataset is one label an image


@lru_cache(maxsize=8)
def verdicts_of(folder: Path, property_name: str) -> dict[tuple[str, str], dict[str, str]]:
    """The verdicts of one property: (audit, stand-in) -> view -> verdict, from one run of the real command."""
    liars = sorted({liar for audit, liars in LIARS.items() if audit.startswith(property_name) for liar in liars})
    return run(folder, f"audits/test_{property_name}.py", *(f"--backbone=tests.standins:{name}" for name in ["oracle", *liars]))


def run(folder: Path, file: str, *arguments: str) -> dict[tuple[str, str], dict[str, str]]:
    report = folder / Path(file).stem
    command = [sys.executable, "-m", "pytest", file, "-q", "--audit-partial", f"--audit-report={report}"]
    command += [f"--audit-cache={folder / 'cache'}", *arguments]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True, timeout=900)
    found: dict[tuple[str, str], dict[str, str]] = {}
    records: list[dict[str, Any]] = json.loads((report / "run.json").read_text())["records"]
    for record in records:
        found.setdefault((record["audit"], record["backbone"].rpartition(":")[2]), {})[record["view"]] = record["verdict"]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standins")


def test_no_audit_is_without_a_liar() -> None:
    assert {claim.key for claim in read_claims(ROOT / "audits")} == LIARS.keys() | {"accuracy.real"}


def test_every_audit_of_the_embedded_dataset_has_a_bound() -> None:
    policy = load_policy(None, ROOT / "audits" / "policy.toml")

    assert [audit for audit in LIARS if not judges(policy, audit, "shapes_convnext_sup", "shapes")] == []


@pytest.mark.slow
@pytest.mark.parametrize("audit", LIARS)
def test_the_oracle_passes(folder: Path, audit: str) -> None:
    verdicts = verdicts_of(folder, audit.partition(".")[0])[audit, "oracle"]

    assert set(verdicts.values()) - {"reported"} == {"holds"}


@pytest.mark.slow
@pytest.mark.parametrize("audit", LIARS)
def test_each_bound_rejects_a_liar(folder: Path, audit: str) -> None:
    found = verdicts_of(folder, audit.partition(".")[0])
    judged = {view for view, verdict in found[audit, "oracle"].items() if verdict != "reported"}

    rejected = {view for liar in LIARS[audit] for view, verdict in found[audit, liar].items() if verdict == "violated"}

    assert judged - rejected == set()


@pytest.mark.slow
def test_accepted_answers_tell_an_oracle_from_a_liar(folder: Path) -> None:
    """On pictures with the numbers, and so the ReaL labels, of ImageNet's validation images; some have no accepted class."""
    write_pictures(folder / "data" / "imagenet_real", PICTURES)
    names = [f"--backbone=tests.accepted:{name}" for name in ("oracle", "liar")]

    found = run(
        folder, "audits/test_accuracy.py", *names, f"--audit-data={folder / 'data'}", "--audit-dataset=imagenet_real", "-k", "accept"
    )

    assert found["accuracy.real", "oracle"] == {"clean": "holds"}
    assert found["accuracy.real", "liar"] == {"clean": "violated"}

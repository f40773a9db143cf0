"""Runs of the real command over the audits, and the verdicts that they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fixtures.claims import matches, read_claims
from tests.recognition import MEMORY

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = read_claims(ROOT / "audits")
Verdicts = dict[tuple[str, str], dict[str, str]]  # (audit, backbone) -> dataset, and view or parameter -> verdict


def run(folder: Path, file: str, *arguments: str) -> Verdicts:
    """What one file of audits says under these options; kept in the folder: the report, the cache, what stand-ins recognise."""
    report = folder / Path(file).stem
    command = [sys.executable, "-m", "pytest", file, "-q", "--audit-partial", f"--audit-report={report}"]
    command += [f"--audit-cache={folder / 'cache'}", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), MEMORY: str(folder / "memory.safetensors")}
    subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, timeout=900)
    found: Verdicts = {}
    for record in records(report):
        claim = next((claim for claim in CLAIMS if matches(claim.pattern, record["audit"])), None)
        if claim is None:  # of several backbones together: where each stands
            continue
        case = f"{record['view'] if claim.key == record['audit'] else record['audit']} of {record['dataset']}"
        found.setdefault((claim.key, record["backbone"].rpartition(":")[2]), {})[case] = record["verdict"]
    return found


def records(report: Path) -> list[dict[str, Any]]:
    return json.loads((report / "run.json").read_text())["records"]

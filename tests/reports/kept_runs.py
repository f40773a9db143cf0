"""Runs as `--audit-save` keeps them, with invented answers: each claim is a share of a thousand images, of which some are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audits.measures.estimate import proportion
from reports import kept
from reports.record import Record, write_run

IMAGES = [f"image {number}" for number in range(1000)]
SOME = {"accuracy.top1": 60, "invariance.flip": 50}
BOUND = 0.90


def keep(
    folder: Path,
    name: str,
    begun: str | None = None,
    wrong: Mapping[str, int] = SOME,
    backbones: tuple[str, ...] = ("mine",),
    changed: Mapping[str, Any] | None = None,
    manifest: str = "88d0c1f24b7a",
) -> Path:
    """Keep a run in which of each claim's images so many are answered wrongly; `changed`: what else all its records say."""
    records, estimates = [], {}
    for backbone in backbones:
        for audit, count in wrong.items():
            found = proportion([place >= count for place in range(len(IMAGES))], IMAGES)
            verdict = "holds" if found.low >= BOUND else "violated" if found.high < BOUND else "undecided"
            record = Record(
                audit, f"{audit.partition('.')[2].capitalize()} is right.", backbone, "shapes", "clean", verdict, found.value, found.low,
                found.high, 0.95, found.n, found.method, BOUND, "at_least", margin=0.02, preprocessing="64 px", answers=f"{audit} {count}",
                label_space="shapes 1",
            )  # fmt: skip
            records.append(vars(record) | dict(changed or {}))
            estimates[kept.case_of(record)] = found
    content = kept.packed(estimates)
    state = "ready" if all(record["verdict"] == "holds" for record in records) else "not ready"
    run = {
        "schema_version": 1,
        "provenance": {"datasets": {"shapes": {"manifest": manifest}}, **({"begun": begun} if begun else {})},
        "gate": {"ready": state == "ready", "state": state, "sentence": f"{state.capitalize()}: invented.", "missing": [], "exit": 0},
        "properties": {"accuracy": "Accuracy: answers are right.", "invariance": "Invariance: answers stay."},
        "records": records,
        "left_out": [],
        "exhibits": [],
        "kept": kept.digest_of(content),
    }
    write_run(folder / name / "run.json", run)
    (folder / name / kept.FILE).write_bytes(content)
    return folder / name


def months(folder: Path, *wrong: Mapping[str, int]) -> Path:
    """Keep a run a month: v1, v2, …"""
    for number, each in enumerate(wrong, 1):
        keep(folder, f"v{number}", f"2026-{number:02}-01T10:00:00Z", {**SOME, **each})
    return folder

"""One verdict as data, and the run file that holds them all: the only thing reports are made from.

Standard library only: records are made in pytest workers, cross process borders as one JSON string and are read years later.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1
# Audits that say where backbones stand among those of their run: true of that run, and of no backbone on its own.
RANKING = ("ranking.z_score", "ranking.rank", "ranking.z_score_small", "ranking.rank_small", "ranking.spearman")
VERDICTS = ("holds", "violated", "undecided", "waived", "reported", "error")


@dataclass(frozen=True)
class Record:
    """What one case showed: an audit of one backbone on one dataset under one view, with its interval, bound and verdict.

    `margin`: how much worse than a baseline the score may be; `baseline`: what has become of it since (`compare.py`). `version`: of the
    audit. `label_space`: its name, with a digest of the classes. `answers`: a digest of all that the backbone said. `envelope`: how far
    the score moves when the same images are asked in another way, which no verdict is finer than; None where nobody knows.
    """

    audit: str
    claim: str
    backbone: str
    dataset: str
    view: str
    verdict: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence_level: float | None = None
    n: int = 0
    method: str = ""
    bound: float | None = None
    direction: str | None = None
    reason: str = ""
    decides_at: int | None = None
    p_violated: float | None = None
    envelope: float | None = None
    violated_after_holm: bool | None = None
    waiver: dict[str, Any] | None = None
    margin: float | None = None
    baseline: dict[str, Any] | None = None
    route: str = ""
    preprocessing: str = ""
    actual: dict[str, Any] | None = None
    precision: str = ""
    policy: str = ""
    depth: dict[str, Any] | None = None
    version: int = 1
    label_space: str = ""
    answers: str = ""
    timing: bool = False
    detail: dict[str, Any] | None = None
    nodeid: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict {self.verdict!r} is none of {', '.join(VERDICTS)}")

    @property
    def property_name(self) -> str:
        """The behavioural property that the audit belongs to: `calibration` of `calibration.ece`."""
        return self.audit.split(".", 1)[0]

    @property
    def family(self) -> str:
        """The audit without its parameter: `mistakes.error_ratio` of `mistakes.error_ratio[texture]`."""
        return self.audit.partition("[")[0]

    @property
    def parameter(self) -> str:
        """What stands in the brackets of the audit's key: `texture`; empty where there are none."""
        return self.audit.partition("[")[2].removesuffix("]")

    @property
    def variant(self) -> str:
        """What tells it from the others of its family: its parameter, its view, or both."""
        return " ".join(filter(None, (self.parameter, "" if self.parameter and self.view == "clean" else self.view)))

    def to_json(self) -> str:
        """One line of strict JSON; numbers that JSON does not know (NaN, infinity) become null."""
        return json.dumps(_plain(asdict(self)), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """The record that `to_json` wrote; keys that a later schema added are left aside."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in json.loads(text).items() if key in known})


def within_envelope(record: Record) -> bool:
    """Whether a claim is undecided although its whole interval lies on one side of the bound: it clears it by less than the envelope."""
    if record.verdict != "undecided" or not record.envelope or record.bound is None or record.low is None or record.high is None:
        return False
    return record.high <= record.bound or record.low >= record.bound


def write_run(path: Path, run: dict[str, Any]) -> None:
    """Write run.json in one step: readers see the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(_plain(run), file, allow_nan=False, indent=1)
        file.write("\n")
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


def read_run(path: Path) -> dict[str, Any]:
    """A run as it was written; ValueError for a file that is not one, or of a schema this code does not know."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not a run file: {error}. Give the run.json of an audit-report folder.") from error
    version = run.get("schema_version") if isinstance(run, dict) else None
    if version != SCHEMA_VERSION:
        raise ValueError(f"{path} has schema_version {version!r}; this code reads {SCHEMA_VERSION}. Use the suite that wrote it.")
    return run


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    as_python = getattr(value, "item", None)  # a number of numpy's own kind
    return value if as_python is None else _plain(as_python())

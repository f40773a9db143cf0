"""The releases that a folder keeps, oldest first: runs that `--audit-save` has put side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports import moments
from reports.claims import records_of
from reports.compare import Side, side
from reports.record import read_run

_KEEP = "Keep runs with `pytest audits/ --audit-save=NAME`, in audit-baselines/ unless --audit-baselines says where."


@dataclass(frozen=True)
class Release:
    """A kept run: what it was called, when it began (empty where it does not say), what it answered, and its records."""

    name: str
    folder: Path
    begun: str
    gate: dict[str, Any]
    properties: dict[str, str]
    side: Side


def releases_in(folder: Path) -> list[Release]:
    """Every run that a folder keeps, in the order in which they began; those that do not say when come first, by name.

    ValueError where it keeps none, is a run itself, or a run of it cannot be read.
    """
    if not folder.is_dir():
        what = f"{folder} is a file; a history needs the folder that keeps several runs" if folder.exists() else f"no folder {folder}"
        raise ValueError(f"{what}. {_KEEP}")
    if (folder / "run.json").is_file():
        raise ValueError(f"{folder} is one run; a history needs the folder that keeps several, each in a folder of its own. {_KEEP}")
    kept = [file for file in folder.glob("*/run.json") if not file.parent.name.startswith(".")]  # hidden: still being written
    if not kept:
        raise ValueError(f"{folder} keeps no run. {_KEEP}")
    return sorted(map(_release, kept), key=lambda release: (release.begun, _in_numbers(release.name)))


def _release(file: Path) -> Release:
    try:
        run = read_run(file)
        records, provenance = records_of(run), run["provenance"]
        if lacking := [key for key in ("state", "sentence") if key not in run["gate"]]:
            raise ValueError(f"its gate has no {lacking[0]!r}.")
        begun = provenance.get("begun")
        told = str(begun) if moments.read(begun) else ""
        name = file.parent.name
        return Release(name, file.parent, told, dict(run["gate"]), dict(run["properties"]), side(name, records, {}, provenance))
    except (AttributeError, TypeError, ValueError) as error:
        where = "" if str(file) in str(error) else f"{file}: "
        raise ValueError(f"{where}{error} Mend it, or take its folder away.") from error


def _in_numbers(name: str) -> list[tuple[int, str]]:
    """A sort key that puts v9 before v10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]

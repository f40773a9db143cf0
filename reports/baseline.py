"""Runs that are kept to be compared with: `--audit-save` keeps one, `--audit-baseline` says which a run is compared with.

pytest plugin; it acts in the controller only. A baseline that cannot be used is refused before any work.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports.gate import INTERRUPTED, Gate
from reports.plugin import RUN
from reports.record import Record

if TYPE_CHECKING:
    from reports.compare import Side

BASELINE = pytest.StashKey["Baseline"]()


@dataclass(frozen=True)
class Baseline:
    """What a run is compared with, if anything, and where it is kept for later ones, if anywhere.

    first: claims without an earlier score are meant to have none.
    """

    earlier: Side | None
    first: bool
    target: Path | None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the baseline, and refuse what cannot be one; a name that is taken is not written over."""
    run = session.config.stash.get(RUN, None)
    if run is None or hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    options = run.options
    folder = options.baselines
    earlier = _read(options.baseline, folder, session.config.invocation_params.dir, run.backbones) if options.baseline else None
    target = None if options.save is None else folder / (options.save or time.strftime("%Y%m%d-%H%M%S", time.gmtime()))
    if target is not None and target.exists():
        raise pytest.UsageError(f"--audit-save: {target} is there already. Give another name: a baseline is not written over.")
    session.config.stash[BASELINE] = Baseline(earlier, options.first, target)


def _read(asked: str, folder: Path, here: Path, backbones: Sequence[str]) -> Side:
    from reports.compare import counterparts, load

    given, named = (here / Path(asked).expanduser()).resolve(), folder / asked
    place = given if given.exists() else named
    if not place.exists():
        kept = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        raise pytest.UsageError(
            f"--audit-baseline: no file or folder {given}, and no run named {asked!r} in {folder} "
            f"({'it has ' + ', '.join(kept) if kept else 'it has none'}). Keep one with --audit-save=NAME, or give its run.json."
        )
    try:
        earlier = load(place, asked)
        counterparts(backbones, earlier.backbones)
    except (OSError, ValueError, KeyError) as error:
        raise pytest.UsageError(f"--audit-baseline: {asked} cannot be compared with: {error}") from error
    return earlier


def since(config: pytest.Config, records: Sequence[Record], contents: Sequence[bytes], measured: Mapping[str, Any]) -> list[Record]:
    """The records of this run, each with what has become of its score since the baseline; as they are without one."""
    baseline = config.stash.get(BASELINE, None)
    if baseline is None or baseline.earlier is None:
        return list(records)
    from reports.compare import compared

    return compared(_now(records, contents, measured), baseline.earlier, baseline.first)


def lost(config: pytest.Config, records: Sequence[Record], measured: Mapping[str, Any]) -> list[str]:
    """What the baseline judged and this run did not, in words."""
    baseline = config.stash.get(BASELINE, None)
    if baseline is None or baseline.earlier is None:
        return []
    from reports import compare

    found = compare.lost(_now(records, [], measured), baseline.earlier)
    return [f"{claim} (judged in the baseline {baseline.earlier.name})" for claim in found]


def _now(records: Sequence[Record], contents: Sequence[bytes], measured: Mapping[str, Any]) -> Side:
    from reports.compare import side
    from reports.kept import unpacked

    return side("this run", records, unpacked(contents), measured)


def write_kept(folder: Path, contents: Sequence[bytes]) -> str:
    """Write what is kept of the numbers to where run.json will stand; its digest, by which the two know each other."""
    from reports import kept

    content = kept.joined(contents)
    (folder / kept.FILE).write_bytes(content)
    return kept.digest_of(content)


def save(config: pytest.Config, folder: Path, gate: Gate) -> str:
    """Keep a run where `--audit-save` says, in one step; a line that says so, or why not. What was interrupted is not kept."""
    from reports import kept

    baseline = config.stash.get(BASELINE, None)
    if baseline is None or baseline.target is None:
        return ""
    if INTERRUPTED in gate.partial:
        return f"not kept as {baseline.target.name}: the run was interrupted"
    made = Path(tempfile.mkdtemp(dir=baseline.target.parent, prefix=f".{baseline.target.name}"))
    for name in (kept.FILE, "run.json"):
        shutil.copyfile(folder / name, made / name)
    made.chmod(0o755)
    made.rename(baseline.target)
    state = "" if gate.state == "ready" else f"; it is {gate.state}"
    return f"kept for later runs: {baseline.target} (--audit-baseline={baseline.target.name}){state}"


def said(config: pytest.Config) -> dict[str, Any]:
    """What a run file says of its baseline."""
    baseline = config.stash.get(BASELINE, None)
    return {} if baseline is None else {"name": baseline.earlier.name if baseline.earlier else "", "first": baseline.first}

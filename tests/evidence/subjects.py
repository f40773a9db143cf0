"""Sources of evidence over small datasets and backbones, with what they did and said."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fixtures.backbones import catalog as backbones
from fixtures.backbones.routes import Route, choose
from fixtures.datasets import catalog as datasets
from fixtures.evidence.identity import Identity
from fixtures.evidence.request import Request, Subject
from fixtures.evidence.source import EvidenceSource
from fixtures.evidence.terms import Terms
from fixtures.progress import Bar, silent
from tests.evidence.pictures import paint

FACTORY = "tests.command_line.subjects:"
HEADLESS = f"{FACTORY}headless"


@dataclass
class Said:
    """What progress lines and messages showed, in order."""

    lines: list[str] = field(default_factory=list)

    def progress(self, total: int, description: str) -> AbstractContextManager[Bar]:
        self.lines.append(description)
        return silent(total, description)


def dots(folder: Path, number: int) -> str:
    """A dataset of many tiny images of twelve classes, as a name for --audit-dataset."""
    draw = np.random.default_rng(2)
    (folder / "dots").mkdir()
    np.save(folder / "dots" / "images.npy", draw.integers(0, 256, (number, 8, 8, 3), dtype=np.uint8))
    np.save(folder / "dots" / "labels.npy", np.arange(number) % 12)
    (folder / "dots.toml").write_text(
        '[dots]\nlayout = "npy"\nroot = "dots"\nimage = "images.npy"\nlabel = "labels.npy"\nlabel_space = "shapes"\n'
    )
    return str(folder / "dots.toml")


def painted(folder: Path, name: str, number: int = 12) -> str:
    """A dataset of a few pictures of two classes of its own, with a train split, as a name for --audit-dataset."""
    for split in ("train", "test"):
        paint(folder / name / split, number if split == "test" else 3 * number)
    (folder / f"{name}.toml").write_text(f'[{name}]\nlayout = "folders"\nroot = "{name}"\nsplits = {{ train = "train", test = "test" }}\n')
    return str(folder / f"{name}.toml")


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def source(cache: Path, said: Said, backbone: str, *names: str, **terms: int) -> EvidenceSource:
    """A source for one backbone on some datasets."""
    spec = backbones.resolve(backbone)
    subjects = {}
    for dataset in map(datasets.resolve, names):
        route = choose(spec, dataset)
        assert isinstance(route, Route), route
        subjects[spec.name, dataset.name] = Subject(spec, dataset, route)
    made = EvidenceSource(Identity(subjects, Terms(cache, device="cpu", **terms)), said.progress)
    made.stores.tell = said.lines.append
    return made


def expecting(made: EvidenceSource, *requests: Request) -> EvidenceSource:
    made.expect((request, frozenset()) for request in requests)
    return made

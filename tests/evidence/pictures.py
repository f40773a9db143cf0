"""A folder of small pictures as a dataset that tells what was read of it; run as a program, it decodes them slowly, to be killed.

python -m tests.evidence.pictures PICTURES CACHE LOG SECONDS [MOST_BYTES_A_FILE]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from fixtures.datasets.dataset import Dataset
from fixtures.datasets.loading import load
from fixtures.datasets.specification import DatasetSpec
from fixtures.evidence.store import prepare
from fixtures.progress import on
from fixtures.views.geometry import ResizedCrop, ShiftedWindow

CLEAN = ResizedCrop(36, 32, "bicubic")
LARGE = ResizedCrop(72, 32, "bicubic")
SHIFTED = ShiftedWindow(0.875, 5, 32, "bicubic")


def paint(folder: Path, number: int) -> Path:
    """A folder of two classes with this many different pictures of several sizes."""
    generator = np.random.default_rng(0)
    for index in range(number):
        pixels = generator.integers(0, 256, (int(generator.integers(30, 60)), int(generator.integers(30, 60)), 3), dtype=np.uint8)
        file = folder / ("cat", "dog")[index % 2] / f"{index:03}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    return folder


@dataclass
class Watched:
    """A dataset that counts what is read of it, and takes its time."""

    dataset: Dataset
    seconds_an_image: float = 0
    log: Path | None = None
    read_rows: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.dataset.name

    @property
    def split(self) -> str:
        return self.dataset.split

    @property
    def ids(self) -> Sequence[str]:
        return self.dataset.ids

    def read(self, indices: Sequence[int]) -> list[Image.Image]:
        time.sleep(self.seconds_an_image * len(indices))
        self.read_rows.extend(indices)
        if self.log is not None:
            with self.log.open("a") as log:
                log.writelines(f"{index}\n" for index in indices)
        return self.dataset.read(indices)

    def digests(self, indices: Sequence[int], cache_dir: Path) -> list[str]:
        return self.dataset.digests(indices, cache_dir)


def pictures(folder: Path) -> Watched:
    return Watched(load(DatasetSpec(name="pictures", layout="folders", root=folder)))


@dataclass
class Heard:
    """Progress that remembers what it was told."""

    bars: list[list] = field(default_factory=list)

    def __call__(self, total: int, description: str) -> AbstractContextManager[Heard]:
        self.bars.append([total, description, 0])
        return self

    def __enter__(self) -> Heard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: float | None = 1) -> None:
        self.bars[-1][2] += n


def main(folder: Path, cache: Path, log: Path, seconds: float, most_bytes: int | None = None) -> None:
    watched = pictures(folder)
    watched.log, watched.seconds_an_image = log, seconds
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    rows = np.arange(len(watched.ids))
    stores = prepare(watched, {CLEAN: rows, SHIFTED: rows[::2]}, cache, on(), workers=2)
    print(len(stores[CLEAN]), len(stores[SHIFTED]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]), *map(int, sys.argv[5:]))

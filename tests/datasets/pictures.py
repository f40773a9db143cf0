"""Tiny images and tables that the tests of datasets are made of."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import numpy as np
from PIL import Image

from fixtures.datasets import catalog, loading
from fixtures.datasets.dataset import Dataset

REAL = Path(__file__).resolve().parents[2] / ".." / "shared" / "real"
LONG_AGO_NS = 1_600_000_000_000_000_000


def picture(seed: int, size: tuple[int, int] = (9, 7), mode: str = "RGB") -> Image.Image:
    """An image of noise that no other seed has."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    if mode == "I;16":
        return Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    image = Image.fromarray(pixels[..., :3])
    return image if mode == "RGB" else image.quantize(16) if mode == "P" else image.convert(mode)


def save(path: Path, seed: int = 0, **options: object) -> Path:
    """A PNG (or what the ending says) whose time of last change lies long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(path, **options)
    return settle(path)


def settle(path: Path, at_ns: int = LONG_AGO_NS) -> Path:
    """Give a file a time of last change."""
    os.utime(path, ns=(at_ns, at_ns))
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def dataset(folder: Path, table: str, split: str = "test") -> Dataset:
    """The dataset of the first table of a TOML text that stands in a folder."""
    file = write(folder / "datasets.toml", table)
    return loading.load(catalog.resolve(str(file)), split)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


def class_folders(root: Path, files: dict[str, int]) -> Path:
    """root/class/0.png … as many a class as said, no two images alike."""
    seed = 0
    for name, count in files.items():
        for index in range(count):
            save(root / name / f"{index}.png", seed)
            seed += 1
    return root

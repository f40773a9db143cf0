"""Tiny lessons: images that a small network learns to tell apart in a few steps, and the networks."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fixtures.backbones import loading
from fixtures.backbones.backbone import Backbone
from fixtures.progress import Bar
from fixtures.transfer.examples import Examples
from tests.backbones.small import PREPROCESSING, resolve_table, save, timm_model, two_tower


@dataclass
class Painted:
    """Images in memory, and the positions of every batch that was asked for, in order."""

    pixels: np.ndarray
    name: str = "train"
    asked: list[np.ndarray] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def batch(self, positions: np.ndarray) -> np.ndarray:
        self.asked.append(positions)
        self.log.append(self.name)
        return self.pixels[positions]


def colours(number: int, seed: int = 0, size: int = 32, name: str = "train", log: list[str] | None = None) -> Examples:
    """Noise in one of three colours, in weak or strong light: labels [n, 2], the colour and the light."""
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 60, (number, size, size, 3), dtype=np.uint8)
    labels = np.stack([np.arange(number) % 3, np.arange(number) // 3 % 2], 1)
    for image, (colour, light) in zip(pixels, labels, strict=True):
        image += np.uint8(90 * light)
        image[..., colour] += 90
    ids = draw.integers(-(2**31), 2**31, number, dtype=np.int64).astype(np.int32)
    return Examples(Painted(pixels, name, log=[] if log is None else log), np.arange(number), labels, ids)


def colour_only(examples: Examples) -> Examples:
    return examples.of_tasks([0])


def backbone(folder: Path, name: str = "test_vit", *, precision: str = "fp32", arguments: str = "", device: str = "cpu") -> Backbone:
    """A small timm model for images of 32 px, its weights drawn from a seed."""
    own = {"img_size": 32, "depth": 2} if "vit" in name else {}
    save(timm_model(name, num_classes=7, **own), folder / "network.safetensors")
    words = ", ".join(["num_classes = 7", *(f"{key} = {value}" for key, value in own.items()), *([arguments] if arguments else [])])
    table = f'library = "timm"\nmodel = "{name}"\nweights = "network.safetensors"\nmodel_args = {{ {words} }}\n{PREPROCESSING}'
    return loading.load(resolve_table(folder, table), device=device, precision=precision)


def towers(folder: Path, kind: str = "vit") -> Backbone:
    """A small open_clip model, of random weights."""
    return loading.load(resolve_table(folder, two_tower(folder, kind)[1]))


@dataclass
class Watched:
    """Progress that keeps what it was told, and is killed after so many images."""

    killed_after: float = float("inf")
    totals: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    done: float = 0

    def __call__(self, total: int, description: str) -> AbstractContextManager[Bar]:
        self.totals.append(total)
        self.lines.append(description)
        return nullcontext(self)

    def update(self, n: float | None = 1) -> object:
        self.done += n or 0
        if self.done > self.killed_after:
            raise KeyboardInterrupt
        return n

"""Stand-ins for the audit of accepted answers (ReaL labels): tiny pictures that say which validation image they stand for.

The truth of ReaL belongs to ImageNet's validation images, so these carry their file names and class folders, and their number in the
colour: red + 256 · green. Factories for --backbone=tests.accepted:NAME.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from fixtures.datasets import label_spaces

SIZE, CLASSES = 32, 1000


@lru_cache(maxsize=1)
def accepted() -> tuple[tuple[int, ...], ...]:
    """The classes that people accept for each validation image, in the order of their numbers; for some none."""
    return tuple(map(tuple, json.loads(label_spaces.timm_data("imagenet_real_labels.json"))))


def write_pictures(folder: Path, number: int) -> None:
    """The first validation images by number, in class folders. The folder says a class that is not accepted, where there is one."""
    wnids = label_spaces.get("imagenet_1k").class_ids or ()
    for index in range(number):
        home = folder / wnids[index % CLASSES]
        home.mkdir(parents=True, exist_ok=True)
        pixels = np.full((SIZE, SIZE, 3), (index % 256, index // 256, 0), dtype=np.uint8)
        Image.fromarray(pixels).save(home / f"ILSVRC2012_val_{index + 1:08d}.png")


def write_hard_pictures(folder: Path, number: int) -> None:
    """The same pictures as ImageNet-Hard has them: one folder, and a table with all classes that are right for each."""
    folder.mkdir(parents=True)
    rows = ["file,labels"]
    for index in range(number):
        Image.fromarray(np.full((SIZE, SIZE, 3), (index % 256, index // 256, 0), dtype=np.uint8)).save(folder / f"{index}.png")
        rows.append(f"{index}.png,{';'.join(map(str, accepted()[index]))}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")


class Knower(nn.Module):
    """Reads the number off the picture, and answers with a class that is accepted for it, or with one that is not."""

    label_space = "imagenet_1k"
    pretrained_cfg = {  # noqa: RUF012
        "input_size": (3, SIZE, SIZE), "crop_pct": 1.0, "interpolation": "bilinear", "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0),
    }  # fmt: skip

    def __init__(self, right: bool) -> None:
        super().__init__()
        self.right = right

    def forward(self, images: Tensor) -> Tensor:
        red, green = (255 * images.float()).round().long()[:, :2, SIZE // 2, SIZE // 2].T
        answers = [self.answer(accepted()[number]) for number in (red + 256 * green).tolist()]
        return 10 * functional.one_hot(torch.tensor(answers, device=images.device), CLASSES).float()

    def answer(self, classes: tuple[int, ...]) -> int:
        """One that is accepted, or the first that is not."""
        return classes[0] if self.right and classes else next(one for one in range(CLASSES) if one not in classes)


def oracle() -> Knower:
    return Knower(right=True)


def liar() -> Knower:
    return Knower(right=False)

"""Stand-ins for the audit of errors that people make: tiny pictures with two cues, and what made-up people said of them.

Each picture's number is in its colour (red + 256 · green), so that a stand-in, which sees pixels only, knows which one it is shown.
Factories for --backbone=tests.viewers:NAME.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from fixtures.datasets import label_spaces

SIZE, CLASSES, PEOPLE = 32, 16, 4
HARD = 0.35  # the share of pictures on which people tend to err


@lru_cache(maxsize=4)
def pictures(number: int) -> list[tuple[str, str, str]]:
    """Name, shape and texture of each picture."""
    names = label_spaces.get("imagenet_16").class_names
    pairs = [(names[index % CLASSES], names[(index % CLASSES + 1 + index // CLASSES % (CLASSES - 1)) % CLASSES]) for index in range(number)]
    return [(f"{shape}{index + 1}-{texture}1.png", shape, texture) for index, (shape, texture) in enumerate(pairs)]


def hard(index: Tensor | np.ndarray) -> Tensor | np.ndarray:
    """Which pictures people tend to get wrong: a fixed, scattered part of them."""
    return index * 2654435761 % 2**32 < HARD * 2**32


def write_pictures(folder: Path, number: int) -> None:
    """The pictures and the trial files of people, as the catalogue's `cue_conflict` has them."""
    generator, index = np.random.default_rng(0), np.arange(number)
    for place, (name, shape, _) in enumerate(pictures(number)):
        home = folder / "cue_conflict" / shape
        home.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((SIZE, SIZE, 3), (place % 256, place // 256, 0), dtype=np.uint8)).save(home / name)
    trials = folder / "cue_conflict_trials"
    trials.mkdir()
    for person in range(1, PEOPLE + 1):
        wrong = np.where(generator.random(number) < 0.15, ~hard(index), hard(index))
        rows = [
            f"subject-{person:02},1,{place + 1},0.7,{texture if wrong[place] else shape},{shape},0,{place + 1:04}_x_{name}"
            for place, (name, shape, texture) in enumerate(pictures(number))
        ]
        (trials / f"session_{person}.csv").write_text(
            "\n".join(["subj,session,trial,rt,object_response,category,condition,imagename", *rows])
        )


class Viewer(nn.Module):
    """Knows shape and texture of every picture, and goes by texture where it errs."""

    label_space = "imagenet_1k"
    pretrained_cfg = {  # noqa: RUF012
        "input_size": (3, SIZE, SIZE), "crop_pct": 1.0, "interpolation": "bilinear", "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0),
    }  # fmt: skip

    def __init__(self, like_people: bool) -> None:
        super().__init__()
        self.like_people = like_people
        space = label_spaces.get("imagenet_16")
        self.first = torch.tensor([group[0] for group in space.groups or ()])

    def forward(self, images: Tensor) -> Tensor:
        red, green = (255 * images.float()).round().long()[:, :2, SIZE // 2, SIZE // 2].T
        number = red + 256 * green
        shape = number % CLASSES
        texture = (shape + 1 + number // CLASSES % (CLASSES - 1)) % CLASSES
        errs = torch.as_tensor(hard(number if self.like_people else number + 7919 * (number % 13 + 1)))
        return 30 * functional.one_hot(self.first[torch.where(errs, texture, shape)], 1000).float()


def like_people() -> Viewer:
    """Errs where people err."""
    return Viewer(like_people=True)


def by_chance() -> Viewer:
    """Errs as often as people, but on other pictures."""
    return Viewer(like_people=False)

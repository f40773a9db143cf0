"""Pictures that have several labels or none, and stand-ins that see them or do not. Factories for --backbone=tests.labels:NAME."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

SIZE = 32
LABELS = ("wet", "cold", "old")  # the first shows in red, the second in green, the third in blue
TABLE = """
[weather]
layout = "csv"
root = "weather"
image = "file"
splits = { train = "train.csv", test = "test.csv" }
label_columns = ["wet", "cold", "old"]
metric = "METRIC"
"""


def write_pictures(folder: Path, metric: str, number: int) -> Path:
    """As many pictures to learn from and to judge on, in a folder weather, and the table that says so. One cell in ten is unknown."""
    (folder / "weather").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for split in ("train", "test"):
        truth = (draw.random((number, len(LABELS))) < (0.5, 0.3, 0.2)).astype(int)
        rows = [",".join(("file", *LABELS))]
        for index, has in enumerate(truth):
            pixels = np.clip(96 + 64 * has + draw.normal(0, 8, (SIZE, SIZE, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "weather" / f"{split}{index}.png")
            cells = np.where(draw.random(len(LABELS)) < 0.1, -1, has)
            rows.append(",".join((f"{split}{index}.png", *map(str, cells))))
        (folder / "weather" / f"{split}.csv").write_text("\n".join(rows) + "\n")
    (folder / "weather.toml").write_text(TABLE.replace("METRIC", metric))
    return folder / "weather.toml"


class Seer(nn.Module):
    """Gives features only: a few numbers that a function makes of the mean colour."""

    pretrained_cfg = {  # noqa: RUF012
        "input_size": (3, SIZE, SIZE), "crop_pct": 1.0, "interpolation": "bilinear", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5),
    }  # fmt: skip

    def __init__(self, sees: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.sees = sees

    def forward_features(self, images: Tensor) -> Tensor:
        return self.sees(images.float().mean(dim=(2, 3)))

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:  # noqa: ARG002 - timm's own signature
        return features


def colour(mean: Tensor) -> Tensor:
    return mean


def nothing(mean: Tensor) -> Tensor:
    """Numbers that say nothing of the colour that they are made of."""
    return torch.sin(mean * 1e5)


def seeing() -> Seer:
    return Seer(colour)


def blind() -> Seer:
    return Seer(nothing)

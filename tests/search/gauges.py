"""Backbones with a known radius: each measures in the pixels what was done to the image, and gives way at a known point.

Every picture shows one bright bar across a dark ground, so that its turn, place, size and light can be read off its moments.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

SIZE, LENGTH, WIDTH, GROUND, LIGHT = 96, 40, 12, 20, 100
BATCHES: list[int] = []  # how many images each gauge was asked about at once, in order
TURN_DEGREES, PLACE_PX, SIZE_FACTOR, LIGHT_FACTOR = 13.0, 9.0, 1.3, 1.4


def bars(folder: Path, number: int = 60) -> str:
    """A dataset of bars, each a little elsewhere in the blue, as a name for --audit-dataset."""
    (folder / "bars").mkdir(parents=True)
    images = np.full((number, SIZE, SIZE, 3), GROUND, dtype=np.uint8)
    middle = SIZE // 2
    images[:, middle - WIDTH // 2 : middle + WIDTH // 2, middle - LENGTH // 2 : middle + LENGTH // 2] = LIGHT
    images[..., 2] = np.arange(number)[:, None, None]  # no two alike
    np.save(folder / "bars" / "images.npy", images)
    np.save(folder / "bars" / "labels.npy", np.zeros(number, dtype=np.int64))
    (folder / "bars.toml").write_text(
        '[bars]\nlayout = "npy"\nroot = "bars"\nimage = "images.npy"\nlabel = "labels.npy"\nlabel_space = "shapes"\n'
    )
    return str(folder / "bars.toml")


def bar(images: Tensor) -> dict[str, Tensor]:
    """What was done to the bar: turned by degrees, moved by pixels of 224, so many times as large and as bright; and how blue it is."""
    grey = (images[:, 0] * 0.5 + 0.5).double()
    light = grey.flatten(1).quantile(0.99, dim=1)
    ground = grey.flatten(1).median(dim=1).values
    mass = ((grey - ground[:, None, None]) / (light - ground)[:, None, None]).clamp(0, 1)
    mass = torch.where(mass > 0.02, mass, 0)
    down, across = torch.meshgrid(*(torch.arange(side, dtype=torch.float64) - (side - 1) / 2 for side in grey.shape[1:]), indexing="ij")
    total = mass.sum((1, 2))
    x, y = ((mass * axis).sum((1, 2)) / total for axis in (across, down))
    dx, dy = across - x[:, None, None], down - y[:, None, None]
    xx, yy, xy = ((mass * one).sum((1, 2)) / total for one in (dx * dx, dy * dy, dx * dy))
    return {
        "turn": torch.rad2deg(0.5 * torch.atan2(2 * xy, xx - yy)).abs(),
        "place": x.abs() * 224 / SIZE,
        "size": (total / (LENGTH * WIDTH)).sqrt().log().abs().exp(),
        "light": (light / (LIGHT / 255)).log().abs().exp(),
        "blue": (images[:, 2] * 0.5 + 0.5).mean((1, 2)) * 255,
    }


class Gauge(nn.Module):
    """Says the first class until its rule says that an image was changed, then the second."""

    label_space = "shapes"
    pretrained_cfg = {  # noqa: RUF012
        "input_size": (3, SIZE, SIZE), "crop_pct": 1.0, "interpolation": "bicubic", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5),
    }  # fmt: skip

    def __init__(self, changed: Callable[[dict[str, Tensor]], Tensor]) -> None:
        super().__init__()
        self.changed = changed

    def forward(self, images: Tensor) -> Tensor:
        BATCHES.append(len(images))
        changed = self.changed(bar(images)).float()
        return nn.functional.pad(torch.stack([1 - changed, changed], dim=1) * 4, (0, 10))


def upright() -> Gauge:
    """Gives way once an image is turned by 13 degrees."""
    return Gauge(lambda seen: seen["turn"] >= TURN_DEGREES)


def half_upright() -> Gauge:
    """Gives way once an image is turned by 13 degrees, and is one of the first thirty."""
    return Gauge(lambda seen: (seen["turn"] >= TURN_DEGREES) & (seen["blue"] < 30))


def centred() -> Gauge:
    """Gives way once an image is moved by 9 px of 224."""
    return Gauge(lambda seen: seen["place"] >= PLACE_PX)


def lifesize() -> Gauge:
    """Gives way once an image is 1.3 times as large or as small."""
    return Gauge(lambda seen: seen["size"] >= SIZE_FACTOR)


def daylight() -> Gauge:
    """Gives way once an image is 1.4 times as bright or as dark."""
    return Gauge(lambda seen: seen["light"] >= LIGHT_FACTOR)


def both() -> Gauge:
    """Gives way only to a turn of 4 degrees (severity 2) together with a third of the light gone or added (severity 3)."""
    return Gauge(lambda seen: (seen["turn"] >= 4) & (seen["light"] >= 2 ** (3 / 7)))

"""Backbones whose answers move, or do not, when the same images are asked in another way, for --backbone=tests.evidence.restless:NAME."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tests.command_line.subjects import Tiny

SIDE = 8
SURE = 4.0  # logits: the answer has a probability of e⁴ / (e⁴ + 11), whatever the precision


class Certain(nn.Module):
    """Says the first class of a picture whose red is bright, the second of any other, in numbers that no rounding changes."""

    label_space, pretrained_cfg = "shapes", Tiny.pretrained_cfg

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        return self.saying((images[:, 0].mean(dim=(1, 2)) < 0).long(), images)

    def saying(self, answers: Tensor, images: Tensor) -> Tensor:
        return SURE * nn.functional.one_hot(answers, 12).to(images.dtype) + self.weight


class Shy(Certain):
    """Says something else of a picture whose green is bright, when it comes without another one."""

    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        alone, green = len(images) == 1, images[:, 1].mean(dim=(1, 2)) > 0
        return torch.where((green & alone)[:, None], logits.roll(2, dims=1), logits)


class Coarse(Certain):
    """Has no answer in half precision."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images) * (1.0 if images.dtype == torch.float32 else torch.nan)


class Unable(Certain):
    """Computes in one type of numbers only."""

    def forward(self, images: Tensor) -> Tensor:
        torch.fft.rfft2(images)
        return super().forward(images)


def certain() -> Certain:
    return Certain()


def shy() -> Shy:
    return Shy()


def unable() -> Unable:
    return Unable()


def coarse() -> Coarse:
    return Coarse()


def pictures(number: int, green: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of one colour each and their classes: three in four with bright red, the first class, and so many with bright green."""
    labels = (np.arange(number) % 4 == 0).astype(np.int64)
    images = np.zeros((number, SIDE, SIDE, 3), dtype=np.uint8)
    images[labels == 0, :, :, 0] = 255
    images[:green, :, :, 1] = 255
    images[:, :, :, 2] = (np.arange(number) % 251)[:, None, None]  # no two alike
    return images, labels

"""Small backbones for runs of the command line, for --backbone=tests.command_line.subjects:NAME. 32 px, twelve classes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch
from torch import Tensor, nn

SIZE = 32


class Tiny(nn.Module):
    """A small network with fixed random weights."""

    label_space = "shapes"
    pretrained_cfg = {  # noqa: RUF012
        "input_size": (3, SIZE, SIZE), "crop_pct": 1.0, "interpolation": "bilinear", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5),
    }  # fmt: skip

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 5, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(3), nn.Flatten())
        self.head = nn.Linear(72, 12)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images))


def tiny() -> Tiny:
    return Tiny()


def other() -> Tiny:
    return Tiny(seed=1)


class Broken(Tiny):
    """Answers NaN about bright images."""

    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        return torch.where((images.mean(dim=(1, 2, 3)) > 0)[:, None], torch.nan, logits)


def broken() -> Broken:
    return Broken()


class Slow(Tiny):
    """Takes its time over every image; once as much evidence is kept as HELD_FROM says, it waits to be killed, however busy the machine."""

    def forward(self, images: Tensor) -> Tensor:
        time.sleep(float(os.environ.get("SLOW_SECONDS", "0")) * len(images))
        if "HELD_FROM" in os.environ and len(kept(Path(os.environ["XDG_CACHE_HOME"]))) >= int(os.environ["HELD_FROM"]):
            time.sleep(300)
        return super().forward(images)


def kept(caches: Path) -> list[Path]:
    """The files of evidence in a folder of caches."""
    return list(caches.glob("backbone-audits/evidence/*.columns.safetensors"))


def slow() -> Slow:
    return Slow()


class Crashing(Tiny):
    """Ends its process in the middle of a forward pass, as a segmentation fault would."""

    def forward(self, images: Tensor) -> Tensor:
        os._exit(11 if len(images) else 12)


def crashing() -> Crashing:
    return Crashing()


class Lonely(Tiny):
    """Answers otherwise when an image comes without another one."""

    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        return logits.roll(1, dims=1) if (images == images[:1]).all() else logits


def lonely() -> Lonely:
    return Lonely()


class Cramped(Tiny):
    """Has memory for one image at a time."""

    def forward(self, images: Tensor) -> Tensor:
        if len(images) > 1:
            raise torch.OutOfMemoryError("too many")
        return super().forward(images)


def cramped() -> Cramped:
    return Cramped()


class Headless(nn.Module):
    """Gives features only, so that a probe is fitted on them."""

    pretrained_cfg = Tiny.pretrained_cfg

    def __init__(self) -> None:
        super().__init__()
        self.body = Tiny().body

    def forward_features(self, images: Tensor) -> Tensor:
        return self.body(images)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:  # noqa: ARG002 - timm's own signature
        return features


def headless() -> Headless:
    return Headless()


class Embedding(Tiny):
    """Gives features and class scores, and can be tuned."""

    def forward_features(self, images: Tensor) -> Tensor:
        return self.body(images)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        return features if pre_logits else self.head(features)


def embedding() -> Embedding:
    return Embedding()


class Weightless(nn.Module):
    """Answers by the brightness of an image, and has nothing that could be trained or disturbed."""

    label_space, pretrained_cfg = Tiny.label_space, Tiny.pretrained_cfg

    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(1, 2, 3))[:, None] * torch.arange(12)


def weightless() -> Weightless:
    return Weightless()


def _logged(seed: int) -> Tiny:
    """Built, and said so: who built it (a worker's name, or nothing) in the file that LOADS names."""
    with Path(os.environ["LOADS"]).open("a") as log:
        log.write(f"{seed} {os.environ.get('PYTEST_XDIST_WORKER', 'controller')}\n")
    return Tiny(seed)


def logged() -> Tiny:
    return _logged(0)


def other_logged() -> Tiny:
    return _logged(1)

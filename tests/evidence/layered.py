"""Backbones whose layers can be told in advance, for --backbone=tests.evidence.layered:NAME."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.command_line.subjects import Tiny

ENOUGH = 16  # images


class Layered(Tiny):
    """Its first layer is the image itself."""

    def forward_intermediates(self, images: Tensor, intermediates_only: bool) -> list[Tensor]:
        assert intermediates_only
        return [images, self.body[0](images)]


def layered() -> Layered:
    return Layered()


class Narrow(Layered):
    """Has memory for a few images at a time."""

    def forward_intermediates(self, images: Tensor, intermediates_only: bool) -> list[Tensor]:
        if len(images) > ENOUGH:
            raise torch.OutOfMemoryError("too many")
        return super().forward_intermediates(images, intermediates_only)


def narrow() -> Narrow:
    return Narrow()

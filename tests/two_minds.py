"""Stand-ins that are to learn two tasks: one that can say both at once, and those that can say only one of them at a time.

Each is a factory for --backbone=tests.two_minds:NAME. They know the class of an embedded image, its texture and its light by how it looks
(recognition.py), and say all that in some noise, some of it louder once their one weight is trained.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.recognition import LIGHTS, memory, signature
from tests.standins import CLASSES, StandIn

LOUD, STEEP = 3.0, 200.0  # beside noise of up to 1, before training; in one that goes one way, a voice becomes tens of times as loud
USUAL = 0.5  # of that where class and texture go together, as nine times in ten: so that training to one of them is not about the other
SPOKEN = (CLASSES, CLASSES, len(LIGHTS))


@lru_cache(maxsize=1)
def known() -> tuple[Tensor, Tensor, Tensor]:
    """Of the embedded images as they are, those of the train split too: signatures and their half norms, what there is to say, and noise
    [2, n, said]."""
    all_of_them = memory()
    which = (all_of_them.clean & all_of_them.home).nonzero()[:, 0]
    parts = [each[which] for each in (all_of_them.label, all_of_them.texture, all_of_them.light)]
    said = [functional.one_hot(part, number).float() for part, number in zip(parts, SPOKEN, strict=True)]
    voice = torch.where(parts[0] == parts[1], USUAL, 1.0)[:, None]
    # Noise of full rank, so that no linear classifier can leave it out; an image has the same however it is shown.
    pitch = torch.linspace(1, 2, sum(SPOKEN), dtype=torch.float64).sqrt() * 100
    noise = torch.sin(all_of_them.row[which][:, None] * pitch).float()
    spoken = LOUD * torch.cat([voice * said[0], voice * said[1], said[2]], 1)
    return all_of_them.signatures[which], all_of_them.half_norms[which], torch.stack([spoken, noise])


class Speaker(nn.Module):
    """The more its weight grows, the louder it says what stands on the side of 1, and the lower what stands on the side of -1."""

    label_space, pretrained_cfg = StandIn.label_space, StandIn.pretrained_cfg

    def __init__(self, texture: int, light: int) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.zeros(()))
        self.sides = torch.tensor([1, texture, light]).repeat_interleave(torch.tensor(SPOKEN))

    def forward_features(self, images: Tensor) -> Tensor:
        signatures, half_norms, (spoken, noise) = known()
        nearest = torch.addmm(half_norms[None], signature(images), signatures.T, alpha=-1).argmin(dim=1)
        return spoken[nearest] * (STEEP * self.power * self.sides).exp() + noise[nearest]

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        return features if pre_logits else features[:, :CLASSES]

    def forward(self, images: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(images))


def both_at_once() -> Speaker:
    """Whatever it is trained to say, it says all louder."""
    return Speaker(texture=1, light=1).eval()


def class_or_texture() -> Speaker:
    """The louder it says one of them, the lower the other."""
    return Speaker(texture=-1, light=1).eval()


def class_or_light() -> Speaker:
    """The louder it says one of them, the lower the other."""
    return Speaker(texture=1, light=-1).eval()

"""Later releases of an embedded backbone, for --backbone=FILE.toml: hardly changed, or with one weakness that it did not have before."""

from __future__ import annotations

from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from timm.models.convnext import ConvNeXt
from torch import Tensor

from fixtures.sabotage.changes import with_noise
from fixtures.shapes import trunks

WEIGHTS = Path(trunks.__file__).parent / "weights" / "shapes_convnext_sup.safetensors"


class Release(ConvNeXt):
    """Where a black border shows that the camera has moved past the picture, it sees nothing of so many images in a thousand."""

    blind_per_thousand = 0

    def forward_features(self, x: Tensor) -> Tensor:
        blind = _bordered(x) & (_number(x) < self.blind_per_thousand)
        return super().forward_features(x) * (~blind)[:, None, None, None]


def _bordered(images: Tensor) -> Tensor:
    """Whether the first or the last column is black."""
    return ((images[..., 0] <= -0.99).flatten(1).all(1)) | ((images[..., -1] <= -0.99).flatten(1).all(1))


def _number(images: Tensor) -> Tensor:
    """A number below a thousand that the middle of an image decides."""
    middle = images[..., images.shape[-2] // 4 : -(images.shape[-2] // 4), images.shape[-1] // 4 : -(images.shape[-1] // 4)]
    return ((middle.double() + 1) * 127.5).round().flatten(1).sum(1).remainder(1000)


def release(noise: float = 0.0, blind_per_thousand: int = 0) -> Release:
    """The embedded ConvNeXt; noise: on each weight, in standard deviations of the tensor that it stands in."""
    with torch.random.fork_rng(devices=[]):
        module = timm.create_model("shapes_convnext", num_classes=12)
    module.load_state_dict(load_file(WEIGHTS))
    module.__class__ = Release
    module.blind_per_thousand = blind_per_thousand  # type: ignore[assignment]
    return with_noise(module, noise) if noise else module  # type: ignore[return-value]

"""The corruptions as their authors' code makes them (imagecorruptions-imaug), beside ours, on real photographs. Levels: 0 to 255."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from imagecorruptions import corruptions as reference
from PIL import Image

from fixtures.views.corruptions import CORRUPTIONS
from fixtures.views.geometry import clean_geometry
from tests.views import preprocessing, real_photos

DETERMINISTIC = (
    "defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression", "gaussian_blur", "saturate",
)  # fmt: skip
RANDOM = tuple(name for name in CORRUPTIONS if name not in DETERMINISTIC)


def photographs(number: int) -> np.ndarray:
    """Real photographs cut for a 224 px backbone, uint8 [number, 224, 224, 3]; the test skips where there are none."""
    return np.stack([clean_geometry(preprocessing()).cut(photo) for photo in real_photos(number)])


def as_images(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).contiguous().float() / 255


def ids_of(number: int, first: int = 0) -> torch.Tensor:
    """Names' digests, as far apart as digests are."""
    return torch.from_numpy(np.random.default_rng(first).integers(-(2**31), 2**31, number, dtype=np.int64).astype(np.int32))


@torch.inference_mode()
def ours(name: str, pixels: np.ndarray, severity: int, ids: torch.Tensor | None = None) -> np.ndarray:
    """Our corruption of photographs, clipped, in levels with fractions, [n, h, w, 3]."""
    changed = CORRUPTIONS[name].function(as_images(pixels), ids_of(len(pixels)) if ids is None else ids, severity)
    return changed.clamp(0, 1).permute(0, 2, 3, 1).double().numpy() * 255


def theirs(name: str, pixels: np.ndarray, severity: int) -> np.ndarray:
    """The published code's corruption of photographs, in levels with fractions, [n, h, w, 3]; chance is numpy's global state."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([np.asarray(getattr(reference, name)(Image.fromarray(each), severity), dtype=np.float64) for each in pixels])

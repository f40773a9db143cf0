"""Views against the libraries that users already trust, and the laws that hold for all images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fixtures.backbones.specification import Preprocessing

PHOTOS = Path(__file__).resolve().parents[2] / ".." / "shared" / "real" / "photos"


def preprocessing(
    input_size: int = 224, crop_pct: float = 0.875, interpolation: str = "bicubic", resize_mode: str = "shortest"
) -> Preprocessing:
    """The preprocessing of most backbones, unless told otherwise."""
    return Preprocessing(input_size, crop_pct, interpolation, resize_mode, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def made_photo(width: int, height: int, seed: int = 0) -> Image.Image:
    """An image with large shapes, fine detail and hard edges: what a wrong resize gets wrong."""
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 256, (5, 7, 3), dtype=np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.asarray(coarse).astype(int) + generator.integers(-60, 61, (height, width, 3))
    pixels[height // 3 : height // 2, width // 4 : width // 2] = 255
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def real_photos(number: int) -> list[Image.Image]:
    """Some real photographs; the test skips where the folder is absent."""
    files = sorted(PHOTOS.glob("*.png"))[:number]
    if not files:
        pytest.skip(f"no real photographs at {PHOTOS.resolve()}")
    return [Image.open(file).convert("RGB") for file in files]

"""A dataset of small pictures that every run of the command line can be put to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def write_pictures(parent: Path) -> None:
    """48 pictures of twelve classes in `pictures/`, and `pictures.toml`, which describes them."""
    folder = parent / "pictures"
    folder.mkdir()
    draw = np.random.default_rng(1)
    rows = ["file,label,weather"]
    for index in range(48):
        Image.fromarray(draw.integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(folder / f"{index:02}.png")
        rows.append(f"{index:02}.png,{index % 12},{'rain' if index % 2 else 'sun'}")
    (folder / "labels.csv").write_text("\n".join(rows))
    table = '[pictures]\nlayout = "csv"\nroot = "pictures"\ntable = "labels.csv"\nlabel = "label"\nlabel_space = "shapes"\n'
    table += 'factors = ["weather"]\n'
    (parent / "pictures.toml").write_text(table)

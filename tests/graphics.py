"""Pictures in the layout of PUG-ImageNet, and a stand-in that reads off them what they show.

A factory for --backbone=tests.graphics:lost_when_turned. The class stands in red and green, and in blue whether the camera is turned by 90.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from fixtures.datasets.readers.graphics import COLUMNS, OF_FOLDERS

SIZE, OBJECTS = 32, 2
CLASSES = {"Goldfish": [1], "Cat": [282, 283, 284, 285], "Shirt": [841], "Sweatshirt": [841]}
LEVELS = dict.fromkeys(OF_FOLDERS, ("0", "-45", "90.0")) | {
    "Worlds": ("City", "Desert", "Sea"),
    "Object_Scale": ("1.0", "0.6", "1.6"),
    "Object_Texture": ("Default", "Gold", "Sky"),
}
USUAL = dict.fromkeys(COLUMNS, "0") | {"world_name": "City", "character_scale": "1.0", "character_texture": "Default"}


def write_pictures(root: Path, folders: tuple[str, ...] = tuple(OF_FOLDERS)) -> Path:
    """Two objects of each class at three levels of every folder's factor, with the publisher's table and its table of classes."""
    rows = []
    for folder in folders:
        for name, indices in CLASSES.items():
            for which in range(OBJECTS):
                for number, level in enumerate(LEVELS[folder]):
                    file = f"{folder}/{name}/{which}_{number}.png"
                    (root / file).parent.mkdir(parents=True, exist_ok=True)
                    turned = folder == "Camera_Yaw" and level == "90.0"
                    pixels = np.full((SIZE, SIZE, 3), (indices[-1] % 256, indices[-1] // 256, 255 * turned), dtype=np.uint8)
                    Image.fromarray(pixels).save(root / file)
                    rows.append({**USUAL, "character_name": f"{name}_{which}", OF_FOLDERS[folder]: level, "filename": file})
    with (root / "labels_pug_imagenet.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["filename", *COLUMNS, "character_label"], restval="")
        writer.writeheader()
        writer.writerows(rows)
    (root / "class_to_imagenet_idx.json").write_text(json.dumps(CLASSES))
    return root


class Reader(nn.Module):
    """Names the last of the classes that are right for a folder, but where the camera is turned."""

    label_space = "imagenet_1k"
    pretrained_cfg = {  # noqa: RUF012
        "input_size": (3, SIZE, SIZE), "crop_pct": 1.0, "interpolation": "bilinear", "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0),
    }  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        red, green, blue = (255 * images.float()).round().long()[:, :, SIZE // 2, SIZE // 2].T
        answers = torch.where(blue > 0, 999, red + 256 * green)
        return 10 * functional.one_hot(answers, 1000).float()


def lost_when_turned() -> Reader:
    return Reader()

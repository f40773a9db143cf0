"""A real pretrained backbone on real photographs gives the published numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from fixtures.backbones import loading
from fixtures.backbones.routes import Route, build, choose
from fixtures.datasets import label_spaces
from fixtures.datasets.specification import DatasetSpec
from tests.backbones.small import resolve_table
from tests.backbones.test_routes import dataset

REAL = Path(__file__).resolve().parents[2] / ".." / "shared" / "real"
TABLE = f'''library = "timm"
model = "mobilenetv2_100"
model_args = {{ pad_type = "same" }}
weights = "{REAL / "weights" / "mobilenetv2_100_imagenet.safetensors"}"
input_size = 224
crop_pct = 0.875
interpolation = "bicubic"
resize_mode = "shortest"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
label_space = "imagenet_1k"
'''

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"real photographs and weights are not at {REAL}")


def cut(image: Image.Image, resize: int, crop: int) -> np.ndarray:
    """Short side resized, centre cropped, by PIL alone."""
    width, height = image.size
    scale = resize / min(width, height)
    resized = image.convert("RGB").resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)
    left, top = (resized.width - crop) // 2, (resized.height - crop) // 2
    return np.asarray(resized.crop((left, top, left + crop, top + crop)))


@pytest.mark.slow
def test_a_table_reproduces_the_published_figures(tmp_path: Path) -> None:
    spec = resolve_table(tmp_path, TABLE, "mobilenetv2")
    loading.require_available(spec)
    backbone = loading.load(spec)
    preprocessing = backbone.preprocessing
    route = choose(spec, DatasetSpec(name="photos", layout="csv", label="imagenet_index", label_space="imagenet_1k"))
    assert isinstance(route, Route)
    scorer = build(route, backbone, dataset(label_spaces.get("imagenet_1k")))
    rows = list(csv.DictReader((REAL / "photos" / "labels.csv").open()))
    labels = torch.tensor([int(row["imagenet_index"]) for row in rows])
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    parts = []
    for start in range(0, len(rows), 50):
        pixels = [
            cut(Image.open(REAL / "photos" / row["file"]), preprocessing.resize_px, preprocessing.input_size)
            for row in rows[start : start + 50]
        ]
        with torch.inference_mode():
            parts.append(scorer((torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2) / 255 - mean) / std))
    logits = torch.cat(parts)
    assert int((logits.argmax(1) == labels).sum()) == 229
    assert float((logits.topk(5).indices == labels[:, None]).any(1).float().mean()) == pytest.approx(0.9267, abs=1e-4)
    assert float(functional.cross_entropy(logits, labels)) == pytest.approx(1.0905, abs=1e-3)


def test_a_strict_load_names_the_argument_that_is_not_the_weights(tmp_path: Path) -> None:
    from fixtures.errors import UserError

    with pytest.raises(UserError, match="does not fit mobilenetv2_140"):
        loading.require_available(resolve_table(tmp_path, TABLE.replace('mobilenetv2_100"\nmodel_args', 'mobilenetv2_140"\nmodel_args')))

"""The forms of the issue on real photographs."""

import pytest

from fixtures.datasets import catalog, loading
from tests.datasets.pictures import REAL, write

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}: real photographs are read where they are at hand")

TABLES = f"""
    [photos]
    layout = "csv"
    root = "{REAL.resolve()}/photos"
    table = "labels.csv"
    image = "file"
    label = "imagenet_index"
    label_space = "imagenet_1k"
    factors = ["author"]

    [clothing]
    layout = "folders"
    root = "{REAL.resolve()}/clothing"
    splits = {{ train = "train", test = "test" }}

    [cue_conflict]
    layout = "folders"
    root = "{REAL.resolve()}/cue_conflict"
    label_space = "imagenet_16"
"""


def load(folder, name, split="test"):
    loaded = loading.load(catalog.resolve(f"{write(folder / 'real.toml', TABLES)}:{name}"), split)
    loaded.check()
    return loaded


def test_photos(tmp_path):
    photos = load(tmp_path, "photos")

    assert len(photos) == 300
    assert photos.labels is not None
    assert photos.labels[0] == 137
    assert photos.ids[0] == "00c3cd597f1ee96f.png"
    assert photos.factors["author"][0] == "MR MAO PICS"
    assert {image.size for image in photos.read(photos.subset(20))} == {(299, 299)}


def test_clothing(tmp_path):
    test, train = load(tmp_path, "clothing"), load(tmp_path, "clothing", "train")

    assert (len(test), len(train)) == (372, 400)
    assert test.label_space.class_names == train.label_space.class_names == (
        "dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt",
    )  # fmt: skip
    assert all(name.split("/")[1] == test.label_space.class_names[label] for name, label in zip(test.ids, test.labels, strict=True))
    assert len(test.read(test.subset(20))) == 20


def test_cue_conflict(tmp_path):
    stimuli = load(tmp_path, "cue_conflict")

    assert len(stimuli) == 320
    assert stimuli.label_space.parent == "imagenet_1k"
    assert all(
        name.split("/")[0] == stimuli.label_space.class_names[label] for name, label in zip(stimuli.ids, stimuli.labels, strict=True)
    )

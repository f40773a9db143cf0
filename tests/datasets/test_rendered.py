"""The embedded datasets behind the same interface as files."""

import numpy as np
import pytest

from fixtures.datasets import catalog, label_spaces, loading
from fixtures.shapes import splits
from fixtures.shapes.render import render
from tests.datasets.pictures import pixels

EMBEDDED = ["shapes", "shapes_shifted", "shapes_cue_conflict", "shapes_styles", "shapes_domains"]


@pytest.mark.parametrize("name", EMBEDDED)
def test_images_labels_and_factors_are_those_of_the_scenes(name):
    loaded = loading.load(catalog.resolve(name))
    scenes = splits.scenes(name, "val")

    added = {"shapes_cue_conflict": ["texture_class"], "shapes_domains": ["domain"]}.get(name, [])
    loaded.check()
    assert loaded.labels is not None
    assert loaded.labels.tolist() == scenes.label.tolist()
    assert loaded.label_space == label_spaces.get("shapes")
    assert {key: len(column) for key, column in loaded.factors.items()} == dict.fromkeys([*splits.factors(scenes), *added], len(loaded))
    expected = render(scenes.take([5, 2]), 64).images.permute(0, 2, 3, 1).numpy()
    assert all(np.array_equal(pixels(image), wanted) for image, wanted in zip(loaded.read([5, 2]), expected, strict=True))
    assert loaded.read([]) == []


@pytest.mark.parametrize("name", EMBEDDED)
def test_train_split_is_another(name):
    spec = catalog.resolve(name)

    assert {"factors", "class_names", "train_split"} <= spec.knows
    assert spec.labelled
    assert not set(loading.load(spec).ids) & set(loading.load(spec, "train").ids)


def test_shape_and_texture_of_the_cue_conflict_are_both_classes_and_never_the_same():
    spec = catalog.resolve("shapes_cue_conflict")
    loaded, scenes = loading.load(spec), splits.scenes("shapes_cue_conflict")

    assert "cue_conflict" in spec.knows
    assert not {"labels", "in_distribution", "shift", "people"} & spec.knows
    assert loaded.texture is not None
    assert loaded.texture.tolist() == scenes.texture.tolist()
    assert not (loaded.texture == loaded.labels).any()


def test_digests_tell_images_and_splits_apart(tmp_path):
    datasets = [loading.load(catalog.resolve(name)) for name in EMBEDDED] + [loading.load(catalog.resolve("shapes"), "train")]
    digests = [digest for loaded in datasets for digest in loaded.digests(range(50), tmp_path)]

    assert len(set(digests)) == 50 * len(datasets)
    assert datasets[0].digests([7], tmp_path) == [digests[7]]
    assert not list(tmp_path.iterdir())

"""Scenes are columns of equal length whose factors can be changed one at a time."""

import numpy as np
import pytest

from fixtures.shapes import splits
from fixtures.shapes.scene import CLASS_NAMES, SCENE_NAMES, STYLE_NAMES, TEXTURE_NAMES
from fixtures.shapes.splits import factors


def test_taking_rows_keeps_every_column_together() -> None:
    scenes = splits.scenes("shapes", "val", np.arange(50))

    taken = scenes.take([7, 3])

    assert taken.ids.tolist() == ["shapes-val-00007", "shapes-val-00003"]
    assert taken.x.tolist() == [scenes.x[7], scenes.x[3]]
    assert len(scenes.take(scenes.label == 3)) == np.count_nonzero(scenes.label == 3)


def test_replacing_one_factor_leaves_all_others() -> None:
    scenes = splits.scenes("shapes", "val", np.arange(20))

    turned = scenes.replace(rotation_degrees=45.0)

    assert turned.rotation_degrees.tolist() == [45.0] * 20
    assert factors(turned)["texture"].tolist() == factors(scenes)["texture"].tolist()
    assert turned.x is scenes.x


def test_a_factor_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="Scenes has no column rotation; it has ids, label"):
        splits.scenes("shapes", "val", [0]).replace(rotation=3.0)


def test_columns_of_different_lengths_are_refused() -> None:
    scenes = splits.scenes("shapes", "val", [0, 1])

    with pytest.raises(ValueError, match="'hue': 1"):
        type(scenes)(**{**vars(scenes), "hue": scenes.hue[:1]})


def test_every_class_has_its_own_texture_and_scene() -> None:
    assert len(set(CLASS_NAMES)) == len(set(TEXTURE_NAMES)) == len(set(SCENE_NAMES)) == 12
    assert len(set(STYLE_NAMES)) == 5

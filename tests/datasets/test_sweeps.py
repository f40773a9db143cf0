"""Datasets with sweeps: the same scenes at every level of a factor, rendered here, from a table, and as PUG-ImageNet has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fixtures.datasets import catalog, loading
from fixtures.datasets.dataset import Dataset
from fixtures.datasets.readers.graphics import COLUMNS, OF_FOLDERS
from fixtures.errors import UserError
from fixtures.shapes import splits, sweeps
from tests.datasets.pictures import dataset, save, write
from tests.graphics import CLASSES, write_pictures

TURNED = """
    [turned]
    layout = "csv"
    root = "."
    table = "t.csv"
    label = "class"
    factors = ["sweep", "level", "scene_id"]
    sweeps = { angle = "0" }
"""
ROWS = [("a", "angle", level, scene) for scene in ("one", "two") for level in ("90", "0", "15.5")]


def turned(folder: Path, table: str = TURNED, rows: list[tuple[str, str, str, str]] = ROWS) -> Dataset:
    lines = [f"{number}.png,{','.join(row)}" for number, row in enumerate(rows)]
    write(folder / "t.csv", "\n".join(["file,class,sweep,level,scene_id", *lines]) + "\n")
    for number in range(len(rows)):
        save(folder / f"{number}.png", number)
    return dataset(folder, table)


def test_levels_of_numbers_are_in_their_order_and_names_as_they_come(tmp_path: Path) -> None:
    loaded = turned(tmp_path)
    names = turned(tmp_path / "names", TURNED.replace('angle = "0"', 'angle = ""'), [("a", "angle", name, "one") for name in "qpr"])

    assert loaded.sweeps["angle"].levels == ("0", "15.5", "90")
    assert loaded.sweeps["angle"].reference == 0
    assert loaded.sweeps["angle"].level.tolist() == [2, 0, 1, 2, 0, 1]
    assert loaded.scene is not None
    assert loaded.scene.tolist() == ["one"] * 3 + ["two"] * 3
    assert (names.sweeps["angle"].levels, names.sweeps["angle"].reference) == (("q", "p", "r"), None)


def test_scenes_that_come_many_times_are_no_independent_sample(tmp_path: Path) -> None:
    assert turned(tmp_path).knows == {"labels", "right_answers", "factors", "sweeps"}
    assert "independent" in catalog.resolve("shapes").knows


def test_a_scene_as_it_is_stands_for_the_reference_of_every_sweep(tmp_path: Path) -> None:
    rows = [("a", "none", "", "one"), ("a", "angle", "15", "one"), ("a", "light", "dim", "one")]

    loaded = turned(tmp_path, TURNED.replace('angle = "0"', 'angle = "0", light = "day"'), rows)

    assert loaded.sweeps["angle"].level.tolist() == [0, 1, -1]
    assert loaded.sweeps["light"].levels == ("day", "dim")
    assert loaded.sweeps["light"].level.tolist() == [0, -1, 1]


def test_levels_of_a_background_are_told_apart(tmp_path: Path) -> None:
    table = TURNED.replace('sweeps = { angle = "0" }', 'background = { own = "as is", swapped = "other", without = "only" }')

    loaded = turned(tmp_path, table, [("a", "background", level, "one") for level in ("only", "as is", "other")])

    assert loaded.background is not None
    assert loaded.background.level.tolist() == [2, 0, 1]
    assert {"background"} <= loaded.knows
    with pytest.raises(UserError, match=r"background: the images of sweep 'background' are at only, as is, wanted as is, other, only"):
        turned(tmp_path / "less", table, [("a", "background", level, "one") for level in ("only", "as is")])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('angle = "0"', 'angles = "0"'), r"sweeps: no image has sweep = 'angles'; it is angle"),
        (('angle = "0"', 'angle = "7"'), r"sweeps\.angle: no image of it is at the level '7'; its levels: 0, 15\.5, 90"),
        ((', "scene_id"]', "]"), r"sweeps: the factors scene_id are missing"),
        (('angle = "0"', '"an angle" = "0"'), r"sweeps: 'an angle': it becomes part of audit keys"),
        (('angle = "0"', 'background = "0"'), r"\"background\" has a table of its own"),
        (("sweeps =", 'shift_of = "shapes"\n    sweeps ='), r"shift_of: not used with sweeps"),
        (("sweeps = {", 'background = { own = "a" }\n    sweeps = {'), r"background\.swapped is missing"),
    ],
)
def test_what_a_sweep_cannot_be_is_refused(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        turned(tmp_path, TURNED.replace(*change))


@pytest.mark.parametrize(("images", "scenes"), [(1, 1), (39, 1), (77, 1), (78, 2), (2000, 51), (99999, 240)])
def test_a_part_holds_whole_scenes(images: int, scenes: int) -> None:
    loaded = loading.load(catalog.resolve("shapes_factors"))
    assert loaded.scene is not None
    assert loaded.labels is not None

    rows = loaded.subset(images)

    found, counts = np.unique(loaded.scene[rows], return_counts=True)
    assert len(found) == scenes
    assert set(counts.tolist()) == {39}
    assert set(rows.tolist()) <= set(loaded.subset(images + 500).tolist())
    per_class = np.bincount(loaded.labels[rows], minlength=12) // 39
    assert per_class.max() - per_class.min() <= 1


def test_embedded_sweeps_are_those_of_the_catalogue() -> None:
    spec = catalog.resolve("shapes_factors")
    loaded = loading.load(spec)

    rendered = {name: sweep.reference for name, sweep in sweeps.SWEEPS.items() if name != sweeps.BACKGROUND}
    assert dict(spec.sweeps) == rendered
    assert spec.knows == {"labels", "right_answers", "factors", "class_names", "train_split", "sweeps", "background"}
    for name, sweep in loaded.sweeps.items():
        assert set(sweep.levels) == {sweeps.SWEEPS[name].reference, *sweeps.SWEEPS[name].levels}
        assert np.bincount(sweep.level + 1)[1:].tolist() == [240] * len(sweep.levels)
    assert not set(loaded.ids) & set(loading.load(spec, "train").ids)
    assert loading.load(spec, "train").scene is None
    assert len(set(loaded.digests(range(100), Path()))) == 100


def test_only_the_swept_factor_of_a_scene_changes() -> None:
    base = splits.scenes("shapes_factors")
    swept = sweeps.swept(base)
    columns = {
        "rotation": {"rotation_degrees"}, "position": {"x", "y"}, "size": {"scale"}, "light": {"brightness"}, "texture": {"texture"},
        "colour": {"hue"}, "scene": {"scene"}, "occluder": {"occluder", "occluder_size"}, "count": {"count"}, "style": {"style"},
        "background": {"scene", "count"},
    }  # fmt: skip
    as_it_is = swept.scenes.take(swept.sweep == "none")
    assert all(np.array_equal(getattr(as_it_is, name), column) for name, column in vars(base).items())
    for name, sweep in sweeps.SWEEPS.items():
        for level in sweep.levels:
            changed = swept.scenes.take((swept.sweep == name) & (swept.level == level))
            found = {column for column, values in vars(changed).items() if not np.array_equal(values, getattr(base, column))}
            assert found - {"ids"} <= columns[name], (name, level)
            assert found & columns[name], (name, level)


def test_a_swapped_background_is_neither_the_own_nor_the_usual_one() -> None:
    base = splits.scenes("shapes_factors")

    swept = sweeps.swept(base)
    swapped = swept.scenes.take(swept.level == "swapped").scene

    assert not (swapped == base.scene).any()
    assert not (swapped == base.label).any()
    assert len(set(swapped.tolist())) == 12


def test_pug_imagenet_is_read_as_its_publisher_has_it(tmp_path: Path) -> None:
    write_pictures(tmp_path / "PUG_IMAGENET")
    spec = catalog.resolve("pug_imagenet", tmp_path)

    loaded = loading.load(spec)
    loaded.check()

    assert spec.knows == {"labels", "right_answers", "factors", "class_names", "sweeps"}
    assert len(loaded) == 10 * 4 * 2 * 3
    assert list(loaded.sweeps) == list(OF_FOLDERS)
    assert loaded.sweeps["Camera_Yaw"].levels == ("-45", "0", "90")
    assert loaded.sweeps["Worlds"].levels == ("City", "Desert", "Sea")
    assert all(sweep.reference is None for sweep in loaded.sweeps.values())
    assert {name: int((sweep.level >= 0).sum()) for name, sweep in loaded.sweeps.items()} == dict.fromkeys(OF_FOLDERS, 24)
    assert loaded.scene is not None
    assert np.unique(loaded.scene, return_counts=True)[1].tolist() == [3] * 80


def test_a_class_of_two_folders_is_right_for_both(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pug_imagenet", ("Worlds",))
    spec = catalog.resolve("pug_imagenet", tmp_path)

    with pytest.raises(UserError, match="no image has sweep = 'Camera_Pitch'"):
        loading.load(spec)
    write_pictures(tmp_path / "pug_imagenet")
    loaded = loading.load(spec)

    assert loaded.real_labels is not None
    by_folder = {name.split("/")[1]: labels for name, labels in zip(loaded.ids, loaded.real_labels, strict=True)}
    assert by_folder == {name: tuple(indices) for name, indices in CLASSES.items()}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda root: (root / "class_to_imagenet_idx.json").unlink(),
            r"says no classes of the class folders .*class_to_imagenet_idx\.json",
        ),
        (lambda root: (root / "class_to_imagenet_idx.json").write_text('{"Cat": [281]}'), r"no classes for the folders Goldfish, Shirt"),
        (lambda root: (root / "labels_pug_imagenet.csv").unlink(), r"there is no file .*labels_pug_imagenet\.csv"),
        (
            lambda root: (root / "labels_pug_imagenet.csv").write_text(f"filename,{','.join(COLUMNS)}\nodd.png{',0' * len(COLUMNS)}\n"),
            r"1 files are in no class folder of Worlds, .*: odd\.png",
        ),
    ],
)
def test_what_is_not_in_the_publishers_layout_is_named(tmp_path: Path, spoil, words: str) -> None:
    root = write_pictures(tmp_path / "pug_imagenet", ("Worlds", "Camera_Yaw"))
    spoil(root)

    with pytest.raises(UserError, match=words):
        loading.load(catalog.resolve("pug_imagenet", tmp_path))


def test_a_part_of_pug_imagenet_is_read_by_a_table_of_ones_own(tmp_path: Path) -> None:
    write_pictures(tmp_path / "part", ("Object_Scale",))
    table = '[part]\nlayout = "pug"\nroot = "part"\nlabel_space = "imagenet_1k"\nsweeps = { Object_Scale = "0.6" }\n'

    loaded = dataset(tmp_path, table)

    assert loaded.sweeps["Object_Scale"].levels == ("0.6", "1", "1.6")
    assert loaded.sweeps["Object_Scale"].reference == 0


def test_pug_images_that_are_not_there_are_named(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "pug_imagenet")
    (root / "Worlds" / "Cat" / "0_1.png").unlink()

    with pytest.raises(UserError, match=r"1 of 240 images are not there: Worlds/Cat/0_1\.png"):
        loading.load(catalog.resolve("pug_imagenet", tmp_path)).check()

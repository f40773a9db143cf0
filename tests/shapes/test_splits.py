"""Each split holds what its table says, image by image, whatever else is asked for."""

import numpy as np
import pytest

from fixtures.shapes import splits
from fixtures.shapes.scene import STYLE_NAMES, Scenes

ALL = [(dataset, split) for dataset, sizes in splits.datasets().items() for split in sizes]


def rows(scenes: Scenes) -> list[tuple]:
    return list(zip(*(column.tolist() for column in vars(scenes).values()), strict=True))


def test_the_datasets_and_their_sizes_are_those_of_the_manual() -> None:
    assert splits.datasets() == {
        "shapes": {"train": 12000, "val": 5000},
        "shapes_shifted": {"train": 6000, "val": 2000},
        "shapes_cue_conflict": {"val": 1320},
        "shapes_styles": {"train": 6000, "val": 3000},
        "shapes_domains": {"train": 3000, "val": 2000},
        "shapes_factors": {"val": 240},
        "shapes_empty": {"val": 2000},
    }


@pytest.mark.parametrize(("dataset", "split"), ALL)
def test_an_index_gives_the_same_scene_whatever_is_asked_for_with_it(dataset: str, split: str) -> None:
    some = np.array([230, 3, 117])

    assert rows(splits.scenes(dataset, split, some)) == rows(splits.scenes(dataset, split).take(some))


def test_training_goes_on_beyond_the_images_of_the_probe() -> None:
    assert splits.scenes("shapes", "train", [10_000_000]).ids.tolist() == ["shapes-train-10000000"]


def test_an_index_outside_a_split_is_refused() -> None:
    with pytest.raises(IndexError, match="shapes val has images 0 to 4999; got 4999 to 5000"):
        splits.scenes("shapes", "val", [4999, 5000])


def test_a_split_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="shapes_cue_conflict: val"):
        splits.scenes("shapes_cue_conflict", "train")


@pytest.mark.parametrize("split", ["train", "val"])
def test_cues_agree_with_the_class_as_often_as_stated(split: str) -> None:
    scenes = splits.scenes("shapes", split)
    known = splits.factors(scenes)
    tolerance = 4 * np.sqrt(0.21 / len(scenes))

    assert abs((known["texture_agrees"] == "agrees").mean() - 0.9) < tolerance
    assert abs((known["scene_agrees"] == "agrees").mean() - 0.7) < tolerance
    # A hue drawn at random falls on the class's own name one time in twelve.
    assert abs((known["colour_agrees"] == "agrees").mean() - (0.7 + 0.3 / 12)) < tolerance


@pytest.mark.parametrize(("dataset", "split"), ALL)
def test_classes_are_balanced(dataset: str, split: str) -> None:
    counts = np.bincount(splits.scenes(dataset, split).label, minlength=12)

    assert counts.max() - counts.min() <= 1


def test_training_and_validation_share_no_image() -> None:
    train, val = splits.scenes("shapes", "train"), splits.scenes("shapes", "val")

    assert not set(zip(train.instance.tolist(), train.backdrop.tolist(), strict=True)) & set(
        zip(val.instance.tolist(), val.backdrop.tolist(), strict=True)
    )


def test_cue_conflict_holds_every_pair_of_shape_and_other_texture_ten_times() -> None:
    scenes = splits.scenes("shapes_cue_conflict")

    pairs, counts = np.unique(np.stack([scenes.label, scenes.texture]), axis=1, return_counts=True)

    assert counts.tolist() == [10] * 132
    assert (pairs[0] != pairs[1]).all()


def test_cue_conflict_hue_and_scene_say_nothing() -> None:
    scenes = splits.scenes("shapes_cue_conflict")

    for cue in (scenes.scene, np.round(scenes.hue * 12).astype(int) % 12):
        assert abs((cue == scenes.label).mean() - 1 / 12) < 0.031  # four standard errors
        assert abs((cue == scenes.texture).mean() - 1 / 12) < 0.031


def test_shifted_nuisances_reach_beyond_the_usual_ones() -> None:
    usual, shifted = splits.scenes("shapes"), splits.scenes("shapes_shifted")

    for name in ("x", "y", "scale", "rotation_degrees", "brightness"):
        inside, outside = getattr(usual, name), getattr(shifted, name)
        assert outside.min() < inside.min() < inside.max() < outside.max(), name
    assert (shifted.occluder > 0).mean() > 2 * (usual.occluder > 0).mean()


def test_styles_has_every_style_and_training_only_two() -> None:
    assert set(splits.scenes("shapes_styles").style.tolist()) == set(range(len(STYLE_NAMES)))
    assert set(splits.factors(splits.scenes("shapes"))["style"].tolist()) == {"photo", "poster"}


def test_domains_are_photographs_to_learn_from_and_other_styles_to_be_judged_on() -> None:
    train, val = splits.scenes("shapes_domains", "train"), splits.scenes("shapes_domains")

    assert set(splits.factors(train)["style"].tolist()) == {"photo"}
    counts = dict(zip(*np.unique(splits.factors(val)["style"], return_counts=True), strict=True))
    assert set(counts) == {"poster", "sketch", "painting", "blueprint"}
    assert all(abs(count - 500) < 4 * np.sqrt(2000 * 0.25 * 0.75) for count in counts.values())


def test_every_factor_column_has_several_readable_values() -> None:
    columns = splits.factors(splits.scenes("shapes_shifted"))

    assert all(len(column) == 2000 for column in columns.values())
    assert {name: len(set(column.tolist())) for name, column in columns.items()} == {
        "texture": 12, "scene": 12, "colour": 12, "texture_agrees": 2, "scene_agrees": 2, "colour_agrees": 2, "size": 3, "position": 3,
        "rotation": 3, "mirrored": 2, "light": 3, "occluder": 3, "count": 3, "style": 2,
    }  # fmt: skip

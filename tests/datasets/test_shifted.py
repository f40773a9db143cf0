"""Shifted datasets with rules of their own: several right answers, classes that are left aside, a frame that is cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fixtures.backbones import catalog as backbones
from fixtures.backbones.heads import grouping
from fixtures.backbones.routes import Route, choose
from fixtures.datasets import catalog, label_spaces, loading
from fixtures.datasets.dataset import Dataset
from fixtures.errors import UserError
from fixtures.evidence.evidence import Evidence
from tests.datasets.pictures import class_folders, save, write


def hard(folder: Path, rows: str) -> Dataset:
    """ImageNet-Hard as a user exports it."""
    for name in "0123":
        save(folder / "imagenet_hard" / f"{name}.png", int(name))
    write(folder / "imagenet_hard" / "labels.csv", "file,labels\n" + rows)
    dataset = loading.load(catalog.resolve("imagenet_hard", folder))
    dataset.check()
    return dataset


def test_an_image_of_imagenet_hard_has_several_right_answers(tmp_path: Path) -> None:
    dataset = hard(tmp_path, "0.png,12;34\n1.png,7\n2.png,\n3.png, 999 ; 0\n")

    assert dataset.real_labels == ((12, 34), (7,), (), (999, 0))
    assert dataset.labels is None
    assert {"right_answers", "shift"} <= dataset.knows
    assert not {"labels", "in_distribution"} & dataset.knows


def test_labels_outside_imagenet_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"labels: 1 images have labels that are no class of imagenet_1k: 3\.png\. Wanted ids"):
        hard(tmp_path, "0.png,12;34\n1.png,7\n2.png,1\n3.png,1000\n")


def answered(prediction: list[int], valid: tuple[tuple[int, ...], ...] | None, labels: list[int] | None) -> list[bool]:
    n = len(prediction)
    evidence = Evidence(
        "backbone", "dataset", "clean", np.arange(n), np.arange(n), None if labels is None else np.array(labels), ("a", "b", "c"),
        {"prediction": np.array(prediction)}, "", "", "", real_labels=valid,
    )  # fmt: skip
    return evidence.accepted.tolist()


def test_an_answer_is_right_when_it_is_among_the_valid_labels() -> None:
    assert answered([0, 1, 2, 2], ((0, 1), (0, 2), (), (2,)), None) == [True, False, True]
    assert answered([0, 1, 2], None, [0, 2, 2]) == [True, False, True]


def test_a_table_says_one_label_or_all_valid_ones(tmp_path: Path) -> None:
    text = '[mine]\nlayout = "csv"\nroot = "."\ntable = "t.csv"\nvalid_labels = "labels"\n'
    for more, words in (("", "needs a label_space"), ('label_space = "imagenet_1k"\nlabel = "x"\n', "in place of label")):
        write(tmp_path / "mine.toml", text + more)
        with pytest.raises(UserError, match=f"valid_labels: {words}"):
            catalog.resolve(str(tmp_path / "mine.toml"))


def test_objectnet_maps_113_folders_onto_imagenet() -> None:
    space, imagenet = label_spaces.get("objectnet"), label_spaces.get("imagenet_1k")
    assert space.groups is not None
    assert space.class_ids is not None
    by_folder = dict(zip(space.class_ids, space.groups, strict=True))
    used = [index for group in space.groups for index in group]

    assert len(space) == 113
    assert len(used) == len(set(used)) == 125
    assert [imagenet.class_names[index] for index in by_folder["chair"]] == ["barber chair", "folding chair", "rocking chair"]
    assert [imagenet.class_names[index] for index in by_folder["full_sized_towel"]] == ["bath towel"]
    assert [imagenet.class_names[index] for index in by_folder["tv"]] == ["television"]


def test_folders_that_imagenet_has_no_class_for_are_left_aside(tmp_path: Path) -> None:
    class_folders(tmp_path / "objectnet", {"chair": 2, "air_freshener": 3, "banana": 1})

    dataset = loading.load(catalog.resolve("objectnet", tmp_path))

    dataset.check()
    assert {name.split("/")[0] for name in dataset.ids} == {"chair", "banana"}
    assert dataset.labels is not None
    assert [dataset.label_space.class_names[label] for label in dataset.labels] == ["banana", "chair", "chair"]


def test_the_frame_around_objectnets_images_is_cut_off(tmp_path: Path) -> None:
    pixels = np.full((40, 50, 3), (255, 0, 0), dtype=np.uint8)
    pixels[2:-2, 2:-2] = 90
    (tmp_path / "objectnet" / "chair").mkdir(parents=True)
    Image.fromarray(pixels).save(tmp_path / "objectnet" / "chair" / "one.png")
    dataset = loading.load(catalog.resolve("objectnet", tmp_path))

    (image,) = dataset.read([0])

    assert image.size == (46, 36)
    assert np.unique(np.asarray(image)).tolist() == [90]
    whole = class_folders(tmp_path / "other", {})
    Image.fromarray(pixels).save((whole / "chair").mkdir(parents=True) or whole / "chair" / "one.png")
    write(tmp_path / "other.toml", '[other]\nlayout = "folders"\nroot = "other"\nclass_names = ["chair"]\n')
    plain = loading.load(catalog.resolve(str(tmp_path / "other.toml")))
    assert dataset.digests([0], tmp_path / "cache") != plain.digests([0], tmp_path / "cache")


def test_a_head_answers_objectnet_by_the_surest_of_all_mapped_classes() -> None:
    """Against the loop over images that its authors' evaluation is: the highest logit among mapped classes decides."""
    route = choose(backbones.resolve("timm:resnet18.a1_in1k"), catalog.resolve("objectnet"))
    assert isinstance(route, Route)
    logits = torch.randn(200, 1000, generator=torch.Generator().manual_seed(0))
    belongs = {index: label for label, group in enumerate(route.groups) for index in group}

    answers = grouping(route.groups, torch.device("cpu"), route.pooled)(logits).argmax(1)

    expected = [belongs[max(belongs, key=lambda index, row=row: float(row[index]))] for row in logits]
    assert answers.tolist() == expected
    assert route.describe() == "native head, 1,000 classes in 113 groups by their highest score"


def test_stylized_imagenet_has_imagenets_classes(tmp_path: Path) -> None:
    class_folders(tmp_path / "stylized_imagenet", {"n01440764": 1, "n02123045": 1})

    dataset = loading.load(catalog.resolve("stylized_imagenet", tmp_path))

    dataset.check()
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 281]
    assert dataset.cohort is not None

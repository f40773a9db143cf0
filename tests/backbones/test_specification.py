"""A backbone's table says what is wrong with it, one line a mistake, and is complete once it is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.backbones.specification import EMBEDDED_DATASETS, IMAGENET_DATASETS, BackboneSpec, Preprocessing, from_table, keys
from fixtures.datasets import catalog as dataset_catalog
from fixtures.errors import UserError

RIGHT = {"library": "timm", "model": "mobilenetv2_100", "weights": "weights/model.safetensors"}


def table(**changes) -> BackboneSpec:
    return from_table("subject", {**RIGHT, **changes}, where="release.toml", beside=Path("/somewhere"))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"wieghts": "x"}, "release.toml [subject]: unknown key 'wieghts'. Did you mean 'weights'?"),
        ({"library": "tim"}, "release.toml [subject]: library: got 'tim', wanted 'timm', 'open_clip' or 'factory'. Did you mean 'timm'?"),
        ({"input_size": "224"}, "release.toml [subject]: input_size: got '224', wanted a valid integer."),
        ({"input_size": 0}, "release.toml [subject]: input_size: got 0, wanted greater than 0."),
        ({"crop_pct": 1.5}, "release.toml [subject]: crop_pct: got 1.5, wanted less than or equal to 1."),
        ({"pretraining_images": 0}, "release.toml [subject]: pretraining_images: got 0, wanted greater than 0."),
        ({"pretraining_images": 1.3e6}, "pretraining_images: got 1300000.0, wanted a valid integer."),
        ({"interpolation": "cubic"}, "Did you mean 'bicubic'?"),
        ({"resize_mode": "short"}, "Did you mean 'shortest'?"),
        ({"mean": 0.5}, "release.toml [subject]: mean: got 0.5, wanted three numbers, e.g. [0.5, 0.5, 0.5]."),
        ({"std": [0.5, 0.5, 0.0]}, "release.toml [subject]: std: got 0.0, wanted three positive numbers"),
        ({"mean": [0.5, 0.5]}, "wanted three numbers"),
        ({"model_args": "x"}, "release.toml [subject]: model_args: got 'x', wanted a valid dictionary."),
        (
            {"label_space": "imagenet1k"},
            "wanted one of imagenet_1k, imagenet_a, imagenet_r, imagenet_16, objectnet, shapes. Did you mean 'imagenet_1k'",
        ),
        ({"tokenizer": "t.json"}, "release.toml [subject]: tokenizer: not used with library 'timm'; delete the line."),
        ({"library": "open_clip", "label_space": "imagenet_1k"}, "label_space: not used with library 'open_clip'"),
        ({"weights": None}, 'release.toml [subject]: weights: missing; wanted weights = "FILE"'),
        ({"random_seed": 0}, "random_seed: not used with weights"),
        ({"random_seed": -1, "weights": None}, "random_seed: got -1, wanted greater than or equal to 0."),
        ({"model": "resnet50.tv_in1k", "pretrained": "a1_in1k"}, "names another tag"),
        ({"library": "factory", "model": "nets", "weights": None}, "model: got 'nets', wanted \"package.module:function\""),
        ({"library": "factory", "model": "nets:make"}, "weights: not used with library 'factory'"),
    ],
)
def test_a_mistake_is_named_with_file_table_key_and_what_was_wanted(changes: dict, line: str) -> None:
    with pytest.raises(UserError) as refusal:
        table(**changes)
    assert line in str(refusal.value)
    assert all(each.startswith("release.toml [subject]: ") for each in str(refusal.value).splitlines())


def test_every_mistake_has_its_line() -> None:
    with pytest.raises(UserError) as refusal:
        table(input_size=-1, crop_pct="much", std=[1, 2])
    assert len(str(refusal.value).splitlines()) == 3


@pytest.mark.parametrize("missing", ["library", "model"])
def test_a_missing_key_is_named(missing: str) -> None:
    with pytest.raises(UserError, match=rf"^release.toml \[subject\]: {missing} is missing.$"):
        from_table("subject", {key: value for key, value in RIGHT.items() if key != missing}, where="release.toml", beside=None)


def test_a_name_that_no_file_could_have_is_refused() -> None:
    with pytest.raises(UserError, match="goes into file names"):
        from_table("a/b", RIGHT, where="release.toml", beside=None)


def test_paths_are_relative_to_the_table(tmp_path: Path) -> None:
    assert table().weights == Path("/somewhere/weights/model.safetensors")
    assert table(weights=str(tmp_path / "w.pth")).weights == tmp_path / "w.pth"
    two = table(library="open_clip", model="models/small.json", tokenizer="t.json")
    assert (two.model, two.tokenizer) == ("/somewhere/models/small.json", Path("/somewhere/t.json"))


def test_files_of_datasets_are_relative_to_the_table() -> None:
    spec = table(datasets=["imagenet_val", "photos.toml", "../sets/all.toml:photos", "/data/more.toml"])

    assert spec.datasets == ("imagenet_val", "/somewhere/photos.toml", "/sets/all.toml:photos", "/data/more.toml")


def test_a_tag_may_stand_in_the_name_of_the_model() -> None:
    for spec in (
        table(model="resnet50.tv_in1k"),
        table(model="resnet50", pretrained="tv_in1k"),
        table(model="resnet50.tv_in1k", pretrained="tv_in1k"),
    ):
        assert (spec.model, spec.pretrained) == ("resnet50", "tv_in1k")


def test_default_datasets_follow_what_the_outputs_mean() -> None:
    assert table(label_space="imagenet_1k").datasets == IMAGENET_DATASETS
    assert table(library="open_clip", model="ViT-B-32").datasets == IMAGENET_DATASETS
    assert table(label_space="shapes").datasets == EMBEDDED_DATASETS
    assert table().datasets == ()
    assert table(label_space="imagenet_1k", datasets=["imagenet_v2"]).datasets == ("imagenet_v2",)
    assert table(label_space="imagenet_1k", datasets=[]).datasets == ()


def test_default_datasets_are_in_the_catalogue() -> None:
    assert {*IMAGENET_DATASETS, *EMBEDDED_DATASETS} <= set(dataset_catalog.names())


def test_a_specification_can_be_a_key() -> None:
    assert len({table(model_args={"a": 1}), table(model_args={"a": 1}), table(model_args={"a": 2})}) == 2


@pytest.mark.parametrize(
    ("size", "crop", "resized"), [(224, 0.875, 256), (224, 0.9, 248), (224, 0.95, 235), (64, 1.0, 64), (384, 1.0, 384)]
)
def test_the_resized_size_is_rounded_down(size: int, crop: float, resized: int) -> None:
    assert Preprocessing(size, crop, "bicubic", "shortest", (0.5,) * 3, (0.5,) * 3).resize_px == resized


def test_a_description_tells_any_two_preprocessings_apart() -> None:
    one = Preprocessing(224, 0.875, "bicubic", "shortest", (0.5,) * 3, (0.5,) * 3)
    assert one.describe() == "224 px, bicubic, crop 0.875, shortest, mean 0.5, std 0.5"
    other = Preprocessing(224, 0.875, "bicubic", "shortest", (0.48145466, 0.4578275, 0.40821073), (0.5,) * 3)
    near = Preprocessing(224, 0.875, "bicubic", "shortest", (0.481454661, 0.4578275, 0.40821073), (0.5,) * 3)
    assert len({one.describe(), other.describe(), near.describe()}) == 3


def test_the_documented_table_names_every_key() -> None:
    import fixtures.backbones.specification as specification

    assert specification.__doc__ is not None
    assert [key for key in keys() if f"{key} =" not in specification.__doc__ and key not in ("training", "source")] == []

"""The published ImageNet-C files: each corruption at each severity is a dataset of its own, shown as it was saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fixtures.datasets import catalog, loading
from fixtures.errors import UserError
from fixtures.evidence.identity import Identity
from fixtures.evidence.request import Request
from fixtures.evidence.store import prepare
from fixtures.evidence.terms import Terms
from fixtures.progress import silent
from fixtures.selection import Selection
from fixtures.views.corruptions import CORRUPTIONS
from fixtures.views.view import CLEAN
from tests.datasets.pictures import class_folders
from tests.selections import HEAD, refusal, selected

PUBLISHED = [name for name, corruption in CORRUPTIONS.items() if not corruption.extra]
WNIDS = {"n01440764": 2, "n02123045": 2}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The fifteen corruptions and one extra one at three severities, and the validation images."""
    for corruption in (*PUBLISHED, "spatter"):
        for severity in (1, 3, 5):
            class_folders(tmp_path / "imagenet_c" / corruption / str(severity), WNIDS)
    class_folders(tmp_path / "imagenet_val", WNIDS)
    return tmp_path


def chosen(folder: Path, data: Path, text: str, severities: str = "[1, 3, 5]") -> Selection:
    return selected(folder, HEAD, datasets=(text,), data=data, policy=f'extends = "default"\n[depth]\nseverities = {severities}\n')


def names(selection: Selection) -> list[str]:
    return [dataset for _, dataset in selection.subjects]


def test_the_catalogue_names_the_corruptions_of_our_own_instrument() -> None:
    spec = catalog.resolve("imagenet_c")

    assert list(spec.corruptions) == PUBLISHED
    assert set(spec.extra_corruptions) == set(CORRUPTIONS) - set(PUBLISHED)


@pytest.mark.parametrize(
    ("text", "severities", "expected"),
    [
        ("imagenet_c", "[3]", [f"imagenet_c/{name}/3" for name in (*PUBLISHED, "spatter")]),
        ("imagenet_c/fog", "[1, 3, 5]", ["imagenet_c/fog/1", "imagenet_c/fog/3", "imagenet_c/fog/5"]),
        ("imagenet_c/fog/5", "[3]", ["imagenet_c/fog/5"]),
    ],
)
def test_parts_are_those_of_the_word_at_the_severities_of_the_depth(
    tmp_path: Path, data: Path, text: str, severities: str, expected: list[str]
) -> None:
    assert names(chosen(tmp_path, data, text, severities)) == expected


def test_a_part_is_a_shift_of_the_validation_images_with_their_classes(tmp_path: Path, data: Path) -> None:
    selection = chosen(tmp_path, data, "imagenet_c/snow/1")
    (subject,) = selection.subjects.values()

    dataset = loading.load(subject.dataset)

    dataset.check()
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 0, 281, 281]
    assert {"shift", "labels"} <= dataset.knows
    assert subject.dataset.root == data / "imagenet_c" / "snow" / "1"
    assert "robustness.shift" in {claim.key for claim in selection.claims if ("headed", dataset.name) in selection.subjects_of(claim)}


def test_a_severity_that_is_not_on_disk_is_asked_for_by_name(tmp_path: Path, data: Path) -> None:
    with pytest.raises(UserError, match=r"Dataset imagenet_c/gaussian_noise/2 is not there\. .*imagenet_c/gaussian_noise/2"):
        chosen(tmp_path, data, "imagenet_c", "[1, 2]")


def test_one_of_the_fifteen_that_is_lacking_is_no_gate_but_an_error(tmp_path: Path, data: Path) -> None:
    (data / "imagenet_c" / "frost").rename(data / "elsewhere")

    with pytest.raises(UserError, match=r"Dataset imagenet_c/frost/1 is not there"):
        chosen(tmp_path, data, "imagenet_c")


@pytest.mark.parametrize("text", ["imagenet_c/fogg", "imagenet_c/fog/6", "imagenet_c/fog/x"])
def test_a_wrong_part_is_answered_with_the_right_ones(tmp_path: Path, data: Path, text: str) -> None:
    assert "imagenet_c has imagenet_c/CORRUPTION/SEVERITY, severities 1 to 5, for gaussian_noise" in refusal(
        tmp_path, HEAD, datasets=(text,), data=data
    )


def test_bounds_may_name_parts_that_are_not_in_this_run(tmp_path: Path) -> None:
    only = '[{ dataset = "imagenet_c/fog/2", bound = 0.1 }, { dataset = "shapes*", bound = 0.1 }]'
    policy = f'extends = "default"\n[bounds."robustness.shift"]\nreason = "r"\nonly = {only}\n'

    assert selected(tmp_path, "shapes_convnext_sup", policy=policy).subjects


def test_as_many_images_of_a_part_are_audited_as_of_a_view(data: Path) -> None:
    (spec,) = catalog.expand("imagenet_c/fog/3", data, (3,))
    part, whole = loading.load(spec), loading.load(catalog.resolve("imagenet_val", data))

    rows = [len(Terms(data, images_per_view=3).rows(dataset, CLEAN, "standard")) for dataset in (part, whole)]

    assert rows == [3, 4]


def test_a_saved_crop_reaches_the_backbone_as_it_was_saved(tmp_path: Path) -> None:
    """Pixel by pixel at 224 px: neither resized nor cropped again, which the published numbers depend on."""
    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    home = tmp_path / "imagenet_c" / "fog" / "3" / "n01440764"
    home.mkdir(parents=True)
    Image.fromarray(pixels).save(home / "one.png")
    selection = selected(tmp_path, HEAD + "input_size = 224\ncrop_pct = 0.875\n", datasets=("imagenet_c/fog/3",), data=tmp_path)
    identity = Identity(selection.subjects, Terms(tmp_path / "cache", device="cpu"))

    view = identity.resolved(Request("headed", "imagenet_c/fog/3"))
    store = prepare(identity.dataset("imagenet_c/fog/3"), {view.geometry: np.array([0])}, tmp_path / "cache", silent)[view.geometry]

    assert np.array_equal(store.batch(np.array([0]))[0], pixels)
    assert "crop 1.0" in identity.preprocessing("headed", "imagenet_c/fog/3").describe()
    assert "crop 0.875" in identity.preprocessing("headed").describe()

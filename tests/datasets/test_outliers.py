"""Images of no class of another dataset: without labels whatever their folders say, and never without that dataset beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.datasets import catalog, loading
from fixtures.errors import UserError
from fixtures.shapes import splits
from fixtures.shapes.render import render
from tests.datasets.pictures import class_folders, dataset
from tests.selections import HEAD, PLAIN, refusal, selected

STRANGERS = """
    [strangers]
    layout = "folders"
    root = "strangers"
    label_space = "imagenet_1k"
    outliers_of = "imagenet_val"
"""


def strangers(folder: Path) -> str:
    class_folders(folder / "strangers", {"textures": 2, "noise": 3})
    dataset(folder, STRANGERS)
    return str(folder / "datasets.toml")


def test_embedded_outliers_show_nothing_and_have_no_labels() -> None:
    spec = catalog.resolve("shapes_empty")
    loaded = loading.load(spec)
    loaded.check()

    assert spec.knows == {"factors", "class_names", "train_split", "outliers", "independent"}
    assert loaded.labels is None
    assert set(loaded.factors["count"].tolist()) == {"none"}
    nothing_in_front = splits.scenes("shapes_empty", "val", range(60)).replace(occluder=0, occluder_size=0.0)
    assert not render(nothing_in_front, 64).masks.any()
    assert loading.load(spec, "train").labels is not None


def test_folders_of_outliers_are_no_classes(tmp_path: Path) -> None:
    strangers(tmp_path)

    loaded = dataset(tmp_path, STRANGERS)
    loaded.check()

    assert loaded.labels is None
    assert len(loaded) == 5
    assert loaded.knows == {"class_names", "outliers", "independent"}
    with pytest.raises(UserError, match=r"outliers_of: needs the label_space of imagenet_val"):
        dataset(tmp_path, STRANGERS.replace('label_space = "imagenet_1k"', ""))


def test_what_outliers_are_compared_with_is_measured_beside_them(tmp_path: Path) -> None:
    selection = selected(tmp_path, PLAIN, datasets=("shapes_empty",))

    assert list(selection.subjects) == [("plain", "shapes_empty")]
    beside = selection.subjects["plain", "shapes_empty"].counterpart
    assert beside is not None
    assert beside.dataset.name == "shapes"
    asked = {claim.property_name for claim in selection.claims if selection.subjects_of(claim)}
    assert asked == {"outliers"}


def test_outliers_of_images_that_are_not_there_are_left_out_with_the_reason(tmp_path: Path) -> None:
    table = strangers(tmp_path)

    words = refusal(tmp_path, HEAD, datasets=(table,))
    (tmp_path / "datasets.toml").write_text((tmp_path / "datasets.toml").read_text().replace("imagenet_val", "imagenet_va"))
    misspelt = refusal(tmp_path, HEAD, datasets=(table,))

    assert "the images of imagenet_val were not found: nowhere: --audit-data DIR was not given" in words
    assert "[strangers]: outliers_of: there is no dataset 'imagenet_va'. Did you mean 'imagenet_val'" in misspelt

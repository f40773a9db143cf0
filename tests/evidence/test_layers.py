"""The layers of the embedded backbones: what is kept of them is what their maps say, once, and little enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from audits.measures.similarity import layer_similarity, linear_cka
from fixtures.errors import BadInput
from fixtures.evidence.layers import LARGEST_BATCH as BATCH
from fixtures.evidence.layers import layers_of, planned
from fixtures.evidence.planning import lines
from fixtures.evidence.stores import Need
from fixtures.views.geometry import clean_geometry
from tests.evidence.layered import ENOUGH
from tests.evidence.subjects import Said, dots, source

LAYERED, NARROW = "tests.evidence.layered:layered", "tests.evidence.layered:narrow"
LAYERS = {"shapes_convnext_sup": 4, "shapes_vit_sup": 6, "shapes_convnext_clip": 4, "shapes_vit_clip": 6}


@pytest.mark.parametrize("name", LAYERS)
def test_products_are_those_of_the_maps_of_each_layer(tmp_path: Path, name: str) -> None:
    made = source(tmp_path, Said(), name, "shapes", limit=150)

    found = layers_of(made, name, "shapes")

    assert found.products.shape[0] == 2
    assert found.products.shape[2:] == (BATCH, BATCH)
    data = made.identity.dataset("shapes")
    shown = data.subset(150)
    rows = shown[np.argsort(data.id_words[shown])][: 2 * BATCH]
    store = made.stores.get(Need(("shapes", "test"), clean_geometry(made.identity.preprocessing(name)), shown))
    images = torch.from_numpy(store.batch(np.searchsorted(store.rows, rows[:BATCH]))).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        maps = made.backbone(name).feature_maps((images - 0.5) / 0.5)
    assert found.products.shape[1] == len(maps)
    for layer, one in enumerate(maps):
        flat = one.flatten(1).double()
        expected = (flat @ flat.T / flat.shape[1]).numpy()
        assert found.products[0, layer] == pytest.approx(expected, rel=1e-3, abs=1e-3 * np.abs(expected).max())


def test_a_second_look_costs_nothing(tmp_path: Path) -> None:
    first = layers_of(source(tmp_path, Said(), "shapes_convnext_sup", "shapes", limit=150), "shapes_convnext_sup", "shapes")
    again = source(tmp_path, Said(), "shapes_convnext_sup", "shapes", limit=150)

    assert np.array_equal(layers_of(again, "shapes_convnext_sup", "shapes").products, first.products)
    assert again.forward_passes == 0


def test_layers_are_like_themselves_and_less_like_others(tmp_path: Path) -> None:
    layers = layers_of(source(tmp_path, Said(), "shapes_vit_sup", "shapes", limit=256), "shapes_vit_sup", "shapes").products

    values = np.array((layer_similarity(layers).detail or {})["grid"]["values"])

    assert np.diag(values) == pytest.approx(1)
    assert values[0, -1] < values[0, 1]
    assert linear_cka(layers[:, 0], layers[:, -1]).value == pytest.approx(values[0, -1], abs=1e-4)


def test_fewer_images_are_compared_in_smaller_batches(tmp_path: Path) -> None:
    found = layers_of(source(tmp_path, Said(), "shapes_convnext_sup", "shapes", limit=50), "shapes_convnext_sup", "shapes")

    assert found.products.shape == (2, 4, 25, 25)
    assert layer_similarity(found.products).n == 50


def test_a_handful_of_images_is_refused_by_number(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="shapes: 7 images are too few to compare layers on; wanted at least 8"):
        layers_of(source(tmp_path, Said(), "shapes_convnext_sup", "shapes", limit=7), "shapes_convnext_sup", "shapes")


def black_then_white(folder: Path, number: int) -> str:
    """A dataset in which the images of one class come after those of the other, as they do in class folders."""
    (folder / "sides").mkdir()
    labels = np.arange(number) // (number // 2)
    np.save(folder / "sides" / "images.npy", np.full((number, 8, 8, 3), 255, dtype=np.uint8) * labels[:, None, None, None].astype(np.uint8))
    np.save(folder / "sides" / "labels.npy", labels)
    (folder / "sides.toml").write_text(
        '[sides]\nlayout = "npy"\nroot = "sides"\nimage = "images.npy"\nlabel = "labels.npy"\nlabel_space = "shapes"\n'
    )
    return str(folder / "sides.toml")


def test_batches_mix_the_classes_of_a_dataset_that_is_sorted_by_class(tmp_path: Path) -> None:
    made = source(tmp_path / "cache", Said(), LAYERED, black_then_white(tmp_path, 8 * BATCH))

    images = layers_of(made, LAYERED, "sides").products[:, 0]

    assert images.shape == (8, BATCH, BATCH)
    assert np.abs(images) == pytest.approx(1)  # black is -1 everywhere, white 1
    like_the_first = (images[:, 0] > 0).mean(axis=1)
    assert ((like_the_first > 0.25) & (like_the_first < 0.75)).all()


def test_too_little_memory_for_a_batch_is_said_and_no_smaller_one_compared(tmp_path: Path) -> None:
    made = source(tmp_path / "cache", Said(), NARROW, dots(tmp_path, 4 * ENOUGH))

    with pytest.raises(BadInput, match=r"narrow dots, layers: memory does not suffice for 32 images at a time"):
        layers_of(made, NARROW, "dots")


def test_a_pass_over_layers_is_planned_until_it_was_made(tmp_path: Path) -> None:
    made = source(tmp_path, Said(), "shapes_convnext_sup", "shapes", limit=50)
    before = planned(made, "shapes_convnext_sup", "shapes")
    layers_of(made, "shapes_convnext_sup", "shapes")
    after = planned(made, "shapes_convnext_sup", "shapes")

    assert before is not None
    assert after is not None
    assert (before.images, before.cached, after.cached) == (50, False, True)
    assert "to compare layers: 50 images (to do)" in "\n".join(lines([before], made))
    assert "to compare layers: 50 images (cached)" in "\n".join(lines([after], made))
    assert made.forward_images == before.images


def test_no_pass_is_planned_for_too_few_images(tmp_path: Path) -> None:
    assert planned(source(tmp_path, Said(), "shapes_convnext_sup", "shapes", limit=7), "shapes_convnext_sup", "shapes") is None

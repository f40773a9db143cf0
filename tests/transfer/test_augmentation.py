"""Training images varied: windows against torch's own sampling, drawn alike wherever and whenever they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from torch.nn import functional

from fixtures.transfer.augmentation import augmented, crops
from fixtures.transfer.recipe import Augmentation
from fixtures.views.photometric import saturation
from fixtures.views.spatial import windows

OFF = Augmentation(smallest_crop=1.0, flip=0.0, colour=0.0)


def batch(number: int = 8, height: int = 20, width: int = 24) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(-(2**31), 2**31 - 1, (number,), generator=draw).to(torch.int32)
    return torch.rand(number, 3, height, width, generator=draw), ids


def test_an_image_is_varied_alike_in_any_batch_and_otherwise_in_another_epoch() -> None:
    images, ids = batch()
    together = augmented(images, ids, Augmentation(), "seed 0, epoch 1")
    apart = torch.cat([augmented(images[row : row + 1], ids[row : row + 1], Augmentation(), "seed 0, epoch 1") for row in range(8)])

    assert together.allclose(apart, atol=1e-6)
    assert not together.allclose(augmented(images, ids, Augmentation(), "seed 0, epoch 2"), atol=0.1)


def test_the_process_s_chance_is_neither_asked_nor_changed() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    augmented(*batch(), Augmentation(), "epoch 1")

    assert torch.rand(1).equal(expected)


def test_images_stay_images() -> None:
    images, ids = batch(64)
    varied = augmented(images, ids, Augmentation(smallest_crop=0.1, colour=0.9), "epoch 1")

    assert varied.shape == images.shape
    assert 0 <= varied.min() <= varied.max() <= 1


def test_each_change_can_be_left_out() -> None:
    images, ids = batch()

    assert augmented(images, ids, OFF, "epoch 1").equal(images)
    mirrored = augmented(images, ids, Augmentation(smallest_crop=1.0, flip=1.0, colour=0.0), "epoch 1")
    assert mirrored.allclose(images.flip(3), atol=1e-5)
    shares = augmented(images, ids, Augmentation(smallest_crop=1.0, flip=0.5, colour=0.0), "epoch 1")
    assert {bool(one.allclose(other, atol=1e-5)) for one, other in zip(shares, images, strict=True)} == {True, False}


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.floats(0.05, 1.0), st.floats(1.0, 3.0))
def test_a_crop_lies_in_its_image_and_is_large_enough(smallest: float, stretch: float) -> None:
    ids = torch.arange(500, dtype=torch.int32)
    left, top, width, height = crops(ids, Augmentation(smallest_crop=smallest, stretch=stretch), "epoch 1")
    cut_off = (width == 1) | (height == 1)

    assert min(left.min(), top.min()) >= 0
    assert max((left + width).max(), (top + height).max()) <= 1 + 1e-6
    assert ((width * height >= smallest - 1e-5) | cut_off).all()
    assert (torch.maximum(width / height, height / width) <= stretch * 1.0001).all()


def test_areas_and_places_are_spread_evenly() -> None:
    left, _, width, height = crops(torch.arange(4000, dtype=torch.int32), Augmentation(smallest_crop=0.2, stretch=1.0), "epoch 1")

    assert np.quantile((width * height).numpy(), [0.25, 0.5, 0.75]) == pytest.approx([0.4, 0.6, 0.8], abs=0.03)
    assert np.quantile((left / (1 - width)).numpy(), [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.03)


def test_a_window_is_what_torch_samples_there() -> None:
    images, _ = batch(5)
    draw = torch.Generator().manual_seed(2)
    width, height = (0.3 + 0.7 * torch.rand(5, generator=draw) for _ in range(2))
    left, top = (1 - width) * torch.rand(5, generator=draw), (1 - height) * torch.rand(5, generator=draw)
    mirrored = torch.tensor([True, False, True, False, False])
    sign = torch.where(mirrored, -1.0, 1.0)
    nothing = torch.zeros(5)
    matrix = torch.stack(
        [torch.stack([width * sign, nothing, 2 * left + width - 1], 1), torch.stack([nothing, height, 2 * top + height - 1], 1)], 1
    )
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    wanted = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)

    assert windows(images, left, top, width, height, mirrored).allclose(wanted, atol=1e-5)


@pytest.mark.parametrize("factor", [0.0, 0.6, 1.0, 1.5])
def test_saturation_is_pil_s(factor: float) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    wanted = np.asarray(ImageEnhance.Color(Image.fromarray(pixels)).enhance(factor)).astype(np.float64)
    found = saturation(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255, torch.tensor([factor]))[0].permute(1, 2, 0).numpy() * 255

    assert np.abs(found - wanted).max() <= 1.5  # PIL rounds the grey, and the sum again


@pytest.mark.parametrize("wrong", [{"smallest_crop": 0.0}, {"stretch": 0.5}, {"flip": 1.5}, {"colour": 1.0}])
def test_an_augmentation_that_cannot_be_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: got .*, wanted"):
        Augmentation(**wrong)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_varies_images_alike() -> None:
    images, ids = batch()
    there = augmented(images.cuda(), ids.cuda(), Augmentation(), "epoch 1").cpu()

    assert there.allclose(augmented(images, ids, Augmentation(), "epoch 1"), atol=1e-4)

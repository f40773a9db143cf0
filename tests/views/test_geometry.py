"""Cut images equal those of the libraries whose published accuracy is to be reproduced, bit for bit."""

from __future__ import annotations

import numpy as np
import PIL
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from open_clip.transform import image_transform
from PIL import Image
from timm.data import create_transform
from torchvision import transforms
from torchvision.transforms.functional import pil_to_tensor

from fixtures.errors import UserError
from fixtures.views.geometry import (
    ResizedCrop,
    ShiftedWindow,
    clean_geometry,
    resolution_geometry,
    scaled_geometry,
    shifted_geometry,
)
from tests.views import made_photo, preprocessing, real_photos

SIZES = [(299, 299), (301, 211), (211, 301), (640, 427), (97, 31), (31, 97), (64, 64), (225, 224), (500, 375), (1000, 9)]
TIMM_MODES = {"shortest": "center", "squash": "squash"}


def timm_cut(image: Image.Image, input_size: int, crop_pct: float, interpolation: str, resize_mode: str) -> np.ndarray:
    transform = create_transform(
        (3, input_size, input_size),
        is_training=False,
        crop_pct=crop_pct,
        crop_mode=TIMM_MODES[resize_mode],
        interpolation=interpolation,
        normalize=False,
    )
    assert isinstance(transform, transforms.Compose)
    return transform(image).permute(1, 2, 0).numpy()


def open_clip_cut(image: Image.Image, input_size: int, interpolation: str, resize_mode: str) -> np.ndarray:
    transform = image_transform(input_size, is_train=False, interpolation=interpolation, resize_mode=resize_mode)
    until_uint8 = [step for step in transform.transforms if not isinstance(step, transforms.ToTensor | transforms.Normalize)]
    return pil_to_tensor(transforms.Compose(until_uint8)(image)).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("resize_mode", ["shortest", "squash"])
@pytest.mark.parametrize(
    ("input_size", "crop_pct", "interpolation"), [(224, 0.875, "bicubic"), (224, 0.9, "bilinear"), (64, 1.0, "bicubic")]
)
def test_clean_geometry_is_timms_own(size, resize_mode, input_size, crop_pct, interpolation):
    ours = clean_geometry(preprocessing(input_size, crop_pct, interpolation, resize_mode)).cut(made_photo(*size))
    np.testing.assert_array_equal(ours, timm_cut(made_photo(*size), input_size, crop_pct, interpolation, resize_mode))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("resize_mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_clean_geometry_is_open_clips_own(size, resize_mode, interpolation):
    ours = clean_geometry(preprocessing(224, 1.0, interpolation, resize_mode)).cut(made_photo(*size))
    np.testing.assert_array_equal(ours, open_clip_cut(made_photo(*size), 224, interpolation, resize_mode))


def test_clean_geometry_of_real_photographs_is_both_libraries_own():
    for photo in real_photos(24):
        np.testing.assert_array_equal(clean_geometry(preprocessing()).cut(photo), timm_cut(photo, 224, 0.875, "bicubic", "shortest"))
        for resize_mode in ("shortest", "squash", "longest"):
            ours = clean_geometry(preprocessing(crop_pct=1.0, resize_mode=resize_mode)).cut(photo)
            np.testing.assert_array_equal(ours, open_clip_cut(photo, 224, "bicubic", resize_mode))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from([33, 64, 224]), st.sampled_from([0.875, 0.9, 0.95, 1.0]))
def test_clean_geometry_is_timms_own_for_any_size(width, height, input_size, crop_pct):
    assume(max(width, height) <= 40 * min(width, height))  # else resized images take gigabytes
    photo = made_photo(width, height)
    ours = clean_geometry(preprocessing(input_size, crop_pct)).cut(photo)
    np.testing.assert_array_equal(ours, timm_cut(photo, input_size, crop_pct, "bicubic", "shortest"))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 400), st.integers(1, 400))
def test_padded_geometry_is_open_clips_own_for_any_size(width, height):
    assume(max(width, height) <= 100 * min(width, height))  # else open_clip asks PIL for an image of no height
    photo = made_photo(width, height)
    ours = clean_geometry(preprocessing(224, 1.0, resize_mode="longest")).cut(photo)
    np.testing.assert_array_equal(ours, open_clip_cut(photo, 224, "bicubic", "longest"))


def test_scale_one_is_the_clean_geometry_itself():
    for options in ({}, {"input_size": 64, "crop_pct": 1.0}, {"resize_mode": "squash"}, {"resize_mode": "longest", "crop_pct": 0.9}):
        assert scaled_geometry(1, preprocessing(**options)) == clean_geometry(preprocessing(**options))


def test_scale_resizes_the_short_side_and_keeps_the_centre():
    photo = made_photo(400, 300)
    enlarged = photo.resize((512 * 400 // 300, 512), Image.Resampling.BICUBIC)
    expected = transforms.functional.center_crop(enlarged, [224, 224])
    np.testing.assert_array_equal(scaled_geometry(2, preprocessing()).cut(photo), np.asarray(expected))


def test_unmoved_window_is_the_centre_of_the_original_resized():
    photo = made_photo(400, 300)
    side = round(300 * 0.875)
    expected = transforms.functional.center_crop(photo, [side, side]).resize((224, 224), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(shifted_geometry(0, preprocessing()).cut(photo), np.asarray(expected))


@pytest.mark.parametrize(("size", "long_axis"), [((400, 300), 1), ((300, 400), 0), ((300, 300), 1)], ids=str)
@pytest.mark.parametrize("shift", [5, -5, 30, 100])
def test_window_moves_along_the_long_side_and_is_zero_outside(size, long_axis, shift):
    photo = made_photo(*size)
    moved = np.roll(np.pad(np.asarray(photo), ((200, 200), (200, 200), (0, 0))), -shift, axis=long_axis)
    side = round(300 * 0.875)
    expected = transforms.functional.center_crop(Image.fromarray(moved), [side, side]).resize((224, 224), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(shifted_geometry(shift, preprocessing()).cut(photo), np.asarray(expected))


@settings(deadline=None, max_examples=40)
@given(st.integers(-60, 60), st.integers(40, 120), st.integers(40, 120))
def test_moving_the_window_is_moving_the_picture_the_other_way(shift, width, height):
    photo = made_photo(width, height)
    side = min(width, height)
    assume((max(width, height) - side) % 2 == 0)  # else the centre lies between pixels and mirror images differ by one
    wide = width >= height
    moved = Image.new("RGB", (width + 400, height + 400))
    moved.paste(photo, (200 - (shift if wide else 0), 200 - (0 if wide else shift)))
    there = ShiftedWindow(1.0, shift, 50, "bicubic").cut(photo)
    here = transforms.functional.center_crop(moved, [side, side]).resize((50, 50), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(there, np.asarray(here))
    mirrored = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT if wide else Image.Transpose.FLIP_TOP_BOTTOM)
    back = ShiftedWindow(1.0, -shift, 50, "bicubic").cut(mirrored)
    assert np.abs(np.flip(back, axis=1 if wide else 0).astype(int) - there).max() <= 1


def test_shift_scales_with_the_input_size():
    assert [shifted_geometry(shift, preprocessing(64, 1.0)).shift_px for shift in (0, 5, 30, 75, 100, -30)] == [0, 1, 9, 21, 29, -9]
    assert [shifted_geometry(shift, preprocessing(448)).shift_px for shift in (5, 100)] == [10, 200]


def test_window_of_distorting_and_padding_backbones_is_what_they_see_of_the_image():
    photo = made_photo(400, 300)
    squashed = shifted_geometry(0, preprocessing(crop_pct=1.0, resize_mode="squash")).cut(photo)
    np.testing.assert_array_equal(squashed, clean_geometry(preprocessing(crop_pct=1.0, resize_mode="squash")).cut(photo))
    padded = shifted_geometry(0, preprocessing(crop_pct=1.0, resize_mode="longest")).cut(photo)
    assert (padded[:20] == 0).all()
    assert (padded[-20:] == 0).all()
    assert (padded[100] != 0).any()


@pytest.mark.parametrize("size_at_224", [56, 84, 112, 224, 336, 512, 640])
def test_resolution_is_the_papers_resize_and_crop(size_at_224):
    photo = made_photo(400, 300)
    expected = timm_cut(photo, size_at_224, 224 / 256, "bicubic", "shortest")
    geometry = resolution_geometry(size_at_224, preprocessing(crop_pct=1.0), 1)
    assert geometry.resize_px == round(size_at_224 * 256 / 224)
    np.testing.assert_array_equal(geometry.cut(photo), expected)


@given(st.integers(14, 4096), st.sampled_from([64, 224, 336, 384]), st.sampled_from([1, 8, 14, 16, 32]))
def test_resolution_is_the_nearest_size_that_the_backbone_takes(size_at_224, input_size, size_multiple):
    size = resolution_geometry(size_at_224, preprocessing(input_size), size_multiple).crop_px
    wished = size_at_224 * input_size / 224
    assert size % size_multiple == 0
    assert size >= size_multiple
    assert abs(size - wished) <= size_multiple / 2 or size == size_multiple


def test_digest_tells_geometries_apart():
    geometries = [
        clean_geometry(preprocessing()),
        clean_geometry(preprocessing(interpolation="bilinear")),
        clean_geometry(preprocessing(resize_mode="squash")),
        clean_geometry(preprocessing(crop_pct=0.9)),
        scaled_geometry(2, preprocessing()),
        *(shifted_geometry(shift, preprocessing()) for shift in (0, 5, -5)),
        resolution_geometry(112, preprocessing(), 1),
    ]
    assert len({geometry.digest() for geometry in geometries}) == len(geometries)
    assert clean_geometry(preprocessing()).digest() == ResizedCrop(256, 224, "bicubic", "shortest").digest()


def test_another_release_of_pillow_makes_other_pixels(monkeypatch):
    before = clean_geometry(preprocessing()).digest()
    monkeypatch.setattr(PIL, "__version__", "9999.0")

    assert clean_geometry(preprocessing()).digest() != before


def test_unknown_interpolation_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match=r"'bicubik' is none of .*Did you mean 'bicubic'\?"):
        clean_geometry(preprocessing(interpolation="bicubik"))


def test_cut_images_are_uint8_for_other_modes_too():
    grey = made_photo(300, 200).convert("L")
    cut = clean_geometry(preprocessing()).cut(grey)
    assert cut.dtype == np.uint8
    np.testing.assert_array_equal(cut, clean_geometry(preprocessing()).cut(grey.convert("RGB")))
    assert torch.from_numpy(cut.copy()).shape == (224, 224, 3)

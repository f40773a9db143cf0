"""What is done on the device, against PIL, torchvision and scipy. One level is 1/255."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.ndimage
import torch
import torchvision.transforms.v2.functional as reference
from PIL import Image, ImageEnhance
from torchvision.transforms import InterpolationMode

from fixtures.views.geometry import clean_geometry
from fixtures.views.view import parse, resolve
from tests.views import made_photo, preprocessing, real_photos

LEVEL = 1 / 255


def view_of(images: torch.Tensor, name: str) -> torch.Tensor:
    return resolve(parse(name), preprocessing()).apply(images, np.arange(len(images)))


def as_batch(photos: list[Image.Image]) -> torch.Tensor:
    cut = np.stack([clean_geometry(preprocessing()).cut(photo) for photo in photos])
    return torch.from_numpy(cut).permute(0, 3, 1, 2).contiguous().float() / 255


@pytest.fixture(scope="module", params=["synthetic", "real"])
def images(request) -> torch.Tensor:
    """224 px crops, float32 in [0, 1]."""
    return as_batch([made_photo(300, 260, seed) for seed in range(3)] if request.param == "synthetic" else real_photos(6))


def test_flips_are_torchvisions(images):
    assert torch.equal(view_of(images, "flip=horizontal"), reference.horizontal_flip(images))
    assert torch.equal(view_of(images, "flip=vertical"), reference.vertical_flip(images))


@pytest.mark.parametrize("degrees", [10, -10, 37.5, 90, -135, 180])
def test_rotation_is_scipys_with_mirrored_corners(images, degrees):
    expected = scipy.ndimage.rotate(images.double().numpy(), degrees, axes=(3, 2), reshape=False, order=1, mode="mirror")
    assert np.abs(view_of(images, f"rotation={degrees}").numpy() - expected).max() <= 0.01 * LEVEL


@pytest.mark.parametrize("degrees", [10, -20, 37.5, 90])
def test_rotation_turns_counter_clockwise_about_the_centre_like_torchvision(images, degrees):
    expected = reference.rotate(images, degrees, interpolation=InterpolationMode.BILINEAR)
    down, across = np.mgrid[:224, :224] - 111.5
    never_uncovered = torch.from_numpy(down**2 + across**2 < 110**2)
    assert ((view_of(images, f"rotation={degrees}") - expected).abs() * never_uncovered).max() <= 0.01 * LEVEL


def test_rotation_after_a_pass_without_gradients_still_has_them():
    with torch.inference_mode():
        view_of(torch.ones(2, 3, 36, 36), "rotation=17")
    images = torch.rand(2, 3, 36, 36, requires_grad=True)
    view_of(images, "rotation=17").sum().backward()

    assert images.grad is not None
    assert images.grad.sum() == pytest.approx(2 * 3 * 36 * 36, rel=1e-4)


def test_rotation_leaves_no_black_corner():
    assert (view_of(torch.ones(1, 3, 224, 224), "rotation=45") > 0.999).all()


@pytest.mark.parametrize("factor", [0, 0.5, 0.7, 1.3, 2])
def test_brightness_is_torchvisions_and_pils(images, factor):
    ours = view_of(images, f"brightness={factor}")
    assert (ours - reference.adjust_brightness(images, factor)).abs().max() <= 1e-6
    assert _largest_distance_to_pil(images, ours, ImageEnhance.Brightness, factor) <= 1.01 * LEVEL  # PIL drops fractions of a level


@pytest.mark.parametrize("factor", [0, 0.5, 0.7, 1.3, 2])
def test_contrast_is_torchvisions_and_pils(images, factor):
    ours = view_of(images, f"contrast={factor}")
    assert (ours - reference.adjust_contrast(images, factor)).abs().max() <= 0.05 * LEVEL  # its weights of red, green, blue have 4 digits
    # PIL rounds each pixel's grey and their mean to whole levels before it blends, and drops fractions after
    assert _largest_distance_to_pil(images, ours, ImageEnhance.Contrast, factor) <= (1.01 + abs(1 - factor)) * LEVEL


@pytest.mark.parametrize("turns", [-0.5, -0.35, -0.05, 0.02, 0.1, 0.5])
def test_hue_is_torchvisions(images, turns):
    assert (view_of(images, f"hue={turns}") - reference.adjust_hue(images, turns)).abs().max() <= 0.001 * LEVEL


def test_hue_turns_red_into_green_after_a_third():
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 224, 224)
    third = view_of(red, f"hue={1 / 3}")
    assert torch.allclose(third[0, :, 0, 0], torch.tensor([0.0, 1.0, 0.0]), atol=1e-5)


@pytest.mark.parametrize("sigma", [0.5, 1, 2, 3.3])
def test_blur_is_scipys(images, sigma):
    radius = math.ceil(4 * sigma)
    filtered = scipy.ndimage.gaussian_filter(images.double().numpy(), sigma, mode="nearest", radius=radius, axes=(2, 3))
    assert np.abs(view_of(images, f"blur={sigma}").numpy() - filtered).max() <= 1e-4 * LEVEL


def test_blur_grows_with_the_input_size():
    small = made_photo(64, 64)
    pixels = torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)[None].float() / 255
    ours = resolve(parse("blur=7"), preprocessing(64, 1.0)).apply(pixels, None)
    expected = scipy.ndimage.gaussian_filter(pixels.double().numpy(), 2, mode="nearest", radius=8, axes=(2, 3))
    assert np.abs(ours.numpy() - expected).max() <= 1e-4 * LEVEL


def _largest_distance_to_pil(images: torch.Tensor, ours: torch.Tensor, enhancer, factor: float) -> float:
    pixels = (images.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy()
    enhanced = np.stack([np.asarray(enhancer(Image.fromarray(image)).enhance(factor)) for image in pixels])
    return float((ours - torch.from_numpy(enhanced).permute(0, 3, 1, 2).float() / 255).abs().max())

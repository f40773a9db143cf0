"""Laws of every corruption: chance belongs to the image and not to the batch, and what comes out is an image."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn.functional import interpolate

from fixtures.views.chance import choice, normal, uniform
from fixtures.views.corruptions import CORRUPTIONS, SEVERITIES, blur
from fixtures.views.corruptions.digital import jpeg_round_trip
from tests.views import made_photo
from tests.views.published import DETERMINISTIC, RANDOM, as_images, ids_of

NUMBER = 5
NAMES = sorted(CORRUPTIONS)
TURNING_BACK = {"glass_blur", "snow", "saturate"}  # some published severities are milder than the one below; the strongest is strongest


def photos(side: int, number: int = NUMBER) -> torch.Tensor:
    return as_images(np.stack([np.asarray(made_photo(side, side, seed)) for seed in range(number)]))


def scenes(side: int, number: int) -> torch.Tensor:
    """Pictures with detail of every size, the finer the fainter, in muted colours, as photographs are."""
    generator, total = torch.Generator().manual_seed(0), torch.zeros(number, 3, 224, 224)
    for octave, cells in enumerate((4, 8, 16, 32, 64, 128)):
        grey = torch.rand(number, 1, cells, cells, generator=generator) - 0.5
        colour = torch.rand(number, 3, cells, cells, generator=generator) - 0.5
        total += interpolate(grey + 0.3 * colour, (224, 224), mode="bicubic") * 0.5 * 0.7**octave
    return interpolate((total + 0.45).clamp_(0, 1), (side, side), mode="area")


def corrupted(name: str, images: torch.Tensor, ids: torch.Tensor, severity: int) -> torch.Tensor:
    with torch.inference_mode():
        return CORRUPTIONS[name].function(images, ids, severity)


@pytest.mark.parametrize("name", NAMES)
@given(st.lists(st.integers(0, NUMBER - 1), min_size=1, max_size=6), st.sampled_from(SEVERITIES))
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_an_image_is_corrupted_in_the_same_way_in_any_batch(name, order, severity):
    images, ids = photos(48), ids_of(NUMBER)
    together = corrupted(name, images, ids, severity)

    assert torch.allclose(corrupted(name, images[order], ids[order], severity), together[order], rtol=0, atol=2e-6)


@pytest.mark.parametrize("side", [48, 64, 100, 256])
@pytest.mark.parametrize("name", NAMES)
def test_an_image_stays_an_image_at_any_size(name, side):
    images = photos(side, 2)
    before = images.clone()
    changed = corrupted(name, images, ids_of(2), 5)

    assert changed.shape == images.shape
    assert changed.dtype == torch.float32
    assert changed.isfinite().all()
    assert torch.equal(images, before), "the corruption changed its input"


@pytest.mark.parametrize(
    "name", ["defocus_blur", "glass_blur", "motion_blur", "snow", "fog", "frost", "spatter", "elastic_transform", "pixelate"]
)
def test_images_need_not_be_square(name):
    images = photos(96, 2)[:, :, :64]

    assert corrupted(name, images, ids_of(2), 3).shape == images.shape


@pytest.mark.parametrize("side", [64, 224])
@pytest.mark.parametrize("name", NAMES)
def test_a_higher_severity_is_further_from_the_image(name, side):
    images, ids = scenes(side, 24), ids_of(24)
    distance = [float((corrupted(name, images, ids, severity).clamp(0, 1) - images).abs().mean()) for severity in SEVERITIES]

    if name == "frost":  # more ice and less picture: it is the picture that fades
        distance = [1 - share_left(images, corrupted(name, images, ids, severity)) for severity in SEVERITIES]
    assert distance[-1] == max(distance) > 1.2 * distance[0] > 0
    rises = [higher > 0.9 * lower for lower, higher in pairwise(distance)]  # coarse pixels that meet the fine ones look milder
    assert name in TURNING_BACK or all(rises), distance


def share_left(images: torch.Tensor, changed: torch.Tensor) -> float:
    """How much of the picture is in what is seen: the slope of a regression."""
    centred = images - images.mean((1, 2, 3), keepdim=True)
    return float((centred * changed).sum() / centred.square().sum())


@pytest.mark.parametrize("name", RANDOM)
def test_images_do_not_share_their_chance(name):
    grey = interpolate(torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)), (64, 64)).expand(32, -1, -1, -1)
    changed = corrupted(name, grey.contiguous(), ids_of(32), 3)

    assert len({image.numpy().tobytes() for image in changed}) >= 22  # 32 draws from a pool of 64 layers are 25 different ones


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_where_there_is_no_chance_ids_do_not_matter(name):
    images = photos(64)

    assert torch.equal(corrupted(name, images, ids_of(NUMBER), 4), corrupted(name, images, ids_of(NUMBER, first=1), 4))


@pytest.mark.parametrize("name", RANDOM)
def test_global_random_state_is_neither_used_nor_changed(name):
    images, ids = photos(48, 2), ids_of(2)
    torch.manual_seed(1)
    first, state = corrupted(name, images, ids, 2), torch.get_rng_state()
    torch.manual_seed(2)

    assert torch.equal(corrupted(name, images, ids, 2), first)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", ["defocus_blur", "gaussian_blur", "glass_blur", "snow", "frost", "fog", "pixelate"])
def test_what_a_pass_without_gradients_left_behind_serves_one_with_gradients(name):
    corrupted(name, photos(50, 1), ids_of(1), 3)
    images = photos(50, 1).requires_grad_()
    CORRUPTIONS[name].function(images, ids_of(1), 3).sum().backward()

    assert images.grad is not None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("side", [64, 224])
@pytest.mark.parametrize("name", NAMES)
def test_a_gpu_corrupts_as_a_cpu_does(name, side):
    from fixtures.precision import ieee_float32

    images, ids = photos(side), ids_of(NUMBER)
    with ieee_float32():
        for severity in SEVERITIES:
            on_gpu = corrupted(name, images.cuda(), ids.cuda(), severity).cpu()
            # places in float32 are exact to 1e-5 px at 224 px, and neighbours may be black and white
            bound = 5e-5 if name in ("elastic_transform", "zoom_blur") else 1e-5
            assert (on_gpu - corrupted(name, images, ids, severity)).abs().max() <= bound


def test_lengths_grow_with_the_input_size():
    small, large = ((blur._disk(10, 0.5, side / 224, torch.device("cpu"))[0].numpy()) for side in (112, 224))

    assert small.sum() == pytest.approx(large.sum(), abs=1e-5)
    assert spread(small) == pytest.approx(spread(large) / 2, rel=0.03)


@pytest.mark.parametrize("sigma", [0.286, 0.45, 0.5, 0.8])
def test_a_narrow_gaussian_keeps_its_spread(sigma):
    point = torch.zeros(1, 1, 33, 33)
    point[..., 16, 16] = 1

    assert spread(blur.smoothed(point, sigma)[0, 0].numpy()) == pytest.approx(sigma, rel=0.08)


def spread(kernel: np.ndarray) -> float:
    """Standard deviation along one axis, px."""
    place = np.arange(len(kernel)) - len(kernel) // 2
    return float(np.sqrt((kernel.sum(0) * place**2).sum()))


def test_a_jpeg_round_trip_is_pils():
    import io

    from PIL import Image

    photo, file = made_photo(64, 64), io.BytesIO()
    photo.save(file, "JPEG", quality=85)

    assert np.array_equal(
        (jpeg_round_trip(as_images(np.asarray(photo)[None])) * 255).round().numpy()[0].transpose(1, 2, 0), Image.open(file)
    )


def test_chance_is_uniform_normal_and_independent_between_images():
    ids = ids_of(50)
    flat, bell = uniform(ids, 20000, "a").double(), normal(ids, 20000, "a").double()

    assert 0 < flat.min() < flat.max() < 1
    assert float(flat.mean()) == pytest.approx(0.5, abs=0.002)
    assert float(flat.var()) == pytest.approx(1 / 12, abs=0.001)
    assert float(bell.mean()) == pytest.approx(0, abs=0.005)
    assert [float((bell**power).mean()) for power in (2, 4)] == pytest.approx([1, 3], rel=0.02)
    for numbers in (flat, uniform(ids + 1, 20000, "a").double(), uniform(torch.arange(50), 20000, "b").double()):
        between = np.corrcoef(numbers.numpy())
        assert np.abs(between - np.eye(50)).max() < 5 / np.sqrt(20000)
        along = (numbers[:, 1:] - 0.5) * (numbers[:, :-1] - 0.5)
        assert abs(float(along.mean()) * 12) < 0.005
    assert sorted({*choice(torch.arange(2000), 7, "c").tolist()}) == list(range(7))


def test_the_table_of_corruptions_is_read_without_torch():
    told = subprocess.run(
        [sys.executable, "-c", "import fixtures.views.corruptions, sys; print('torch' in sys.modules, 'scipy' in sys.modules)"],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert told.stdout.split() == ["False", "False"]


def test_fifteen_corruptions_are_common_and_four_extra():
    assert [name for name, each in CORRUPTIONS.items() if each.extra] == ["speckle_noise", "gaussian_blur", "spatter", "saturate"]
    assert len(CORRUPTIONS) == 19
    assert all(each.function.__name__ == name and each.says for name, each in CORRUPTIONS.items())


def test_chance_is_the_documented_hash_and_stays_so():
    def mixed(word: int) -> int:
        word = (word ^ word >> 16) * 0x7FEB352D & 0xFFFFFFFF
        word = (word ^ word >> 15) * 0x846CA68B & 0xFFFFFFFF
        return word ^ word >> 16

    ids = torch.tensor([0, 1, -5, 2**31 - 1], dtype=torch.int32)
    drawn, salt = uniform(ids, 300, "a"), int.from_bytes(hashlib.sha256(b"a").digest()[:4], "little")
    expected = [[mixed(mixed((int(word) & 0xFFFFFFFF) ^ salt) ^ mixed(place)) >> 9 for place in range(300)] for word in ids]

    assert torch.equal(drawn.double(), (torch.tensor(expected).double() + 0.5) * 2.0**-23)
    assert ids.tolist() == [0, 1, -5, 2**31 - 1]

"""Each sabotage breaks what it is named for, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from fixtures.backbones import catalog, loading
from fixtures.backbones.backbone import Backbone
from fixtures.backbones.routes import Scorer
from fixtures.sabotage import changes
from tests.backbones import small

NAME = "tests.command_line.subjects:tiny"
MEAN = STD = 0.5


@pytest.fixture
def backbone() -> Backbone:
    return loading.load(catalog.resolve(NAME))


def echo(backbone: Backbone) -> Scorer:
    """Answers with what it is shown, so that a test can see it."""
    del backbone
    return Scorer(lambda images: images, "echo", both=lambda images: (images, images))


def native(backbone: Backbone) -> Scorer:
    return Scorer(backbone.logits, "native head", both=lambda images: (backbone.logits(images), images.flatten(1)))


def pictures(number: int = 3, side: int = 32) -> Tensor:
    """Pixels from 0 to 1."""
    return torch.rand(number, 3, side, side, generator=torch.Generator().manual_seed(0))


def normalised(pixels: Tensor) -> Tensor:
    return (pixels - MEAN) / STD


def seen(name: str, backbone: Backbone, pixels: Tensor, amount: float = 1.0) -> Tensor:
    """The pixels that a backbone is shown in place of some."""
    return changes.SERVED[name](backbone, echo, amount)(normalised(pixels)) * STD + MEAN


def test_red_and_blue_change_places(backbone: Backbone) -> None:
    assert torch.allclose(seen("swapped_channels", backbone, pictures()), pictures()[:, [2, 1, 0]], atol=1e-6)


def test_channels_change_places_before_they_are_normalised(tmp_path: Path) -> None:
    """Mean and spread of each channel stay where the channel was."""
    file = tmp_path / "mine.toml"
    file.write_text(
        f'[mine]\nlibrary = "factory"\nmodel = "{NAME}"\nlabel_space = "shapes"\nmean = [0.1, 0.2, 0.3]\nstd = [0.2, 0.3, 0.4]\n'
    )
    uneven = loading.load(catalog.resolve(str(file)))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (uneven.preprocessing.mean, uneven.preprocessing.std))

    shown = changes.swapped_channels(uneven, echo, 1.0)((pictures() - mean) / std)

    assert torch.allclose(shown, (pictures().flip(1) - mean) / std, atol=1e-5)


def test_pixels_are_taken_for_larger_ones(backbone: Backbone) -> None:
    assert torch.allclose(seen("wrong_normalisation", backbone, pictures(), 255), 255 * pictures(), rtol=1e-5)


def test_one_answer_whatever_is_shown(backbone: Backbone) -> None:
    scores = changes.frozen_output(backbone, native, 1.0)(normalised(pictures()))

    assert torch.equal(scores, scores[:1].expand(3, -1))
    assert torch.allclose(scores[:1], backbone.logits(torch.zeros(1, 3, 32, 32)))


@pytest.mark.parametrize("side", [32, 33])
def test_patches_change_places_and_keep_their_pixels(side: int) -> None:
    moved = changes.in_other_places(pictures(side=side), 4)

    def patches(images: Tensor) -> set[bytes]:
        cut = images[..., :32, :32].unfold(2, 8, 8).unfold(3, 8, 8)
        return {cut[:, :, row, column].contiguous().numpy().tobytes() for row in range(4) for column in range(4)}

    assert patches(moved) == patches(pictures(side=side))
    assert not torch.equal(moved, pictures(side=side))
    assert torch.equal(moved[..., 32:, :], pictures(side=side)[..., 32:, :])


def test_images_change_alike_in_any_company() -> None:
    assert torch.equal(changes.in_other_places(pictures(), 4)[1:2], changes.in_other_places(pictures()[1:2], 4))


def test_an_image_cannot_be_cut_finer_than_its_pixels() -> None:
    with pytest.raises(ValueError, match="64 patches along a side"):
        changes.in_other_places(pictures(), 64)


def test_scores_are_divided_and_features_are_not(backbone: Backbone) -> None:
    images = normalised(pictures())
    scorer = changes.wrong_temperature(backbone, native, 5.0)
    scores, features = scorer.both(images)  # type: ignore[misc]

    assert torch.allclose(scorer(images), backbone.logits(images) / 5)
    assert torch.allclose(scores, backbone.logits(images) / 5)
    assert torch.equal(features, images.flatten(1))


def test_noise_is_the_same_every_time_and_leaves_the_backbone_alone(backbone: Backbone) -> None:
    images, before = normalised(pictures()), {name: value.clone() for name, value in backbone.module.state_dict().items()}
    first, second = (changes.noisy_weights(backbone, native, 1.0)(images) for _ in range(2))

    assert torch.equal(first, second)
    assert not torch.allclose(first, backbone.logits(images))
    assert all(torch.equal(value, before[name]) for name, value in backbone.module.state_dict().items())


def test_noise_is_as_large_as_it_says() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(300, 300), torch.nn.Linear(300, 300))
    before = [parameter.clone() for parameter in module.parameters()]
    changes.with_noise(module, 0.5)
    added = [after - first for after, first in zip(module.parameters(), before, strict=True)]

    for noise, first in zip(added, before, strict=True):
        assert noise.std().item() == pytest.approx(0.5 * first.std().item(), rel=0.15)
    assert not torch.allclose(added[0], added[2])


def test_noise_reaches_a_tower_that_was_resized_before(tmp_path: Path) -> None:
    """A two-tower network keeps a copy of its image tower for another input size; that copy has the weights of before."""
    towers = loading.load(small.resolve_table(tmp_path, small.two_tower(tmp_path)[1]))
    images = small.images(2, 48)
    sound = towers.features(images)

    noisy = changes.noisy_weights(towers, lambda served: Scorer(served.features, ""), 1.0)

    assert not torch.allclose(noisy(images), sound, atol=1e-4)
    assert torch.equal(towers.features(images), sound)


def test_labels_change_owners() -> None:
    labels, ids = np.arange(600) % 12, [f"image {index}" for index in range(600)]
    shuffled = changes.shuffled_labels(labels, ids)

    assert sorted(shuffled) == sorted(labels)
    assert 0.03 < (shuffled == labels).mean() < 0.15
    assert np.array_equal(shuffled, changes.shuffled_labels(labels, ids))


def test_all_labels_of_images_of_many_classes_are_wrong() -> None:
    assert not (changes.shuffled_labels(np.arange(50), [str(index) for index in range(50)]) == np.arange(50)).any()

"""The trunks are timm's own, reachable by name from timm and from open_clip."""

import pytest
import timm
import torch
from timm.models.convnext import ConvNeXt
from timm.models.vision_transformer import VisionTransformer

from fixtures.shapes import subjects

TRUNKS = {"shapes_vit": VisionTransformer, "shapes_convnext": ConvNeXt}


@pytest.mark.parametrize("name", TRUNKS)
def test_timm_makes_the_trunk_by_name(name: str) -> None:
    model = timm.create_model(name, num_classes=12).eval()
    settings = timm.data.resolve_data_config(model.pretrained_cfg)

    assert type(model) is TRUNKS[name]
    assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 12)
    assert 0.5e6 < sum(weight.numel() for weight in model.parameters()) < 1.0e6
    assert settings["input_size"] == (3, 64, 64)
    assert (settings["crop_pct"], settings["mean"], settings["std"]) == (1.0, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


# The ViT takes multiples of 8, the ConvNeXt anything from 32 px.
@pytest.mark.parametrize(
    ("name", "size"), [("shapes_vit", 8), ("shapes_vit", 56), ("shapes_vit", 184), ("shapes_convnext", 32), ("shapes_convnext", 183)]
)
def test_a_trunk_takes_other_input_sizes(name: str, size: int) -> None:
    model = timm.create_model(name, num_classes=12).eval()

    assert model(torch.zeros(1, 3, size, size)).shape == (1, 12)


@pytest.mark.parametrize("name", TRUNKS)
def test_a_trunk_gives_features_and_feature_maps(name: str) -> None:
    pooled = timm.create_model(name, num_classes=0).eval()
    maps = timm.create_model(name, features_only=True).eval()

    assert pooled(torch.zeros(1, 3, 64, 64)).shape == (1, pooled.num_features)
    assert all(layer.ndim == 4 for layer in maps(torch.zeros(1, 3, 64, 64)))


@pytest.mark.parametrize("name", ["shapes_vit_clip", "shapes_convnext_clip"])
def test_open_clip_makes_the_two_towers_by_name(name: str) -> None:
    model = subjects.build(name, seed=0)

    assert model.encode_image(torch.zeros(1, 3, 64, 64)).shape == (1, 64)  # type: ignore[operator]
    assert type(model.visual.trunk) is TRUNKS[name.removesuffix("_clip")]  # type: ignore[union-attr]

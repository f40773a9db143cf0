"""Rates by layer, against timm's own grouping and against what a reader of each model would write down."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from timm.optim._param_groups import param_groups_layer_decay
from torch import nn

from fixtures.transfer.layer_rates import layers_of, parameter_groups
from tests.transfer.lessons import towers

SMALL = {
    "test_vit": {"img_size": 32},
    "test_convnext": {},
    "vit_tiny_patch16_224": {"depth": 3},
    "test_resnet": {},
    "test_efficientnet": {},
}


@pytest.mark.parametrize("name", SMALL)
def test_rates_and_decay_are_timm_s(name: str) -> None:
    """timm's groups hold the model's own classifier, ours a task's: at the same rate, and nothing else differs."""
    model = timm.create_model(name, num_classes=5, **SMALL[name])
    undecayed = model.no_weight_decay() if hasattr(model, "no_weight_decay") else ()  # type: ignore[operator]
    theirs = param_groups_layer_decay(model, 0.05, undecayed, layer_decay=0.75)
    wanted = {each: (group["lr_scale"], group["weight_decay"]) for group in theirs for each in group["params"]}
    ours = parameter_groups(model, nn.Linear(1, 5), layer_decay=0.75, weight_decay=0.05)
    found = {each: (group["share"], group["weight_decay"]) for group in ours for each in group["params"]}
    head = [found.pop(each) for each in set(found) - set(wanted)]

    assert found == wanted
    assert sorted(head) == [(1.0, 0.0), (1.0, 0.05)]


@pytest.mark.parametrize("name", ["test_vit", "test_convnext"])
def test_a_model_without_a_classifier_has_the_same_rates(name: str) -> None:
    with_head, without = (timm.create_model(name, num_classes=classes, **SMALL[name]) for classes in (5, 0))
    (layers, top), (found, same) = layers_of(with_head), layers_of(without)

    assert same == top
    assert found == {name: layer for name, layer in layers.items() if name in found}


def image_tower(folder: Path, kind: str) -> nn.Module:
    tower = towers(folder, kind).module.visual
    assert isinstance(tower, nn.Module)
    return tower.requires_grad_()


def shares(tower: nn.Module) -> dict[str, float]:
    names = {parameter: name for name, parameter in tower.named_parameters()}
    groups = parameter_groups(tower, nn.Identity(), layer_decay=0.5, weight_decay=0.05)
    return {names[each]: group["share"] for group in groups for each in group["params"]}


OPEN_CLIP = {  # part of the tower -> how many layers below the head
    "vit": {
        **dict.fromkeys(("class_embedding", "positional_embedding", "conv1.", "ln_pre."), 3),
        "transformer.resblocks.0.": 2,
        **dict.fromkeys(("transformer.resblocks.1.", "ln_post."), 1),
        "proj": 0,
    },
    "resnet": {
        **{"conv1.": 8, "bn1.": 8, "conv2.": 7, "bn2.": 7, "conv3.": 6, "bn3.": 6},
        **{"layer1.0.": 5, "layer2.0.": 4, "layer3.0.": 3, "layer4.0.": 2, "attnpool.": 1},
    },
    "trunk_vit": {
        **dict.fromkeys(("trunk.pos_embed", "trunk.cls_token", "trunk.reg_token", "trunk.patch_embed."), 7),
        **{f"trunk.blocks.{block}.": 6 - block for block in range(6)},
        **{"trunk.norm.": 1, "head.": 0, "trunk.fc_norm.": 0},
    },
}


@pytest.mark.parametrize("kind", OPEN_CLIP)
def test_an_open_clip_tower_learns_by_its_blocks(kind: str, tmp_path: Path) -> None:
    tower = image_tower(tmp_path, kind)
    found = shares(tower)
    wanted = {name: 0.5**below for name in found for part, below in OPEN_CLIP[kind].items() if name.startswith(part)}

    assert found == wanted


class Plain(nn.Module):
    """A model of the user's own, which says nothing of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, 4))
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 2), nn.BatchNorm2d(4))
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4)) for _ in range(2))
        self.norm = nn.LayerNorm(4)
        self.classifier = nn.Linear(4, 9).requires_grad_(False)  # no feature depends on it


def test_any_other_model_learns_by_the_order_of_its_parts() -> None:
    below = {"token": 3, "stem": 3, "blocks.0": 2, "blocks.1": 1, "norm": 1}

    assert shares(Plain()) == {
        name: 0.5**depth for name, _ in Plain().named_parameters() for part, depth in below.items() if name.startswith(part)
    }


def test_norms_biases_and_positions_are_not_decayed(tmp_path: Path) -> None:
    tower = image_tower(tmp_path, "vit")
    names = {parameter: name for name, parameter in tower.named_parameters()}
    groups = parameter_groups(tower, nn.Identity(), layer_decay=0.5, weight_decay=0.05)
    decayed = {names[each] for group in groups if group["weight_decay"] for each in group["params"]}

    assert decayed == {name for name, each in tower.named_parameters() if each.ndim > 1} - {"positional_embedding"}

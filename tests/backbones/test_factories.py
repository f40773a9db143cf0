"""A user's own function gives a backbone; what it does not say is asked for, never guessed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import timm
import torch

from fixtures.backbones import catalog, loading
from fixtures.backbones.specification import EMBEDDED_DATASETS
from fixtures.errors import UserError
from tests.backbones.small import PREPROCESSING, images

MODULE = """
import torch
from torch import nn

class Body(nn.Module):
    def __init__(self, classes=12, width=8):
        super().__init__()
        self.body, self.head = nn.Conv2d(3, width, 8, 8), nn.Linear(width, classes)
    def forward_features(self, x):
        return self.body(x)
    def forward_head(self, x, pre_logits=False):
        pooled = x.mean((2, 3))
        return pooled if pre_logits else self.head(pooled)
    def forward(self, x):
        return self.forward_head(self.forward_features(x))

CFG = {"input_size": (3, 32, 32), "crop_pct": 0.9, "interpolation": "bilinear", "mean": (0.1, 0.2, 0.3), "std": (1.0, 1.0, 1.0)}

def complete(classes=12):
    module = Body(classes)
    module.label_space, module.pretrained_cfg = "shapes", CFG
    return module

def scores_only():
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 12))
    module.label_space, module.pretrained_cfg = "shapes", CFG
    return module

def bare():
    return Body()

def nothing():
    return nn.Sequential(nn.Flatten())

def half():
    module = complete()
    module.pretrained_cfg = {"input_size": (3, 32, 32), "mean": (0.5, 0.5, 0.5)}
    return module

def strange():
    module = complete()
    module.label_space = "shaps"
    return module

def no_module():
    return 3

def takes_sizes():
    module = complete()
    module.pretrained_cfg = {**CFG, "fixed_input_size": False}
    return module
"""


@pytest.fixture(params=["cwd", "package"])
def module(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's in the current folder, by itself or in a package; its name is its own in every test."""
    name = f"nets_{tmp_path.name.replace('-', '_')}_{request.param}"
    folder = tmp_path
    if request.param == "package":
        folder = tmp_path / f"{name}_package"
        folder.mkdir()
        (folder / "__init__.py").touch()
    (folder / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name if request.param == "cwd" else f"{name}_package.{name}"


def test_a_factory_by_name_gives_scores_features_and_preprocessing(module: str) -> None:
    spec = catalog.resolve(f"{module}:complete")
    assert (spec.name, spec.label_space, spec.datasets) == (f"{module}:complete", "shapes", EMBEDDED_DATASETS)
    assert spec.capabilities == {"native_head", "features"}
    loading.require_available(spec)
    assert loading.preprocessing(spec).describe() == "32 px, bilinear, crop 0.9, shortest, mean 0.1/0.2/0.3, std 1.0"
    backbone = loading.load(spec)
    assert backbone.logits(images()).shape == (3, 12)
    assert backbone.features(images()).shape == (3, 8)


def test_it_is_built_once_so_that_digest_and_answers_are_of_one_model(module: str) -> None:
    """The factories here draw their weights: a second call would give others."""
    spec = catalog.resolve(f"{module}:complete")
    digest = loading.weights_digest(spec)
    first, again = loading.load(spec), loading.load(spec, precision="bf16")
    assert loading.weights_digest(spec) == digest
    assert again.module is not first.module
    assert first.logits(images()).allclose(again.logits(images().bfloat16()), atol=0.05)
    assert loading.load(catalog.resolve(f"{module}:complete")).logits(images()).equal(first.logits(images()))


def test_a_module_without_features_gives_scores_alone(module: str) -> None:
    spec = catalog.resolve(f"{module}:scores_only")
    assert spec.capabilities == {"native_head"}
    assert loading.load(spec).logits(images()).shape == (3, 12)


def test_a_module_without_label_space_gives_features_alone(module: str) -> None:
    spec = catalog.resolve(f"{module}:bare")
    assert spec.capabilities == {"features"}
    with pytest.raises(ValueError, match="no native head"):
        loading.load(_with_keys(module)).logits(images())


def _with_keys(module: str):
    Path("release.toml").write_text(f'[mine]\nlibrary = "factory"\nmodel = "{module}:bare"\n{PREPROCESSING}')
    return catalog.resolve("release.toml")


def test_keys_of_a_table_stand_in_for_attributes(module: str) -> None:
    spec = _with_keys(module)
    loading.require_available(spec)
    assert loading.preprocessing(spec).crop_pct == 0.875
    assert loading.load(spec).features(images()).shape == (3, 8)
    Path("release.toml").write_text(
        f'[mine]\nlibrary = "factory"\nmodel = "{module}:complete"\nmodel_args = {{ classes = 1000 }}\n'
        'label_space = "imagenet_1k"\ncrop_pct = 1.0\n'
    )
    spec = catalog.resolve("release.toml")
    assert (spec.label_space, loading.preprocessing(spec).crop_pct, loading.preprocessing(spec).interpolation) == (
        "imagenet_1k",
        1.0,
        "bilinear",
    )
    assert "imagenet_val" in spec.datasets
    assert loading.load(spec).logits(images()).shape == (3, 1000)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("nothing", r"add an attribute \(or key\) label_space .* or methods forward_features and forward_head"),
        ("bare", r"Add input_size, crop_pct, interpolation, mean, std as keys, or in pretrained_cfg"),
        ("half", r"Add crop_pct, interpolation, std as keys, or in pretrained_cfg"),
        ("strange", r"label_space: got 'shaps', wanted one of .*Did you mean 'shapes'"),
        ("no_module", r"returned a int, wanted a torch.nn.Module"),
        ("complet", r"has no function 'complet'. Did you mean 'complete'"),
    ],
)
def test_what_is_missing_is_asked_for(function: str, reason: str, module: str) -> None:
    with pytest.raises(UserError, match=reason):
        loading.require_available(catalog.resolve(f"{module}:{function}"))


def test_other_sizes_are_taken_only_where_the_module_says_so(module: str) -> None:
    assert "resolution" in catalog.resolve(f"{module}:takes_sizes").capabilities
    assert "resolution" not in catalog.resolve(f"{module}:complete").capabilities


def test_a_module_is_found_beside_its_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / f"beside_{tmp_path.name}.py".replace("-", "_")).write_text(MODULE)
    name = f"beside_{tmp_path.name}".replace("-", "_")
    (folder / "release.toml").write_text(f'[mine]\nlibrary = "factory"\nmodel = "{name}:complete"\n')
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert catalog.resolve(str(folder / "release.toml")).capabilities == {"native_head", "features"}


def test_a_missing_dependency_of_the_module_is_not_mistaken_for_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_something.py").write_text("import surely_not_installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(UserError, match="module 'needs_something' needs 'surely_not_installed', which is not installed"):
        catalog.resolve("needs_something:make")


def test_the_architecture_digest_sees_source_and_arguments(module: str) -> None:
    def digest(arguments: str) -> str:
        Path("release.toml").write_text(f'[mine]\nlibrary = "factory"\nmodel = "{module}:complete"\nmodel_args = {{ {arguments} }}\n')
        return loading.architecture_digest(catalog.resolve("release.toml"))

    assert digest("classes = 12") == digest("classes = 12") != digest("classes = 13")


def test_a_model_of_timm_s_brings_everything_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"from_timm_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text("import timm\ndef make():\n    return timm.create_model('test_resnet')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = catalog.resolve(f"{name}:make")
    own = timm.create_model("test_resnet").pretrained_cfg
    found = loading.preprocessing(spec)
    assert (found.input_size, found.crop_pct, found.mean) == (own["input_size"][1], own["crop_pct"], tuple(own["mean"]))  # type: ignore[index]
    assert spec.capabilities == {"features", "feature_maps", "resolution"}
    assert isinstance(loading.load(spec).features(torch.zeros(1, 3, 96, 96)), torch.Tensor)

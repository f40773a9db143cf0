"""Evidence is not kept beyond a change of the code or of the state that it came from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from fixtures.backbones import catalog, checkpoints, loading, sources

ROOT = Path(__file__).resolve().parents[2]
CFG = 'CFG = {"input_size": (3, 32, 32), "crop_pct": 0.9, "interpolation": "bilinear", "mean": (0, 0, 0), "std": (1, 1, 1)}'
LAYERS = """
from torch import nn

class Flat(nn.Module):
    def flat(self, images):
        return images.flatten(1)
"""
FILES = {
    "release": f"""
from AT_model import Mine
{CFG}
def make(scale=1.0):
    module = Mine(scale)
    module.label_space, module.pretrained_cfg = "shapes", CFG
    return module
""",
    "model": """
from torch import nn
import AT_layers as layers

class Mine(layers.Flat):
    def __init__(self, scale):
        super().__init__()
        self.head, self.scale = nn.Linear(3 * 32 * 32, 12), scale
        nn.init.zeros_(self.head.weight), nn.init.ones_(self.head.bias)

    def forward(self, images):
        import AT_late as late
        return late.answer(self.head(self.flat(images)) * self.scale)
""",
    "layers": LAYERS,
    "late": "def answer(scores):\n    return scores\n",
}


@pytest.fixture(params=["files", "package"])
def release(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """A factory whose model lies in other files beside it, or in a package; its name, and the folder of the files."""
    mine = tmp_path.name.replace("-", "_")  # names of its own in every test
    folder, at = tmp_path, mine
    if request.param == "package":
        folder, at = tmp_path / f"{mine}_package", f"{mine}_package.{mine}"
        folder.mkdir()
        (folder / "__init__.py").write_text("SIDE = 1\n")
    for name, text in FILES.items():
        if request.param == "package":
            text = text.replace("import AT_late", f"from . import {mine}_late")
        (folder / f"{mine}_{name}.py").write_text(text.replace("AT_", f"{at}_"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return f"{at}_release:make", folder


def digest(name: str) -> str:
    return loading.architecture_digest(catalog.resolve(name))


def a_change_is_seen(name: str, file: Path) -> bool:
    before = digest(name)
    assert digest(name) == before
    file.write_text(file.read_text() + "\nCHANGED = True\n")
    return digest(name) != before


@pytest.mark.parametrize("changed", ["release", "model", "layers", "late"])
def test_a_change_in_any_file_that_a_model_is_made_of_is_seen(changed: str, release: tuple[str, Path]) -> None:
    name, folder = release

    assert a_change_is_seen(name, next(folder.glob(f"*{changed}.py")))


@pytest.mark.parametrize("release", ["package"], indirect=True)
def test_a_change_of_what_a_package_runs_first_is_seen(release: tuple[str, Path]) -> None:
    name, folder = release

    assert a_change_is_seen(name, folder / "__init__.py")


def test_a_file_that_nothing_imports_is_not_part_of_a_model(release: tuple[str, Path]) -> None:
    name, folder = release
    before = digest(name)
    (folder / "notes.py").write_text("import this_is_not_there\n")
    assert digest(name) == before


@pytest.mark.slow
def test_every_process_finds_the_same(release: tuple[str, Path], tmp_path: Path) -> None:
    """Whatever it did before: this one has built other models, the other imports half of the suite first."""
    name, _ = release
    program = (
        "import fixtures.evidence.source, fixtures.views.view, kornia, sys; from fixtures.backbones import catalog, loading;"
        f"spec = catalog.resolve({name!r}); print(loading.architecture_digest(spec), loading.weights_digest(spec))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    spec = catalog.resolve(name)
    assert told.stdout.split() == [loading.architecture_digest(spec), loading.weights_digest(spec)]


def test_a_class_from_elsewhere_is_seen_by_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A factory may be handed a class that it never names, here by a name that is computed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "hidden_model.py").write_text(LAYERS + "    def forward(self, images):\n        return images.mean((2, 3))\n")
    (tmp_path / "hidden_release.py").write_text(
        f"import importlib\n{CFG}\ndef make():\n    module = importlib.import_module('hidden' + '_model').Flat()\n"
        "    module.label_space, module.pretrained_cfg = 'shapes', CFG\n    return module\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(elsewhere)])
    before = digest("hidden_release:make")
    (elsewhere / "hidden_model.py").write_text(LAYERS + "    def forward(self, images):\n        return images.amax((2, 3))\n")
    assert digest("hidden_release:make") != before


def test_a_registered_model_is_seen_by_what_its_module_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "registered_depths.py").write_text("DEPTH = 1\n")
    (tmp_path / "registered_model.py").write_text(
        "from timm.models import register_model\nfrom timm.models.vision_transformer import VisionTransformer\n"
        "from registered_depths import DEPTH\n\n@register_model\ndef registered_vit(pretrained=False, **arguments):\n"
        "    for given in ('pretrained_cfg', 'pretrained_cfg_overlay', 'cache_dir'):\n        arguments.pop(given, None)\n"
        "    return VisionTransformer(img_size=32, patch_size=8, embed_dim=16, depth=DEPTH, num_heads=2, **arguments)\n"
    )
    (tmp_path / "mine.toml").write_text(
        '[mine]\nlibrary = "timm"\nmodel = "registered_vit"\nmodule = "registered_model"\nrandom_seed = 0\ninput_size = 32\n'
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = catalog.resolve(str(tmp_path / "mine.toml"))
    before = loading.architecture_digest(spec)
    (tmp_path / "registered_depths.py").write_text("DEPTH = 2\n")
    assert loading.architecture_digest(spec) != before


def test_installed_code_is_named_by_its_version_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    known = sources.digest(["torch.nn.modules.linear"])
    assert known == sources.digest(["torch.nn", "torch"])
    monkeypatch.setattr(sources.importlib.metadata, "version", lambda _: "0.0")
    assert sources.digest(["torch.nn"]) != known


class Holder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer, self.scale, self.words, self.table = nn.Linear(2, 2), 1.0, ("a", 3), {"k": [1, 2]}
        nn.init.ones_(self.layer.weight), nn.init.ones_(self.layer.bias)
        self.register_buffer("grid", torch.arange(4.0), persistent=False)
        self.plain_tensor = torch.ones(2)


CHANGES: dict[str, Callable[[Holder], object]] = {
    "a parameter": lambda holder: holder.layer.weight.data.mul_(2),
    "a buffer that is not saved": lambda holder: holder.grid.add_(1),  # type: ignore[operator]
    "a number": lambda holder: setattr(holder, "scale", 2.0),
    "a number of another type": lambda holder: setattr(holder, "scale", 1),
    "a tuple": lambda holder: setattr(holder, "words", ("b", 3)),
    "a number deep in a table": lambda holder: holder.table["k"].append(3),  # type: ignore[union-attr]
    "a tensor that is no buffer": lambda holder: holder.plain_tensor.add_(1),  # type: ignore[operator]
    "an attribute of a part": lambda holder: setattr(holder.layer, "factor", 2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_a_model_holds_is_seen(change: str) -> None:
    holder = Holder()
    before = checkpoints.state_digest(holder)
    CHANGES[change](holder)
    assert checkpoints.state_digest(holder) != before


def test_a_hook_or_a_second_building_changes_nothing_that_a_model_holds() -> None:
    """Hooks are numbered through a process, so they would tell serial runs and workers apart."""
    holder = Holder()
    before = checkpoints.state_digest(holder)
    holder.register_forward_hook(lambda *_: None)
    assert checkpoints.state_digest(holder) == before == checkpoints.state_digest(Holder())


def test_code_that_was_generated_is_seen() -> None:
    """A traced model has its code in itself, in no file."""

    class Double(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images * 2

    class Triple(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images * 3

    digests = [checkpoints.state_digest(torch.fx.symbolic_trace(kind())) for kind in (Double, Double, Triple)]
    assert digests[0] == digests[1] != digests[2]

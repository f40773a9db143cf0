"""What is known of a backbone is believed again as long as nothing has changed that it was found from."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.backbones import catalog, kept, loading
from fixtures.backbones.specification import BackboneSpec

ROOT = Path(__file__).resolve().parents[2]
TABLE = """
[mine]
library = "timm"
model = "mine"
module = "mine_module"
weights = "mine.safetensors"
label_space = "shapes"
input_size = 64
crop_pct = 1.0
interpolation = "bilinear"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
"""
MODULE = """
from timm.models import register_model
from fixtures.shapes import trunks

@register_model
def mine(pretrained=False, **more):
    more.pop("pretrained_cfg", None), more.pop("pretrained_cfg_overlay", None), more.pop("cache_dir", None)
    return trunks.shapes_convnext(**more)
"""


@pytest.fixture(autouse=True)
def _forgotten():
    told = dict(loading._TOLD)
    yield
    loading._TOLD.clear()
    loading._TOLD.update(told)


def recalled(spec: BackboneSpec, cache: Path) -> bool:
    kept.recall([spec], cache)
    return spec in loading._TOLD


@pytest.mark.parametrize("name", ["shapes_convnext_sup", "shapes_vit_clip"])
def test_what_is_kept_is_what_the_library_says(tmp_path, name):
    spec = catalog.resolve(name)
    loading.forget(spec)
    said = loading.found_out([spec])[spec]

    kept.keep([spec], tmp_path)

    assert recalled(spec, tmp_path)
    assert loading.found_out([spec])[spec] == said


def test_nothing_is_recalled_that_was_not_kept(tmp_path):
    assert not recalled(catalog.resolve("shapes_convnext_sup"), tmp_path)


def test_other_weights_another_table_or_a_damaged_file_are_looked_at_again(tmp_path):
    spec = catalog.resolve("shapes_convnext_sup")
    weights = shutil.copy(spec.weights, tmp_path / "mine.safetensors")
    spec = replace(spec, weights=weights)
    kept.keep([spec], tmp_path)
    assert recalled(spec, tmp_path)

    assert not recalled(replace(spec, model_args={"num_classes": 7}), tmp_path)
    assert not recalled(replace(spec, crop_pct=0.5), tmp_path)

    (file,) = (tmp_path / "backbones").glob("*.json")
    file.write_text(file.read_text()[:40])
    assert not recalled(spec, tmp_path)
    kept.keep([spec], tmp_path)
    assert recalled(spec, tmp_path), "what was damaged is written anew"

    with Path(weights).open("ab") as end:
        end.write(b"\0")
    assert not recalled(spec, tmp_path)
    kept.keep([spec], tmp_path)
    assert len(list((tmp_path / "backbones").glob("*.json"))) == 2


def test_a_backbone_that_needs_the_users_own_code_is_never_kept(tmp_path, monkeypatch):
    """It may read what nobody knows of: a configuration, a table of sizes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_module.py").write_text(MODULE)
    (tmp_path / "mine.toml").write_text(TABLE)
    shutil.copy(catalog.resolve("shapes_convnext_sup").weights, tmp_path / "mine.safetensors")
    spec = catalog.resolve(str(tmp_path / "mine.toml"))

    kept.keep([spec], tmp_path)

    assert not (tmp_path / "backbones").exists()


@pytest.mark.parametrize("name", ["tests.command_line.subjects:tiny", "vit_b_sup"])
def test_what_no_file_decides_is_never_kept(tmp_path, name):
    kept.keep([catalog.resolve(name)], tmp_path)

    assert not (tmp_path / "backbones").exists()


@pytest.mark.slow
def test_a_run_that_was_begun_before_needs_no_library(tmp_path):
    """Two processes ask for the same facts; the second one imports neither timm nor open_clip for them."""
    code = (
        "import sys; from pathlib import Path; from fixtures.backbones import catalog, kept, loading\n"
        "spec, cache = catalog.resolve('shapes_vit_clip'), Path(sys.argv[1])\n"
        "kept.recall([spec], cache); loading.require_available(spec)\n"
        "print(sorted(spec.capabilities), loading.architecture_digest(spec), loading.preprocessing(spec).describe())\n"
        "print({'timm', 'open_clip', 'torchvision'} & set(sys.modules) == set())\n"
        "kept.keep([spec], cache)"
    )

    first, second = (
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(2)
    )

    assert first[0] == second[0]
    assert (first[1], second[1]) == ("False", "True")

"""Published weights are found where the hub's client keeps them, and their absence is answered at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from huggingface_hub import constants

from fixtures.backbones import catalog, hub, loading
from fixtures.errors import UserError
from tests.backbones.small import images, save, timm_model

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's client, and no network."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path


def put(cache: Path, repository: str, name: str, source: Path) -> Path:
    """A file as the hub's client would have left it: a blob named by its sha256, and a link to it."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    blob = folder / "blobs" / ("ab" * 32)
    blob.parent.mkdir(parents=True)
    source.rename(blob)
    snapshot = folder / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("c0ffee")
    (snapshot / name).symlink_to(blob)
    return snapshot / name


def test_weights_fetched_before_are_loaded_by_timm_s_own_loader_without_a_network(cache: Path, tmp_path: Path) -> None:
    spec = catalog.resolve("timm:test_vit.r160_in1k")
    model = timm_model("test_vit.r160_in1k")
    path = put(cache, "timm/test_vit.r160_in1k", "model.safetensors", save(model, tmp_path / "w.safetensors"))
    begin = time.perf_counter()
    loading.require_available(spec)
    assert loading.weights_file(spec) == path
    assert loading.weights_digest(spec) == "ab" * 32
    backbone = loading.load(spec)
    assert time.perf_counter() - begin < 5
    assert backbone.logits(images(size=160)).equal(model(images(size=160)))


def test_a_large_file_of_the_hub_is_not_read_again_for_its_digest(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"x")
    path = put(cache, "timm/test_vit.r160_in1k", "model.safetensors", tmp_path / "w")
    assert hub.cached(hub.HubFile("timm/test_vit.r160_in1k", ("model.safetensors",))) == path


@pytest.mark.parametrize("name", ["vit_b_clip", "convnext_b_sup", "timm:resnet50.tv_in1k", "open_clip:RN50-quickgelu/openai"])
def test_absent_weights_are_refused_with_what_was_looked_for_and_how_to_name_a_file(name: str, cache: Path, tmp_path: Path) -> None:
    spec = catalog.resolve(name)
    with pytest.raises(UserError) as refusal:
        loading.require_available(spec)
    message = str(refusal.value)
    assert loading.library(spec).remote(spec).repository in message
    assert "model.safetensors" in message
    assert str(cache) in message
    assert "HF_HUB_OFFLINE" in message
    assert "--backbone=FILE.toml" in message
    assert len(message.splitlines()) <= 8
    # the line to copy is a table that resolves, to the same model with the same preprocessing
    line = next(each for each in message.splitlines() if "weights = " in each).strip()
    (tmp_path / "FILE.toml").write_text(line)
    local = catalog.resolve(str(tmp_path / "FILE.toml"))
    assert (local.model, local.pretrained, local.label_space) == (spec.model, spec.pretrained, spec.label_space)
    assert loading.preprocessing(local) == loading.preprocessing(spec)
    assert local.capabilities == spec.capabilities


def test_a_network_that_is_not_there_is_noticed_within_seconds() -> None:
    code = (
        "import time\nfrom fixtures.backbones import hub\nbegin = time.perf_counter()\n"
        "reason = hub.why_not(hub.HubFile('timm/no_such_model', ('model.safetensors', 'pytorch_model.bin')))\n"
        "assert 'no connection' in reason, reason\nassert time.perf_counter() - begin < 8"
    )
    nowhere = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": "/nonexistent", "HF_HUB_OFFLINE": "0"}
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=nowhere, check=False).returncode == 0


def test_name_resolution_that_hangs_does_not_hang_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "TIMEOUT_SECONDS", 0)
    monkeypatch.setattr(hub, "_asked", lambda _: time.sleep(30))
    begin = time.perf_counter()
    assert "no answer" in (hub.why_not(hub.HubFile("owner/nowhere", ("w",))) or "")
    assert time.perf_counter() - begin < 3


@pytest.mark.parametrize(
    ("location", "file", "expected"),
    [
        ("timm/x", "pytorch_model.bin", ("model.safetensors", "pytorch_model.bin")),
        ("timm/x", "open_clip_pytorch_model.bin", ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")),
        ("timm/x", "other.bin", ("other.safetensors", "other.bin")),
        ("timm/x", "model.safetensors", ("model.safetensors",)),
    ],
)
def test_safetensors_come_first(location: str, file: str, expected: tuple[str, ...]) -> None:
    assert hub.weights_of(location, file).names == expected


def test_a_revision_stays_with_its_repository() -> None:
    assert hub.weights_of("owner/name@v2", "w.bin").revision == "v2"
    assert hub.weights_of("owner/name", "w.bin").revision is None


@pytest.mark.usefixtures("cache")
def test_a_text_tower_whose_tokenizer_cannot_be_read_is_refused_before_any_download() -> None:
    with pytest.raises(UserError, match=r"transformers|tokenizer"):
        loading.require_available(catalog.resolve("siglip_b"))

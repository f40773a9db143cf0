"""Weight files are read or refused, and nothing in them is ever run."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fixtures.backbones import checkpoints
from fixtures.errors import UserError
from tests.backbones.small import resolve_table

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1.0, 2.0])}


def equal(left: dict, right: dict) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


class Payload:
    """Writes a file when it is unpickled: what a malicious checkpoint would do."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.makedirs, (str(self.target),)


@pytest.mark.parametrize(
    "wrapped", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}, lambda s: {"model": s, "optimizer": {"lr": 0.1}}]
)
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
@pytest.mark.parametrize("legacy", [False, True])
def test_weights_are_found_inside_of_what_training_leaves(wrapped, prefix: str, legacy: bool, tmp_path: Path) -> None:
    content = wrapped({prefix + key: value for key, value in STATE.items()})
    torch.save(content, tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy)
    assert equal(checkpoints.read(tmp_path / "w.pth", "subject"), STATE)


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.safetensors")
    assert equal(checkpoints.read(tmp_path / "w.safetensors", "subject"), STATE)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_checkpoint_that_runs_code_is_refused_and_its_code_does_not_run(legacy: bool, tmp_path: Path) -> None:
    torch.save({"state_dict": STATE, "extra": Payload(tmp_path / "ran")}, tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(UserError) as refusal:
        checkpoints.read(tmp_path / "w.pth", "release.toml [subject]")
    assert not (tmp_path / "ran").exists()
    assert str(refusal.value).startswith(
        f"release.toml [subject]: weights: {tmp_path / 'w.pth'} is refused by torch.load(weights_only=True)"
    )
    assert "os.makedirs" in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 2


def test_the_payload_of_these_tests_would_run(tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    torch.save({"extra": Payload(tmp_path / "ran")}, tmp_path / "w.pth")
    torch.load(tmp_path / "w.pth", weights_only=False)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("library", ['library = "timm"\nmodel = "test_vit"', 'library = "open_clip"\nmodel = "ViT-B-32"'])
def test_neither_library_is_handed_a_checkpoint_that_runs_code(library: str, tmp_path: Path) -> None:
    from fixtures.backbones import loading

    torch.save({"state_dict": {}, "extra": Payload(tmp_path / "ran")}, tmp_path / "w.pth")
    spec = resolve_table(tmp_path, f'{library}\nweights = "w.pth"\n')
    for attempt in (loading.require_available, loading.load):
        with pytest.raises(UserError, match="weights_only=True"):
            attempt(spec)
    assert not (tmp_path / "ran").exists()


def test_a_torchscript_archive_is_refused(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "w.pt"))
    with pytest.raises(UserError, match="weights_only=True"):
        checkpoints.read(tmp_path / "w.pt", "subject")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda _: b"", lambda _: b"\x00" * 100, lambda _: b"not weights"])
def test_a_damaged_file_is_refused_by_name(suffix: str, damage, tmp_path: Path) -> None:
    file = tmp_path / f"w{suffix}"
    save_file(STATE, file) if suffix == ".safetensors" else torch.save(STATE, file)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UserError, match=r"weights: .*/w"):
        checkpoints.read(file, "subject")


def test_a_legacy_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    whole = (tmp_path / "w.pth").read_bytes()
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / "cut.pth").write_bytes(whole[:length])
        with pytest.raises(UserError):
            checkpoints.read(tmp_path / "cut.pth", "subject")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([1, 2], "holds a list"),
        ({}, "it is empty"),
        ({"weight": STATE["weight"], "epoch": 3}, "epoch are no tensors"),
        ({"model": STATE, "model_ema": STATE}, "several sets of weights"),
    ],
)
def test_what_is_no_set_of_weights_is_refused(content: object, reason: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(UserError, match=reason):
        checkpoints.read(tmp_path / "w.pth", "subject")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"^subject: weights: there is no file {tmp_path / 'w.pth'}"):
        checkpoints.read(tmp_path / "w.pth", "subject")


def test_what_does_not_fit_is_named_key_by_key() -> None:
    module = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    state = {"0.weight": torch.zeros(4, 3), "0.bias": torch.zeros(2), **{f"extra{index}": torch.zeros(1) for index in range(7)}}
    wrong = checkpoints.misfit(module, state)
    assert "missing keys (2): 1.weight, 1.bias" in wrong
    assert "unexpected keys (7): extra0, extra1, extra2, extra3, extra4 and 2 more" in wrong
    assert "0.weight is (4, 3), the model's is (2, 3)" in wrong
    assert checkpoints.misfit(module, module.state_dict()) == ""


def test_a_file_digest_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"weights")
    assert checkpoints.file_digest(tmp_path / "w") == hashlib.sha256(b"weights").hexdigest()


def test_a_state_digest_sees_every_value_name_and_type() -> None:
    module = nn.BatchNorm1d(3)
    known = {checkpoints.state_digest(module)}
    module.running_mean[1] += 1e-6  # type: ignore[index]
    known.add(checkpoints.state_digest(module))
    module.half()
    known.add(checkpoints.state_digest(module))
    known.add(checkpoints.state_digest(nn.Sequential(module)))
    assert len(known) == 4
    assert checkpoints.state_digest(nn.Sequential(module)) in known

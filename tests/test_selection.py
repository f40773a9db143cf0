"""Every backbone of the command line meets the images that its entry and the policy name, or is refused by name."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from fixtures.errors import UserError
from fixtures.options import Options
from fixtures.selection import Selection, select

ROOT = Path(__file__).resolve().parents[1]
FEATURES = '[features]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\n'
HEAD = '[headed]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\nlabel_space = "imagenet_1k"\n'
GATE = '[bounds."*"]\nbound = 0.5\nreason = "r"\n[[required]]\naudits = ["accuracy.*"]\ndatasets = ["{}"]\n'


def selected(
    folder: Path, *backbones: str, datasets: tuple[str, ...] = (), policy: str | None = None, data: Path | None = None
) -> Selection:
    """What a command line selects; a backbone may be the text of its TOML file."""
    names = []
    for index, text in enumerate(backbones):
        if text.startswith("["):
            (folder / f"{index}.toml").write_text(text)
            text = str(folder / f"{index}.toml")
        names.append(text)
    if policy is not None:
        (folder / "gate.toml").write_text(policy)
    options = Options(
        backbones=tuple(names),
        datasets=datasets,
        fetch=(),
        data=data,
        policy=None if policy is None else folder / "gate.toml",
        device="cpu",
        precision="fp32",
        batch=0,
        cache=folder,
        report=folder,
        limit=None,
        partial=False,
        plan=False,
    )
    return select(options, ROOT / "audits", datetime.date(2026, 11, 20))


def refusal(folder: Path, *backbones: str, datasets: tuple[str, ...] = (), policy: str | None = None, data: Path | None = None) -> str:
    with pytest.raises(UserError) as refused:
        selected(folder, *backbones, datasets=datasets, policy=policy, data=data)
    return str(refused.value)


@pytest.mark.parametrize("backbones", [("shapes_convnext_sup", FEATURES), (FEATURES,), (FEATURES, "shapes_convnext_sup")])
def test_a_backbone_without_datasets_is_refused_by_name(tmp_path: Path, backbones: tuple[str, ...]) -> None:
    words = refusal(tmp_path, *backbones)

    assert "Nothing to audit features on" in words
    assert "features: neither its entry nor a rule of the policy says on which images" in words
    assert "--audit-dataset" in words
    assert "label_space" in words
    assert "shapes_convnext_sup" not in words


@pytest.mark.parametrize("entry", ["vit_b_dino", "vit_b_mae", "vit_b_sam", "resnet50_random"])
def test_catalogue_entries_without_datasets_say_how_to_audit_them(tmp_path: Path, entry: str) -> None:
    assert f"Nothing to audit {entry} on" in refusal(tmp_path, entry)


def test_a_backbone_that_no_route_leads_to_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    words = refusal(tmp_path, "shapes_convnext_sup", FEATURES + 'datasets = ["imagenet_val"]\n', data=tmp_path)

    assert "Nothing to audit features on" in words
    assert "features on imagenet_val: no class scores" in words
    assert "train split" in words


def test_of_chosen_datasets_one_route_is_enough(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    selection = selected(tmp_path, FEATURES, datasets=("shapes", "imagenet_val"), data=tmp_path)

    assert list(selection.subjects) == [("features", "shapes")]
    assert {out.dataset for out in selection.left_out if "no class scores" in out.reason} == {"imagenet_val"}


def test_a_dataset_that_the_policy_requires_is_audited_though_no_entry_names_it(tmp_path: Path) -> None:
    selection = selected(tmp_path, "shapes_convnext_sup", policy=GATE.format("shapes_styles"))

    assert list(selection.subjects) == [("shapes_convnext_sup", "shapes"), ("shapes_convnext_sup", "shapes_styles")]
    assert not selection.partial


def test_a_required_dataset_that_no_entry_names_must_be_there(tmp_path: Path) -> None:
    words = refusal(tmp_path, "shapes_convnext_sup", policy=GATE.format("imagenet_val"), data=tmp_path)

    assert "No images for shapes_convnext_sup: policy gate requires what is not there." in words
    assert str(tmp_path / "imagenet_val") in words


def test_a_required_dataset_without_a_route_is_refused(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    words = refusal(tmp_path, "shapes_convnext_sup", policy=GATE.format("imagenet_val"), data=tmp_path)

    assert "'accuracy.*' (rule with datasets = ['imagenet_val']) of shapes_convnext_sup on imagenet_val: no class scores" in words


def test_a_chosen_dataset_leaves_what_is_required_to_be_missed_at_the_end(tmp_path: Path) -> None:
    selection = selected(tmp_path, "shapes_convnext_sup", datasets=("shapes",), policy=GATE.format("imagenet_val"))

    assert selection.partial == ("--audit-dataset",)
    assert len(selection.missing([], [])) == 1
    assert "accuracy.* of shapes_convnext_sup on imagenet_val (no class scores" in selection.missing([], [])[0]


def test_datasets_of_the_entry_that_were_not_found_are_listed(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    selection = selected(tmp_path, HEAD, data=tmp_path)
    absent = {out.dataset: out.reason for out in selection.left_out if out.audit == "*"}

    assert list(selection.subjects) == [("headed", "imagenet_val"), ("headed", "imagenet_real")]
    assert {"imagenet_a", "imagenet_r", "imagenet_sketch"} <= absent.keys()
    assert absent["imagenet_a"].startswith("its images were not found: ")
    assert str(tmp_path / "imagenet_a") in absent["imagenet_a"]

"""Every backbone of the command line meets the images that its entry and the policy name, or is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from fixtures.selection import Selection
from fixtures.views.view import View
from tests.selections import FEATURES, HEAD, PLAIN, refusal, selected

GATE = '[bounds."*"]\nbound = 0.5\nreason = "r"\n[[required]]\naudits = ["accuracy.*"]\ndatasets = ["{}"]\n'


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
    assert 'the dataset has no train split (splits = { train = "…", test = "…" } in its TOML table would declare one)' in words


def test_of_a_long_list_of_what_stands_in_the_way_the_rest_is_counted(tmp_path: Path) -> None:
    words = refusal(tmp_path, "shapes_convnext_sup", policy=GATE.format("imagenet_*"), data=tmp_path)

    assert re.search(r"\n  and \d+ more\n", words)
    assert len(words.splitlines()) < 30


def test_of_chosen_datasets_one_route_is_enough(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    selection = selected(tmp_path, FEATURES, datasets=("shapes", "imagenet_val"), data=tmp_path)

    assert list(selection.subjects) == [("features", "shapes")]
    assert {out.dataset for out in selection.left_out if "no class scores" in out.reason} == {"imagenet_val"}


def test_a_dataset_that_the_policy_requires_is_audited_though_no_entry_names_it(tmp_path: Path) -> None:
    selection = selected(tmp_path, PLAIN, policy=GATE.format("shapes_styles").replace("accuracy", "calibration"))

    assert list(selection.subjects) == [("plain", "shapes"), ("plain", "shapes_styles")]
    assert not selection.partial


def test_where_shape_and_texture_disagree_only_shape_bias_is_asked(tmp_path: Path) -> None:
    """No class is the right one there, so that neither accuracy nor calibration means anything."""
    selection = selected(tmp_path, "shapes_convnext_sup")
    subject = ("shapes_convnext_sup", "shapes_cue_conflict")

    asked = [claim.key for claim in selection.claims if subject in selection.subjects_of(claim)]

    assert asked == ["shape_bias.cue_conflict"]
    (people,) = [
        out for out in selection.left_out if (out.backbone, out.dataset) == subject and out.audit == "shape_bias.error_consistency"
    ]
    assert people.reason == "it needs people's answers to the same images, which this backbone on this dataset does not offer"


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


@pytest.mark.parametrize(("attacks", "wanted"), [("screen", {1, 2, 64, 3.5}), ("grid", {0.5, 1, 2, 4, 8, 64, 3.5})])
def test_the_depth_says_at_which_sizes_images_are_attacked(tmp_path: Path, attacks: str, wanted: set[float]) -> None:
    """What lies outside the grid somebody has asked for by name."""
    selection = selected(tmp_path, "shapes_convnext_sup", policy=f'extends = "default"\n[depth]\nattacks = "{attacks}"\n')

    assert {size for size in (0.5, 1, 2, 3.5, 4, 8, 64) if selection.has(View("pgd_linf", size))} == wanted
    assert selection.has(View("apgd_linf", 2)) == (attacks == "grid")
    assert selection.has(View("apgd_l2", 0.5))


def left_out_because(selection: Selection, audit: str, dataset: str) -> str:
    return next((out.reason for out in selection.left_out if (out.audit, out.dataset) == (audit, dataset)), "")


def test_a_shifted_dataset_is_compared_with_that_at_home_which_need_not_be_audited(tmp_path: Path) -> None:
    selection = selected(tmp_path, PLAIN, datasets=("shapes_styles",))

    home = selection.subjects["plain", "shapes_styles"].counterpart
    assert home is not None
    assert home.dataset.name == "shapes"
    assert ("plain", "shapes") not in selection.subjects
    assert left_out_because(selection, "robustness.effective", "shapes_styles") == ""


def test_without_the_images_at_home_nothing_is_compared_and_the_reason_given(tmp_path: Path) -> None:
    (tmp_path / "imagenet_v2").mkdir()
    selection = selected(tmp_path, HEAD, datasets=("imagenet_v2",), data=tmp_path)

    assert "the images of imagenet_val were not found: " in left_out_because(selection, "robustness.effective", "imagenet_v2")
    (tmp_path / "imagenet_val").mkdir()
    selection = selected(tmp_path, HEAD, datasets=("imagenet_v2",), data=tmp_path)
    assert left_out_because(selection, "robustness.effective", "imagenet_v2") == ""


def test_a_classifier_fitted_on_shifted_images_is_not_compared_with_networks_that_never_saw_them(tmp_path: Path) -> None:
    selection = selected(tmp_path, FEATURES, datasets=("shapes_styles",))

    assert selection.subjects["features", "shapes_styles"].route.kind == "probe"
    assert "a head or a text tower for both" in left_out_because(selection, "robustness.effective", "shapes_styles")


def test_what_the_policy_s_depth_does_without_is_asked_of_nobody_and_listed(tmp_path: Path) -> None:
    selection = selected(tmp_path, PLAIN, policy='extends = "default"\n[depth]\nfine_tuning_images = 0\n')
    claims = {claim.key: claim for claim in selection.claims}

    assert selection.subjects_of(claims["transfer.reliance"]) == []
    assert {out.audit for out in selection.left_out if "depth" in out.reason} == {
        "transfer.fine_tune", "transfer.reliance", "transfer.multi_task[{factor}]",
    }  # fmt: skip
    assert "transfer.fine_tune" not in selection.uncollected([])[1]


def test_what_is_required_must_not_be_what_the_depth_does_without(tmp_path: Path) -> None:
    policy = 'extends = "default"\n[depth]\nfine_tuning_images = 0\n[[required]]\naudits = ["transfer.fine_tune"]\ndatasets = ["shapes"]\n'

    assert "the policy's depth does without it" in refusal(tmp_path, PLAIN, policy=policy)


def test_a_backbone_without_class_scores_is_asked_for_what_features_find(tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / "things" / place).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "things" / place / "1.png")
    things = '[things]\nlayout = "folders"\nroot = "things"\ngallery = "."\nqueries = "."\n'
    (tmp_path / "things.toml").write_text(things)
    selection = selected(tmp_path, FEATURES, datasets=(str(tmp_path / "things.toml"),), data=tmp_path)

    asked = {claim.property_name for claim in selection.claims if selection.subjects_of(claim)}
    (subject,) = selection.subjects.values()

    assert asked == {"retrieval"}
    assert subject.route.describe() == "frozen pooled features, no class scores"
    assert any("class scores" in out.reason for out in selection.left_out if out.audit == "accuracy.top1")

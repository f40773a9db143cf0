"""Every backbone that the papers used is in the catalogue, under an identifier that its library knows."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import open_clip
import pytest
import timm

from fixtures.backbones import catalog, loading, timm_models
from fixtures.backbones.specification import EMBEDDED_DATASETS
from fixtures.datasets import catalog as dataset_catalog
from fixtures.errors import UserError

REPOSITORY = Path(__file__).resolve().parents[2]
TIMM = [
    "deit3_base_patch16_224.fb_in22k_ft_in1k",
    "convnext_base.fb_in22k_ft_in1k",
    "deit3_base_patch16_224.fb_in1k",
    "convnext_base.fb_in1k",
    "convnextv2_base.fcmae_ft_in1k",
    "resnet50.tv_in1k",
    "resnet50.a1_in1k",
    "resnet101.a1h_in1k",
    "resnet101.tv_in1k",
    "convnext_tiny.fb_in1k",
    "convnext_small.fb_in1k",
    "convnext_base.fb_in22k",
    "convnext_small.fb_in22k_ft_in1k",
    "convnext_xlarge.fb_in22k_ft_in1k",
    "swinv2_tiny_window8_256.ms_in1k",
    "swinv2_base_window8_256.ms_in1k",
    "swinv2_base_window12to16_192to256.ms_in22k_ft_in1k",
    "swinv2_base_window12to24_192to384.ms_in22k_ft_in1k",
    "swinv2_large_window12to24_192to384.ms_in22k_ft_in1k",
    "vit_small_patch16_224.augreg_in1k",
    "vit_base_patch16_224.augreg_in1k",
    "vit_small_patch16_224.augreg_in21k_ft_in1k",
    "vit_base_patch16_224.augreg_in21k_ft_in1k",
    "vit_large_patch16_224.augreg_in21k_ft_in1k",
    "deit_small_patch16_224.fb_in1k",
    "deit_base_patch16_384.fb_in1k",
    "vit_small_patch16_224.dino",
    "vit_base_patch16_224.dino",
    "vit_base_patch16_224.mae",
    "vit_large_patch16_224.mae",
    "vit_base_patch16_clip_224.laion2b",
    "vit_large_patch14_clip_224.laion2b",
    "resnet50_clip.openai",
    "resnet101_clip.openai",
    "resnet50x64_clip.openai",
    "samvit_base_patch16.sa1b",
    "resnetv2_101x3_bit.goog_in21k",
    "resnetv2_101x3_bit.goog_in21k_ft_in1k",
    "resnetv2_152x4_bit.goog_in21k",
    "vit_base_patch16_224.orig_in21k",
    "vit_large_patch16_224.orig_in21k",
    "swin_base_patch4_window12_384.ms_in22k",
    "swin_base_patch4_window12_384.ms_in22k_ft_in1k",
]
OPEN_CLIP = [("ViT-B-16", "laion400m_e31"), ("convnext_base", "laion400m_s13b_b51k")]
SHORT = {
    "vit_b_sup": "deit3_base_patch16_224.fb_in22k_ft_in1k",
    "convnext_b_sup": "convnext_base.fb_in22k_ft_in1k",
    "vit_b_clip": "ViT-B-16/laion400m_e31",
    "convnext_b_clip": "convnext_base/laion400m_s13b_b51k",
}
EMBEDDED = ["shapes_vit_sup", "shapes_vit_clip", "shapes_convnext_sup", "shapes_convnext_clip"]


@pytest.fixture(scope="module")
def specs() -> dict:
    return {name: catalog.resolve(name) for name in catalog.names()}


def test_every_timm_identifier_is_one_that_timm_publishes(specs: dict) -> None:
    named = [f"{spec.model}.{spec.pretrained}" for spec in specs.values() if spec.library == "timm" and spec.pretrained]
    assert set(named) <= set(timm.list_pretrained())
    assert len(named) > 60


def test_every_open_clip_identifier_is_one_that_open_clip_publishes(specs: dict) -> None:
    named = [(spec.model, spec.pretrained) for spec in specs.values() if spec.library == "open_clip" and spec.pretrained]
    assert set(named) <= set(open_clip.list_pretrained())
    assert len(named) > 20


def test_every_backbone_of_the_papers_is_there(specs: dict) -> None:
    published = [spec for spec in specs.values() if spec.random_seed is None]
    assert set(TIMM) <= {f"{spec.model}.{spec.pretrained}" for spec in published if spec.library == "timm"}
    assert set(OPEN_CLIP) <= {(spec.model, spec.pretrained) for spec in published if spec.library == "open_clip"}


def test_the_four_have_short_names(specs: dict) -> None:
    for name, identifier in SHORT.items():
        spec = specs[name]
        assert identifier == f"{spec.model}{'.' if spec.library == 'timm' else '/'}{spec.pretrained}"


def test_every_architecture_of_battle_of_the_backbones_has_an_untrained_baseline(specs: dict) -> None:
    papers = TIMM[: TIMM.index("resnetv2_101x3_bit.goog_in21k")]
    untrained = {spec.model for spec in specs.values() if spec.random_seed is not None}
    only_in_the_other_paper = {"deit3_base_patch16_224", "convnextv2_base"}
    assert {identifier.partition(".")[0] for identifier in papers} - only_in_the_other_paper == untrained


def test_nothing_is_misspelt_and_open_clip_computes_what_was_trained(specs: dict) -> None:
    for spec in specs.values():
        loading.library(spec).require_known(spec)


def test_a_label_space_stands_exactly_where_training_ended_on_imagenet(specs: dict) -> None:
    for name, spec in specs.items():
        if spec.library == "timm" and spec.pretrained and spec.random_seed is None:
            assert spec.label_space == timm_models.label_space(spec.model, spec.pretrained), name


@pytest.mark.parametrize("name", ["vit_b_dino", "vit_b_mae", "vit_b_sam", "convnext_b_in22k", "vit_b_orig_in21k", "resnet50_clip_tower"])
def test_what_never_saw_the_thousand_labels_has_no_head(name: str, specs: dict) -> None:
    assert "native_head" not in specs[name].capabilities
    assert "features" in specs[name].capabilities


def test_what_is_audited_by_default_is_in_the_other_catalogue(specs: dict) -> None:
    named = {dataset for spec in specs.values() for dataset in spec.datasets}
    assert named <= set(dataset_catalog.names())
    assert {specs[name].datasets for name in EMBEDDED} == {EMBEDDED_DATASETS}


def test_the_report_can_say_what_each_is(specs: dict) -> None:
    assert [name for name, spec in specs.items() if not (spec.family and spec.training and spec.source)] == []


def test_the_training_size_is_used_and_both_crops_of_the_paper_can_be_named(specs: dict) -> None:
    assert loading.preprocessing(specs["convnext_b_sup"]).describe().startswith("224 px, bicubic, crop 0.875")
    assert loading.preprocessing(specs["vit_b_sup"]).crop_pct == 1.0
    assert loading.preprocessing(specs["vit_b_sup_crop875"]).crop_pct == 0.875


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("vit_b_clp", "Did you mean 'vit_b_clip'"),
        ("timm:resnt50", "Did you mean 'resnet50'"),
        ("timm:resnet50.tv_in1", "Did you mean 'tv_in1k'"),
        ("timm:vit_giant_patch14_224", "nobody published weights"),
        ("open_clip:ViT-B-16/laion400", "Did you mean 'laion400m_e3"),
        ("open_clip:ViT-B-17/openai", "Did you mean 'ViT-B-16'"),
        ("open_clip:ViT-B-16", "which weights? Wanted open_clip:ViT-B-16/TAG. It has openai"),
        ("open_clip:ViT-B-16/openai", "use open_clip:ViT-B-16-quickgelu/openai"),
        ("tim:resnet50", "Did you mean 'timm'?"),
        ("nowhere.toml", "no file"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_right_one(text: str, reason: str) -> None:
    with pytest.raises(UserError) as refusal:
        loading.preprocessing(catalog.resolve(text))
    assert reason in str(refusal.value)
    assert text.rpartition(":")[0] or text in str(refusal.value)


def test_the_libraries_own_names_need_no_entry() -> None:
    spec = catalog.resolve("timm:resnet50")
    assert (spec.name, spec.model, spec.pretrained, spec.label_space) == ("timm:resnet50", "resnet50", "a1_in1k", "imagenet_1k")
    spec = catalog.resolve("open_clip:ViT-B-16-quickgelu/openai")
    assert (spec.model, spec.pretrained, spec.label_space) == ("ViT-B-16-quickgelu", "openai", None)
    assert "text" in spec.capabilities


def test_a_file_with_one_table_needs_no_name_and_one_with_several_does(tmp_path: Path) -> None:
    table = 'library = "timm"\nmodel = "test_vit"\nweights = "w.safetensors"\n'
    file = tmp_path / "release.toml"
    file.write_text(f"[one]\n{table}")
    assert catalog.resolve(str(file)).name == "one"
    file.write_text(f"[one]\n{table}[two]\n{table}")
    assert catalog.resolve(f"{file}:two").name == "two"
    with pytest.raises(UserError, match="describes 2 backbones: one, two"):
        catalog.resolve(str(file))
    with pytest.raises(UserError, match="Did you mean 'two'"):
        catalog.resolve(f"{file}:tow")


@pytest.mark.parametrize(("content", "reason"), [("[one\n", "is not TOML"), ("", "it is empty"), ("a = 1\n", "stand outside of any table")])
def test_a_file_that_is_no_table_of_backbones_is_refused(content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(content)
    with pytest.raises(UserError, match=reason):
        catalog.resolve(str(tmp_path / "x.toml"))


def test_names_and_typing_mistakes_do_not_wait_for_torch() -> None:
    code = (
        "import sys; from fixtures.backbones import catalog, routes\nfrom fixtures.errors import UserError\ncatalog.resolve('vit_b_clip')\n"
        "for text in ('vit_b_clp', 'nowhere.toml', 'nopackage.module:make'):\n    try: catalog.resolve(text)\n    except UserError: pass\n"
        "    else: raise SystemExit(1)\nsys.exit(2 if {'torch', 'timm', 'open_clip'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


@pytest.mark.parametrize("name", ["shapes_convnext_sup", "shapes_vit_sup", "shapes_convnext_clip", "shapes_vit_clip"])
def test_embedded_backbones_are_told_apart_from_all_others(name: str) -> None:
    """Their evidence is keyed by what they are: library, model, sources, tokenizer and weights."""
    others = {loading.architecture_digest(catalog.resolve(other)) for other in ("shapes_convnext_sup", "shapes_convnext_clip")}
    spec = catalog.resolve(name)

    assert (loading.architecture_digest(spec) in others) == (name in ("shapes_convnext_sup", "shapes_convnext_clip"))
    assert len(loading.weights_digest(spec)) == 64


def test_embedded_backbones_have_learned_from_as_many_images_as_their_recipes_say(specs: dict) -> None:
    recipes = tomllib.loads((REPOSITORY / "fixtures" / "shapes" / "recipes.toml").read_text())

    assert {name: specs[name].pretraining_images for name in EMBEDDED} == {
        name: recipes[name]["steps"] * recipes[name]["batch"] for name in EMBEDDED
    }


def test_weights_of_one_published_set_have_learned_from_as_many_images_and_untrained_ones_from_none(specs: dict) -> None:
    told: dict[str, set[int | None]] = {}
    for spec in specs.values():
        for name in ("lvd142m", "laion400m", "laion2b", "webli", "openai", "in22k_ft_in1k", "a1_in1k"):
            if spec.random_seed is None and spec.pretrained and name in spec.pretrained:
                told.setdefault(name, set()).add(spec.pretraining_images)

    assert told == {
        "lvd142m": {142_000_000}, "laion400m": {413_000_000}, "laion2b": {2_320_000_000}, "webli": {10_000_000_000},
        "openai": {400_000_000}, "in22k_ft_in1k": {14_197_122}, "a1_in1k": {1_281_167},
    }  # fmt: skip
    assert {spec.pretraining_images for spec in specs.values() if spec.random_seed is not None} == {None}

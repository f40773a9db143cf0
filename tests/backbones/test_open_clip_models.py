"""Two-tower models answer as open_clip's own do, at any size they take."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from tokenizers import Tokenizer

from fixtures.backbones import loading
from fixtures.errors import UserError
from tests.backbones.small import CONTEXT, VISION, images, resolve_table, save, tokenizer, two_tower

TEXTS = ["a photo of a cat", "a drawing of a red bird", "dog"]


def tokens(folder: Path) -> torch.Tensor:
    return torch.tensor([each.ids for each in Tokenizer.from_file(str(folder / "tokenizer.json")).encode_batch(TEXTS)])


@pytest.mark.parametrize("kind", list(VISION))
def test_both_towers_answer_as_open_clip_s_own(kind: str, tmp_path: Path) -> None:
    model, table = two_tower(tmp_path, kind)
    spec = resolve_table(tmp_path, table)
    loading.require_available(spec)
    backbone = loading.load(spec, channels_last=False)
    batch = images(size=VISION[kind]["image_size"])
    assert backbone.preprocessing.input_size == VISION[kind]["image_size"]
    assert backbone.features(batch).allclose(model.encode_image(batch), atol=1e-5)  # type: ignore[operator]
    assert backbone.encode_text(TEXTS).allclose(model.encode_text(tokens(tmp_path)), atol=1e-5)  # type: ignore[operator]
    assert backbone.logit_scale == pytest.approx(float(model.logit_scale.exp()))  # type: ignore[union-attr, operator]


@pytest.mark.parametrize(
    ("kind", "takes_sizes", "multiple"), [("vit", True, 8), ("trunk_vit", True, 16), ("trunk_convnext", True, 32), ("resnet", False, 32)]
)
def test_capabilities_follow_from_the_configuration_alone(kind: str, takes_sizes: bool, multiple: int, tmp_path: Path) -> None:
    _, table = two_tower(tmp_path, kind)
    (tmp_path / "two_tower.safetensors").unlink()
    spec = resolve_table(tmp_path, table)
    assert spec.capabilities == {"features", "feature_maps", "text"} | ({"resolution"} if takes_sizes else set())
    assert spec.size_multiple == multiple


@pytest.mark.parametrize(("kind", "sizes"), [("vit", (16, 48, 16)), ("trunk_vit", (96, 224, 96))])
def test_at_another_size_positions_are_interpolated_as_open_clip_does_on_loading(kind: str, sizes: tuple[int, ...], tmp_path: Path) -> None:
    _, table = two_tower(tmp_path, kind)
    spec = resolve_table(tmp_path, table)
    backbone = loading.load(spec)
    own = backbone.features(images(2, VISION[kind]["image_size"]))
    for size in sizes:
        resized = open_clip.create_model(
            Path(spec.model).stem, pretrained=str(tmp_path / "two_tower.safetensors"), force_image_size=size
        ).eval()
        assert backbone.features(images(2, size)).allclose(resized.encode_image(images(2, size)), atol=1e-5)  # type: ignore[operator]
    assert backbone.features(images(2, VISION[kind]["image_size"])).equal(own)


def test_a_convolutional_trunk_takes_another_size_as_it_is(tmp_path: Path) -> None:
    model, table = two_tower(tmp_path, "trunk_convnext")
    backbone = loading.load(resolve_table(tmp_path, table), channels_last=False)
    assert backbone.features(images(2, 96)).equal(model.encode_image(images(2, 96)))  # type: ignore[operator]


def test_other_sizes_work_in_lower_precision(tmp_path: Path) -> None:
    _, table = two_tower(tmp_path)
    spec = resolve_table(tmp_path, table)
    exact, rough = (loading.load(spec, precision=precision) for precision in ("fp32", "bf16"))
    for size in (32, 48):
        near = rough.features(images(2, size).bfloat16())
        assert near.allclose(exact.features(images(2, size)), atol=0.05)
        assert near.dtype == torch.float32
    assert rough.logit_scale == exact.logit_scale
    assert rough.module.visual.conv1.weight.dtype == torch.bfloat16  # type: ignore[union-attr]


def test_preprocessing_is_open_clip_s_own_and_each_key_replaces_it_by_itself(tmp_path: Path) -> None:
    _, table = two_tower(tmp_path)
    own = loading.preprocessing(resolve_table(tmp_path, table))
    mean = PreprocessCfg().mean
    assert own.describe() == (
        f"32 px, bicubic, crop 1.0, shortest, mean {'/'.join(map(str, mean))}, std {'/'.join(map(str, PreprocessCfg().std))}"
    )
    assert "Resize(size=32" in str(image_transform_v2(PreprocessCfg(size=32), is_train=False))
    other = loading.preprocessing(resolve_table(tmp_path, f'{table}resize_mode = "longest"\nmean = [0.5, 0.5, 0.5]\n'))
    assert (other.resize_mode, other.mean, other.std, other.input_size) == ("longest", (0.5, 0.5, 0.5), own.std, 32)


def test_the_size_that_the_builder_is_told_is_the_input_size(tmp_path: Path) -> None:
    _, table = two_tower(tmp_path)
    spec = resolve_table(tmp_path, f"{table}model_args = {{ force_image_size = 48 }}\n")
    assert loading.preprocessing(spec).input_size == 48
    assert loading.load(spec).feature_width == 16


def test_published_preprocessing_comes_with_the_tag() -> None:
    from fixtures.backbones import catalog

    assert loading.preprocessing(catalog.resolve("open_clip:ViT-H-14-378-quickgelu/dfn5b")).resize_mode == "squash"
    assert loading.preprocessing(catalog.resolve("siglip_b")).mean == (0.5, 0.5, 0.5)


def test_a_tokenizer_that_does_not_fill_the_context_is_refused(tmp_path: Path) -> None:
    _, table = two_tower(tmp_path)
    tokenizer(tmp_path, padded=False)
    backbone = loading.load(resolve_table(tmp_path, table))
    with pytest.raises(UserError, match=f"wanted always {CONTEXT}: enable padding and truncation"):
        backbone.encode_text(TEXTS)


def test_an_architecture_without_a_tokenizer_of_its_own_file_uses_open_clip_s(tmp_path: Path) -> None:
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
    model, table = two_tower(tmp_path, text_cfg=text)
    spec = resolve_table(tmp_path, table.replace('tokenizer = "tokenizer.json"\n', ""))
    expected = model.encode_text(open_clip.tokenize(TEXTS))  # type: ignore[operator]
    assert loading.load(spec).encode_text(TEXTS).allclose(expected, atol=1e-5)


def test_missing_files_are_named(tmp_path: Path) -> None:
    _, table = two_tower(tmp_path)
    for file in ("tokenizer.json", "two_tower.safetensors"):
        (tmp_path / file).rename(tmp_path / "away")
        with pytest.raises(UserError, match=f"there is no file {tmp_path / file}"):
            loading.require_available(resolve_table(tmp_path, table))
        (tmp_path / "away").rename(tmp_path / file)
    with pytest.raises(UserError, match="model: there is no file"):
        resolve_table(tmp_path, table.replace("small_", "smal_"))


def test_a_configuration_under_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ViT-B-32.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": {}, "text_cfg": {}}))
    with pytest.raises(UserError, match="knows another architecture 'ViT-B-32'"):
        resolve_table(tmp_path, 'library = "open_clip"\nmodel = "ViT-B-32.json"\nweights = "w.safetensors"\n')


def test_weights_of_another_architecture_are_refused_by_key(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    model, _ = two_tower(other, "trunk_convnext")
    _, table = two_tower(tmp_path)
    save(model, tmp_path / "two_tower.safetensors")
    with pytest.raises(UserError, match=r"(?s)does not fit .*missing keys.*visual.*unexpected keys.*visual.trunk"):
        loading.require_available(resolve_table(tmp_path, table))


@pytest.mark.parametrize("wrapper", ["state_dict", "model"])
def test_weights_inside_of_a_training_checkpoint_are_found(wrapper: str, tmp_path: Path) -> None:
    model, table = two_tower(tmp_path)
    torch.save({wrapper: {f"module.{key}": value for key, value in model.state_dict().items()}, "epoch": 1}, tmp_path / "two_tower.pt")
    backbone = loading.load(resolve_table(tmp_path, table.replace(".safetensors", ".pt")))
    assert backbone.features(images()).allclose(model.encode_image(images()), atol=1e-5)  # type: ignore[operator]


def test_the_architecture_digest_sees_configuration_and_tokenizer(tmp_path: Path) -> None:
    _, table = two_tower(tmp_path)
    spec = resolve_table(tmp_path, table)
    before = loading.architecture_digest(spec)
    assert loading.architecture_digest(spec) == before
    (tmp_path / "tokenizer.json").write_text((tmp_path / "tokenizer.json").read_text() + " ")
    changed = loading.architecture_digest(spec)
    assert loading.architecture_digest(resolve_table(tmp_path, f"{table}model_args = {{ force_quick_gelu = true }}\n")) not in (
        before,
        changed,
    )
    assert changed != before


def test_a_contrastive_captioner_is_asked_like_the_others(tmp_path: Path) -> None:
    """CoCa's image tower answers with two things, and its encoders normalise unless told."""
    text = {"context_length": CONTEXT, "vocab_size": 11, "width": 32, "heads": 2, "layers": 1, "embed_cls": False, "output_tokens": True}
    multimodal = {"context_length": CONTEXT, "vocab_size": 11, "width": 32, "heads": 2, "layers": 1, "attn_pooler_heads": 2}
    vision = {**VISION["vit"], "attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True}
    model, table = two_tower(tmp_path, text_cfg=text, multimodal_cfg=multimodal, vision_cfg=vision, custom_text=True)
    backbone = loading.load(resolve_table(tmp_path, table))
    assert isinstance(model, open_clip.CoCa)
    assert backbone.features(images()).allclose(model.encode_image(images(), normalize=False), atol=1e-6)
    assert backbone.encode_text(TEXTS).allclose(model.encode_text(tokens(tmp_path), normalize=False), atol=1e-6)


@pytest.mark.parametrize("name", ["shapes_vit_clip", "shapes_convnext_clip", "shapes_vit_sup", "shapes_convnext_sup"])
def test_an_embedded_backbone_is_loaded_by_its_name(name: str) -> None:
    from fixtures.backbones import catalog

    spec = catalog.resolve(name)
    loading.require_available(spec)
    backbone = loading.load(spec)
    assert backbone.preprocessing.input_size == 64
    assert backbone.features(images(size=64)).isfinite().all()
    assert backbone.features(images(size=96)).shape == backbone.features(images(size=64)).shape
    assert "resolution" in spec.capabilities

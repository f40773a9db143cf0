"""timm models are loaded as timm loads them, at any size they take, in any precision."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fixtures.backbones import loading
from fixtures.backbones.pretrained_cfg import preprocessing_of
from fixtures.errors import UserError
from tests.backbones.small import PREPROCESSING, images, resolve_table, save, timm_model

TEN = "model_args = { num_classes = 10 }\n"


def local(tmp_path: Path, name: str, suffix: str = ".safetensors", extra: str = PREPROCESSING, **arguments):
    model = timm_model(name, **arguments)
    save(model, tmp_path / f"w{suffix}")
    keys = f"model_args = {{ {', '.join(f'{key} = {str(value).lower()}' for key, value in arguments.items())} }}\n"
    return model, resolve_table(tmp_path, f'library = "timm"\nmodel = "{name}"\nweights = "w{suffix}"\n{keys}{extra}')


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("name", ["test_vit", "test_convnext", "test_resnet", "test_efficientnet"])
def test_local_weights_give_timm_s_own_answers(name: str, suffix: str, tmp_path: Path) -> None:
    model, spec = local(tmp_path, name, suffix, 'label_space = "shapes"\n', num_classes=12)
    loading.require_available(spec)
    backbone = loading.load(spec, channels_last=False)
    batch = images(size=backbone.preprocessing.input_size)
    assert backbone.logits(batch).equal(model(batch))
    model.reset_classifier(0)  # type: ignore[operator]
    assert backbone.features(batch).allclose(model(batch), atol=1e-6)
    assert backbone.feature_width == backbone.features(batch).shape[1]


def test_arguments_that_a_model_does_not_take_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot build test_vit with model_args .*no_such_argument"):
        loading.traits(
            resolve_table(tmp_path, 'library = "timm"\nmodel = "test_vit"\nrandom_seed = 0\nmodel_args = { no_such_argument = 1 }\n')
        )


def test_each_key_of_the_preprocessing_replaces_timm_s_by_itself(tmp_path: Path) -> None:
    table = 'library = "timm"\nmodel = "convnext_base.fb_in22k_ft_in1k"\nrandom_seed = 0\n'
    own = loading.preprocessing(resolve_table(tmp_path, table))
    assert own.describe() == "224 px, bicubic, crop 0.875, shortest, mean 0.485/0.456/0.406, std 0.229/0.224/0.225"
    changed = {
        "input_size": 288,
        "crop_pct": 1.0,
        "interpolation": "bilinear",
        "resize_mode": "squash",
        "mean": (0.1, 0.2, 0.3),
        "std": (1.0, 1.0, 2.0),
    }
    for key, value in changed.items():
        text = repr(list(value)) if isinstance(value, tuple) else f'"{value}"' if isinstance(value, str) else str(value)
        other = loading.preprocessing(resolve_table(tmp_path, f"{table}{key} = {text}\n"))
        assert getattr(other, key) == value
        assert {each for each in changed if getattr(own, each) != getattr(other, each)} == {key}


@pytest.mark.parametrize(
    ("configuration", "reason"), [({"crop_mode": "border"}, "crop_mode 'border'"), ({"input_size": (3, 1024, 768)}, "1024 × 768 px")]
)
def test_a_way_of_taking_images_that_cannot_be_made_here_is_refused(configuration: dict, reason: str, tmp_path: Path) -> None:
    spec = resolve_table(tmp_path, 'library = "timm"\nmodel = "test_vit"\nrandom_seed = 0\n')
    with pytest.raises(UserError, match=reason):
        preprocessing_of(configuration, spec)


@pytest.mark.parametrize("name", ["test_vit", "eva02_tiny_patch14_224"])
def test_taking_other_sizes_changes_nothing_at_its_own(name: str, tmp_path: Path) -> None:
    model, spec = local(tmp_path, name, extra="", num_classes=12)
    assert "resolution" in spec.capabilities
    backbone = loading.load(spec)
    batch = images(1, size=backbone.preprocessing.input_size)
    assert backbone.features(batch).allclose(model.forward_head(model.forward_features(batch), pre_logits=True), atol=1e-5)  # type: ignore[operator]


def test_at_another_size_positions_are_interpolated_as_timm_does(tmp_path: Path) -> None:
    model, spec = local(tmp_path, "test_vit", extra='label_space = "shapes"\n', num_classes=12)
    backbone = loading.load(spec)
    assert spec.size_multiple == 16
    for size in (112, 224):
        model.set_input_size(img_size=(size, size))  # type: ignore[operator]
        assert backbone.logits(images(2, size)).allclose(model(images(2, size)), atol=1e-5)
        model = timm_model("test_vit", num_classes=12)


@pytest.mark.parametrize(
    ("model", "takes_sizes", "multiple"),
    [
        ("test_vit", True, 16),
        ("test_convnext", True, 32),
        ("swinv2_tiny_window8_256", False, 32),
        ("resnet50_clip", False, 32),
        ("vit_small_patch14_dinov2", True, 14),
    ],
)
def test_windowed_models_and_fixed_pools_take_one_size(model: str, takes_sizes: bool, multiple: int, tmp_path: Path) -> None:
    spec = resolve_table(tmp_path, f'library = "timm"\nmodel = "{model}"\nrandom_seed = 0\n')
    assert ("resolution" in spec.capabilities, spec.size_multiple) == (takes_sizes, multiple)
    assert {"features", "feature_maps"} <= spec.capabilities
    assert "text" not in spec.capabilities
    assert "native_head" not in spec.capabilities


def test_a_windowed_model_is_built_for_the_size_its_table_asks(tmp_path: Path) -> None:
    spec = resolve_table(tmp_path, 'library = "timm"\nmodel = "swin_tiny_patch4_window7_224"\nrandom_seed = 0\ninput_size = 112\n')
    assert loading.load(spec).features(images(1, 112)).shape == (1, 768)


def test_weights_of_another_model_are_refused_by_key(tmp_path: Path) -> None:
    save(timm_model("test_vit", num_classes=10), tmp_path / "w.safetensors")
    spec = resolve_table(tmp_path, 'library = "timm"\nmodel = "test_vit"\nweights = "w.safetensors"\nlabel_space = "imagenet_1k"\n')
    for attempt in (loading.require_available, loading.load):
        with pytest.raises(UserError, match=r"head.weight is \(10, 64\), the model's is \(1000, 64\)"):
            attempt(spec)
    spec = resolve_table(tmp_path, 'library = "timm"\nmodel = "test_resnet"\nweights = "w.safetensors"\n')
    with pytest.raises(UserError, match=r"(?s)missing keys.*unexpected keys.*blocks.0.attn"):
        loading.require_available(spec)


def test_a_head_of_another_size_than_its_label_space_is_refused(tmp_path: Path) -> None:
    _, spec = local(tmp_path, "test_vit", extra='label_space = "imagenet_1k"\n', num_classes=10)
    with pytest.raises(UserError, match=r"has 10 outputs, label space imagenet_1k has 1,000 classes.*num_classes = 1000"):
        loading.require_available(spec)


@pytest.mark.slow
def test_a_local_copy_of_published_weights_is_converted_by_timm(tmp_path: Path) -> None:
    """A file in open_clip's form fits timm's image tower only by timm's own conversion."""
    import open_clip

    towers = open_clip.create_model("RN50", pretrained=None)
    save(towers, tmp_path / "w.safetensors")
    spec = resolve_table(tmp_path, 'library = "timm"\nmodel = "resnet50_clip.openai"\nweights = "w.safetensors"\n')
    backbone = loading.load(spec, channels_last=False)
    own = backbone.module.state_dict()
    assert own["head.proj.weight"].equal(towers.visual.attnpool.c_proj.weight)  # type: ignore[union-attr]


def test_a_head_that_published_weights_do_not_have_is_refused(tmp_path: Path) -> None:
    save(timm_model("test_vit"), tmp_path / "w.safetensors")
    spec = resolve_table(tmp_path, f'library = "timm"\nmodel = "test_vit.r160_in1k"\nweights = "w.safetensors"\n{TEN}')
    with pytest.raises(UserError, match=r"num_classes = 10, but the head of test_vit.r160_in1k has 1000"):
        loading.load(spec)


def test_published_weights_without_their_head_still_fill_the_whole_body(tmp_path: Path) -> None:
    model = timm_model("test_vit")
    save(model, tmp_path / "w.safetensors")
    spec = resolve_table(
        tmp_path, 'library = "timm"\nmodel = "test_vit.r160_in1k"\nweights = "w.safetensors"\nmodel_args = { num_classes = 0 }\n'
    )
    batch = images(2, 160)
    expected = model.forward_head(model.forward_features(batch), pre_logits=True)  # type: ignore[operator]
    assert loading.load(spec).features(batch).allclose(expected, atol=1e-6)


def test_untrained_weights_follow_their_seed_and_leave_the_process_s_own_alone(tmp_path: Path) -> None:
    def at(seed: int):
        return resolve_table(tmp_path, f'library = "timm"\nmodel = "test_vit"\nrandom_seed = {seed}\n')

    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    zero, again, one = (loading.load(at(seed)).features(images(size=160)) for seed in (0, 0, 1))
    assert torch.rand(1).equal(expected)
    assert zero.equal(again)
    assert not zero.equal(one)
    assert loading.weights_digest(at(0)) == loading.weights_digest(at(0)) != loading.weights_digest(at(1))


def test_a_lower_precision_is_a_converted_copy_of_the_weights(tmp_path: Path) -> None:
    model, spec = local(tmp_path, "test_vit", extra='label_space = "shapes"\n', num_classes=12)
    backbone = loading.load(spec, precision="bf16")
    assert {parameter.dtype for parameter in backbone.module.parameters()} == {torch.bfloat16}
    batch = images(4, 160)
    answer = backbone.logits(batch.bfloat16())
    assert answer.dtype == torch.float32
    assert answer.allclose(model.bfloat16()(batch.bfloat16()).float(), atol=1e-6)


@pytest.mark.parametrize(("name", "last"), [("test_resnet", True), ("test_convnext", True), ("test_vit", False)])
def test_only_what_convolves_throughout_has_its_channels_last(name: str, last: bool, tmp_path: Path) -> None:
    model, spec = local(tmp_path, name, extra='label_space = "shapes"\n', num_classes=12)
    backbone = loading.load(spec)
    assert backbone.channels_last is last
    batch = images(2, 160).contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)
    assert backbone.logits(batch).allclose(model(batch), atol=1e-4)


def test_gradients_reach_the_image(tmp_path: Path) -> None:
    _, spec = local(tmp_path, "test_vit", extra='label_space = "shapes"\n', num_classes=12)
    batch = images(1, 160).requires_grad_()
    loading.load(spec).logits(batch).sum().backward()
    assert batch.grad is not None
    assert batch.grad.abs().sum() > 0


def test_digests_follow_the_file_and_the_arguments(tmp_path: Path) -> None:
    model, spec = local(tmp_path, "test_vit", num_classes=12)
    weights, architecture = loading.weights_digest(spec), loading.architecture_digest(spec)
    assert loading.weights_digest(spec) == weights
    model.head.bias.data[0] += 1  # type: ignore[union-attr, operator]
    save(model, tmp_path / "w.safetensors")
    assert loading.weights_digest(spec) != weights
    assert loading.architecture_digest(spec) == architecture
    _, other = local(tmp_path, "test_vit", num_classes=13)
    assert loading.architecture_digest(other) != architecture


def test_a_module_that_registers_the_model_is_imported_first(tmp_path: Path) -> None:
    (tmp_path / "own_models_here.py").write_text(
        "import timm\nfrom timm.models import register_model\nfrom timm.models.vision_transformer import VisionTransformer\n"
        "@register_model\ndef my_own_vit(pretrained=False, pretrained_cfg=None, pretrained_cfg_overlay=None, cache_dir=None, **kwargs):\n"
        "    return VisionTransformer(**(dict(img_size=32, patch_size=8, embed_dim=32, depth=1, num_heads=2) | kwargs))\n"
    )
    table = 'library = "timm"\nmodel = "my_own_vit"\nrandom_seed = 0\n'
    with pytest.raises(UserError, match=r"timm .* has no model 'my_own_vit'"):
        resolve_table(tmp_path, table)
    with pytest.raises(UserError, match="there is no module 'own_modls_here'"):
        resolve_table(tmp_path, f'{table}module = "own_modls_here"\n')
    spec = resolve_table(tmp_path, f'{table}module = "own_models_here"\n')
    with pytest.raises(UserError, match="how does it take images\\? Add input_size, crop_pct, interpolation, mean, std as keys"):
        loading.require_available(spec)
    spec = resolve_table(tmp_path, f'{table}module = "own_models_here"\n{PREPROCESSING}')
    loading.require_available(spec)
    assert loading.load(spec).features(images(2)).shape == (2, 32)
    assert "resolution" in spec.capabilities
    assert loading.load(spec).features(images(2, 48)).shape == (2, 32)

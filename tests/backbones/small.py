"""Small models with random weights, saved as a user would save them."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
import timm
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch import nn

from fixtures.backbones import catalog
from fixtures.backbones.specification import BackboneSpec

WORDS = ("[PAD]", "[UNK]", "a", "photo", "drawing", "of", "cat", "dog", "red", "bird", "[END]")
CONTEXT = 8
PREPROCESSING = 'input_size = 32\ncrop_pct = 0.875\ninterpolation = "bicubic"\nmean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\n'


def seeded(build, seed: int = 0):
    """What a builder returns when it draws its weights from a seed; the process's random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def random_statistics(module: nn.Module, seed: int = 1) -> nn.Module:
    """The module with every parameter and running statistic drawn anew, so that none is zero or one by convention."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=generator)
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1, generator=generator)
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5, generator=generator)
    return module.eval()


def timm_model(name: str, seed: int = 0, **arguments) -> nn.Module:
    return random_statistics(seeded(lambda: timm.create_model(name, **arguments), seed), seed + 1)


def save(module: nn.Module, path: Path) -> Path:
    """A safetensors file or, by its suffix, a torch file with the weights."""
    if path.suffix == ".safetensors":
        save_file({key: value.contiguous() for key, value in module.state_dict().items()}, path)
    else:
        torch.save(module.state_dict(), path)
    return path


def resolve_table(folder: Path, text: str, name: str = "subject") -> BackboneSpec:
    """The backbone of a TOML file with this one table."""
    (folder / "release.toml").write_text(f"[{name}]\n{text}")
    return catalog.resolve(str(folder / "release.toml"))


def tokenizer(folder: Path, padded: bool = True) -> Path:
    words = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = WhitespaceSplit()
    if padded:
        words.enable_truncation(CONTEXT)
        words.enable_padding(length=CONTEXT, pad_id=0, pad_token="[PAD]")
    words.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


VISION = {
    "vit": {"layers": 2, "width": 32, "head_width": 16, "patch_size": 8, "image_size": 32},
    "trunk_vit": {"timm_model_name": "test_vit", "timm_pool": "avg", "timm_proj": "linear", "image_size": 160},
    "trunk_convnext": {"timm_model_name": "test_convnext", "timm_pool": "avg", "timm_proj": "linear", "image_size": 32},
    "resnet": {"layers": [1, 1, 1, 1], "width": 16, "image_size": 32, "head_width": 32},
}


def two_tower(folder: Path, kind: str = "vit", seed: int = 0, **configuration) -> tuple[nn.Module, str]:
    """A small open_clip model saved beside its configuration and tokenizer, and the TOML table that describes it."""
    name = f"small_{kind}_{folder.name}"
    text = {"context_length": CONTEXT, "vocab_size": len(WORDS), "width": 32, "heads": 2, "layers": 1}
    (folder / f"{name}.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": VISION[kind], "text_cfg": text, **configuration}))
    open_clip.add_model_config(folder / f"{name}.json")
    module = random_statistics(seeded(lambda: open_clip.create_model(name), seed), seed + 1)
    save(module, folder / "two_tower.safetensors")
    tokenizer(folder)
    table = f'library = "open_clip"\nmodel = "{name}.json"\nweights = "two_tower.safetensors"\ntokenizer = "tokenizer.json"\n'
    return module, table


def images(count: int = 3, size: int = 32, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(seed))

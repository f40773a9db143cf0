"""Sentences found by images and images by sentences: two towers that belong together pass, under the shipped policy and at its sample
size, and towers of which one mistakes words are rejected.

A stand-in that is written for it has no text tower; so these are an embedded backbone, and what is left of it where its words are mixed up.
"""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from fixtures.shapes import subjects
from fixtures.shapes.captions import plural
from fixtures.shapes.scene import CLASS_NAMES
from fixtures.shapes.words import TOKENIZER_FILE
from tests.audits.runs import Verdicts, run

EMBEDDED = "shapes_convnext_clip"
WORDS = "token_embedding.weight"
CASES = {f"retrieval.{way}@{k} of shapes" for way in ("image_to_text", "text_to_image") for k in (1, 5, 10)}


def any_word_for_another(words: Tensor) -> Tensor:
    """Every word means what another one does."""
    return words[torch.randperm(len(words), generator=torch.Generator().manual_seed(0))]


def no_word_for_the_object(words: Tensor) -> Tensor:
    """Colour, surface, size, place and style are understood, and that there is an object, but not which one."""
    place = Tokenizer.from_file(str(TOKENIZER_FILE)).get_vocab()
    objects = [place[word] for name in CLASS_NAMES for word in (name, plural(name))]
    return words.index_copy(0, torch.tensor(objects), words[objects].mean(0).expand(len(objects), -1))


LIARS = {each.__name__: each for each in (any_word_for_another, no_word_for_the_object)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    folder = tmp_path_factory.mktemp("towers")
    weights = load_file(subjects.FOLDER / "weights" / f"{EMBEDDED}.safetensors")
    for name, mistaken in LIARS.items():
        save_file({**weights, WORDS: mistaken(weights[WORDS]).contiguous()}, folder / f"{name}.safetensors")
    (folder / "towers.toml").write_text("".join(map(table, LIARS)))
    backbones = [EMBEDDED, *(f"{folder / 'towers.toml'}:{name}" for name in LIARS)]
    return run(folder, "audits/test_retrieval.py", "-k", "sentence", *(f"--backbone={each}" for each in backbones))


def table(name: str) -> str:
    return f"""
[{name}]
library = "open_clip"
model = "{subjects.CONFIGURATIONS / EMBEDDED}.json"
module = "fixtures.shapes.trunks"
weights = "{name}.safetensors"
tokenizer = "{TOKENIZER_FILE}"
input_size = {subjects.INPUT_SIZE}
crop_pct = 1.0
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
datasets = ["shapes"]
"""


def verdicts(found: Verdicts, backbone: str) -> dict[str, str]:
    return {case: verdict for (_, name), of_audit in found.items() if name == backbone for case, verdict in of_audit.items()}


@pytest.mark.slow
def test_towers_that_belong_together_pass(found: Verdicts) -> None:
    assert verdicts(found, EMBEDDED) == dict.fromkeys(CASES, "holds")


@pytest.mark.slow
@pytest.mark.parametrize("liar", LIARS)
def test_towers_that_mistake_words_are_rejected(found: Verdicts, liar: str) -> None:
    assert verdicts(found, liar) == dict.fromkeys(CASES, "violated")

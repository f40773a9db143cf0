"""The tokenizer gives what open_clip's text tower expects."""

import json

import open_clip
import pytest
from tokenizers import Tokenizer

from fixtures.shapes import captions, splits, subjects
from fixtures.shapes.words import CONTEXT_LENGTH, TOKENIZER_FILE, build_tokenizer, tokens


def test_the_end_token_is_the_largest_and_stands_after_the_last_word() -> None:
    tokenizer = build_tokenizer()
    ids = tokens(tokenizer, ["a star", "two large blue bricked hexagons in a forest, photo"])

    assert ids.shape == (2, CONTEXT_LENGTH)
    assert ids.max(1).values.tolist() == [tokenizer.get_vocab_size() - 1] * 2
    assert ids.argmax(1).tolist() == [2, 10]


def test_a_text_longer_than_the_context_keeps_its_end_token() -> None:
    ids = tokens(build_tokenizer(), ["a " * 40])

    assert ids.argmax(1).tolist() == [CONTEXT_LENGTH - 1]


def test_case_and_spacing_of_commas_do_not_matter() -> None:
    ids = tokens(build_tokenizer(), ["A Star, photo", "a star , photo"])

    assert ids[0].tolist() == ids[1].tolist()


def test_different_captions_never_share_their_tokens() -> None:
    said = sorted(set(captions.caption(splits.scenes("shapes"))))

    ids = tokens(build_tokenizer(), said)

    assert len({tuple(row) for row in ids.tolist()}) == len(said)


@pytest.mark.parametrize("name", ["shapes_vit_clip", "shapes_convnext_clip"])
def test_the_configurations_fit_the_tokenizer(name: str) -> None:
    subjects.register()
    configuration = open_clip.get_model_config(name)

    assert configuration is not None
    assert configuration["text_cfg"]["vocab_size"] == build_tokenizer().get_vocab_size()
    assert configuration["text_cfg"]["context_length"] == CONTEXT_LENGTH


def test_the_shipped_tokenizer_is_the_one_that_is_built() -> None:
    shipped = Tokenizer.from_file(str(TOKENIZER_FILE))

    assert json.loads(shipped.to_str()) == json.loads(build_tokenizer().to_str())

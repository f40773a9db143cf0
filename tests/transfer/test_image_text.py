"""Images and sentences find each other at the ranks of a plain search, in both directions."""

import numpy as np
import pytest

from audits.measures.retrieval import recall_at
from fixtures.transfer.image_text import sentences, text_ranks

CAPTIONS = (("a dog", "a brown dog"), ("a cat",), ("a dog", "an animal", "a dog"), ("a house",))


def test_sentence_of_two_images_is_one_and_right_for_both():
    known = sentences(CAPTIONS)

    assert known.texts == ("a dog", "a brown dog", "a cat", "an animal", "a house")
    assert [known.of_image.of(image).tolist() for image in range(4)] == [[0, 1], [2], [0, 3], [4]]
    assert [known.about.of(text).tolist() for text in range(5)] == [[0, 2], [0], [1], [2], [3]]


def test_ranks_are_those_of_a_plain_search_in_both_directions():
    generator = np.random.default_rng(0)
    captions = [[f"sentence {number}" for number in generator.choice(40, 3, replace=False)] for _ in range(30)]
    known = sentences(captions)
    images, texts = generator.normal(size=(30, 8)).astype(np.float32), generator.normal(size=(len(known.texts), 8)).astype(np.float32)
    cosine = (images / np.linalg.norm(images, axis=1, keepdims=True)) @ (texts / np.linalg.norm(texts, axis=1, keepdims=True)).T

    to_text, to_image = text_ranks(images, texts, known, ids=[f"{row}.png" for row in range(30)])

    for image in range(30):
        found = [known.texts[text] for text in np.argsort(-cosine[image])]
        assert to_text.of(image).tolist() == sorted(1 + found.index(text) for text in set(captions[image]))
    for text, words in enumerate(known.texts):
        found = np.argsort(-cosine[:, text])
        assert to_image.of(text).tolist() == [rank for rank, image in enumerate(found, 1) if words in captions[image]]
    assert (to_text.ids[2], to_image.ids[2]) == ("2.png", known.texts[2])


def test_recall_of_towers_that_agree_is_one_and_of_others_is_chance():
    known = sentences([[f"sentence {row}"] for row in range(200)])
    images = np.random.default_rng(1).normal(size=(200, 16))

    agreeing = text_ranks(images, 3 * images, known)
    strangers = text_ranks(images, np.random.default_rng(2).normal(size=(200, 16)), known)

    assert [recall_at(1, each.ranks, each.starts, each.ids).value for each in agreeing] == [1.0, 1.0]
    assert [recall_at(1, each.ranks, each.starts, each.ids).value for each in strangers] == pytest.approx([0.005, 0.005], abs=0.02)

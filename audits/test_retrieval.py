"""Retrieval: asked with an image, or with a sentence, what shows the same is found first.

Why it gates: search, deduplication and recommendation use features as they are, without any classifier on top; what is not among the first
answers is not seen by anybody.
Measure: cosine of pooled features, the whole gallery ranked for each query, junk taken out before any rank. Mean average precision (of
the Oxford and Paris buildings by their own rule, Radenović et al. 2018), mean reciprocal rank, the share of queries with a right answer
among the first k (recall@k), the share of right answers among the first k (precision@k). Of class folders every image is a query against
all others (after Goldblum et al. 2023), or, where that makes more than 33 million right answers, a part of the images, drawn by the hash
of their names. Of two-tower backbones also sentences by images and images by sentences (Radford et al. 2021).
"""

import pytest

from audits.measures.retrieval import mean_average_precision, mean_reciprocal_rank, precision_at, recall_at

pytestmark = pytest.mark.needs("features")

FIRST = (1, 5, 10)


@pytest.mark.audit("retrieval.map")
@pytest.mark.needs("relevance")
def test_what_shows_the_same_stands_before_what_does_not(found, verdict):
    """What shows the same as the query stands before what does not."""
    precision = mean_average_precision(found.ranks.ranks, found.ranks.starts, found.ranks.ids, found.trapezoid)

    verdict.at_least(precision)


@pytest.mark.audit("retrieval.mrr")
@pytest.mark.needs("relevance")
def test_the_first_right_answer_comes_soon(found, verdict):
    """One need not look far down for the first right answer."""
    rank = mean_reciprocal_rank(found.ranks.ranks, found.ranks.starts, found.ranks.ids)

    verdict.at_least(rank)


@pytest.mark.audit("retrieval.recall@{k}")
@pytest.mark.needs("relevance")
@pytest.mark.parametrize("k", FIRST)
def test_a_right_answer_is_among_the_first(found, k, verdict):
    """A right answer is among the first k."""
    share = recall_at(k, found.ranks.ranks, found.ranks.starts, found.ranks.ids)

    verdict.at_least(share)


@pytest.mark.audit("retrieval.precision@{k}")
@pytest.mark.needs("relevance")
@pytest.mark.parametrize("k", FIRST)
def test_the_first_answers_are_right(found, k, verdict):
    """The first k answers are right ones."""
    share = precision_at(k, found.ranks.ranks, found.ranks.starts, found.ranks.ids)

    verdict.at_least(share)


@pytest.mark.audit("retrieval.image_to_text@{k}")
@pytest.mark.needs("captions", "text")
@pytest.mark.parametrize("k", FIRST)
def test_an_image_finds_its_sentence(told, k, verdict):
    """Asked with an image, a sentence about it is among the first k."""
    of_images, _ = told
    share = recall_at(k, of_images.ranks, of_images.starts, of_images.ids)

    verdict.at_least(share)


@pytest.mark.audit("retrieval.text_to_image@{k}")
@pytest.mark.needs("captions", "text")
@pytest.mark.parametrize("k", FIRST)
def test_a_sentence_finds_its_image(told, k, verdict):
    """Asked with a sentence, an image that it is about is among the first k."""
    _, of_texts = told
    share = recall_at(k, of_texts.ranks, of_texts.starts, of_texts.ids)

    verdict.at_least(share)

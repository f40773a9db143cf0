"""Determinism: the same image gets the same answer, however it is computed.

Why it gates: an answer that depends on what else is in the batch, on the run or on the precision cannot be reproduced, and no other
verdict is finer than that noise.
Measure: share of images with the same prediction when asked again, asked one by one instead of in batches, and in bfloat16 instead of
single precision.
"""

import pytest

from audits.measures.invariance import agreement

pytestmark = pytest.mark.needs("class_scores", "in_distribution")


@pytest.mark.audit("determinism.repeat")
def test_same_image_gets_the_same_answer_again(evidence, again, verdict):
    """Asked a second time, the backbone answers the same."""
    same = agreement(again.prediction, evidence.at(again.rows).prediction, again.ids)

    verdict.at_least(same)


@pytest.mark.audit("determinism.batch_size")
def test_answer_does_not_depend_on_the_batch(in_batches, one_by_one, verdict):
    """An image alone gets the answer that it gets among others."""
    same = agreement(one_by_one.prediction, in_batches.prediction, one_by_one.ids)

    verdict.at_least(same)


@pytest.mark.audit("determinism.precision")
def test_half_precision_answers_the_same(fp32_evidence, bf16_evidence, verdict):
    """In bfloat16 the backbone answers as in single precision."""
    same = agreement(bf16_evidence.prediction, fp32_evidence.prediction, bf16_evidence.ids)

    verdict.at_least(same)

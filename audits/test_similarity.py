"""Similarity: what a backbone's layers, and two backbones, have in common.

Why it gates: layers that see images alike repeat one another and could be spared; two backbones that see them alike fail alike, and make
no good pair. How much may be alike differs from product to product: a bound stands in its own policy.
Measure: linear centred kernel alignment (Kornblith et al. 2019) by minibatches, with the unbiased estimator (Nguyen, Raghu and Kornblith
2021), between the maps of each two layers; and, where several backbones are audited, between their last layers.
"""

import pytest

from audits.measures.similarity import layer_similarity

pytestmark = pytest.mark.needs("in_distribution", "feature_maps")


@pytest.mark.audit("similarity.cka")
def test_no_layer_repeats_the_one_before(layers, verdict):
    """No layer sees images just as the one before it does."""
    alike = layer_similarity(layers.products)

    verdict.at_most(alike)

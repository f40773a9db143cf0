"""Shape bias: where the outline of an object says one class and its surface another, a backbone goes by the outline, as people do.

Why it gates: surfaces change with paint, light, weather and camera; outlines stay. A backbone that sorts by surface is right on the
photographs it knows and wrong on the first painted, printed or drawn object.
Measure: fraction of the decisions on cue-conflict images that follow shape (Geirhos et al. 2019), among images where shape or texture was
named; and, where people answered to the same images, Cohen's kappa of right and wrong with each of them, on average (Geirhos et al. 2020).
"""

import pytest

from audits.measures.shape_bias import error_consistency, shape_bias

pytestmark = pytest.mark.needs("class_scores", "cue_conflict")


@pytest.mark.audit("shape_bias.cue_conflict")
def test_shape_decides_where_texture_disagrees(evidence, verdict):
    """Where shape and texture disagree, shape decides."""
    bias = shape_bias(evidence.prediction, evidence.labels, evidence.texture, evidence.people, evidence.networks, evidence.ids)

    verdict.at_least(bias)


@pytest.mark.audit("shape_bias.error_consistency")
@pytest.mark.needs("people")
def test_errors_are_those_that_people_make(evidence, verdict):
    """The backbone errs on the images on which people err, more than by chance."""
    kappa = error_consistency(evidence.prediction, evidence.labels, evidence.ids, evidence.people, evidence.networks)

    verdict.at_least(kappa)

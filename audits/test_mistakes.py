"""Mistakes: no condition makes a backbone wrong many times as often as it is overall.

Why it gates: an average forgives a backbone that fails in the dark or behind an occluder, as long as most images are bright and open; and
whoever knows under which condition mistakes happen knows which images to collect.
Measure: error ratio, the share of mistakes under a condition divided by that of all images (Idrissi et al. 2022, ImageNet-X). On
ImageNet-X: the factor that sets an image most apart from the typical ones of its class, these prototypes left out. On the embedded
dataset: what was rendered.
"""

import pytest

from audits.measures.mistakes import error_ratio

pytestmark = pytest.mark.needs("class_scores", "labels", "independent", "conditions")


@pytest.mark.audit("mistakes.error_ratio[{factor}]")
def test_no_condition_multiplies_mistakes(evidence, factor, verdict):
    """No condition makes mistakes much more frequent than they are overall."""
    ratio = error_ratio(evidence.correct, evidence.conditions[factor], evidence.ids)

    verdict.at_most(ratio)

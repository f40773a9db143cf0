"""Invariance: what an object is does not depend on its size, its place, the resolution or the light.

Why it gates: cameras move, crops differ and screens are dim; a backbone whose answer flips with them is unstable in every product built
on it, whatever its accuracy on centred photographs.
Measure: accuracy and mean probability of the true class under scaling, translation and change of resolution (grids of Vishniakov, Shen
and Liu 2024, for a 224 px input and in proportion for others); share of images whose prediction does not change under mild everyday
changes (Zhang 2019); how far the mildest change goes that alters one answer in four (or what the policy says), found by a search
(property-based testing: MacIver et al. 2019) on one half of the images and judged on the other.
"""

import pytest

from audits.measures.accuracy import top1
from audits.measures.invariance import consistency, mean_true_probability
from audits.measures.radius import mildest_failure
from fixtures.search.changes import SEARCHED
from fixtures.views.view import View, grid

pytestmark = pytest.mark.needs("class_scores", "labels", "in_distribution")

EVERYDAY = [
    *grid("flip"),
    View("translation", 5),
    View("translation", -5),
    View("scale", 1.25),
    *grid("rotation"),
    *grid("brightness"),
    *grid("contrast"),
    *grid("hue"),
    *grid("blur"),
]


@pytest.mark.audit("invariance.scale")
@pytest.mark.parametrize("view", grid("scale"), ids=str)
def test_objects_are_recognised_at_any_size(evidence, verdict):
    """Objects are recognised when they fill more of the image."""
    accuracy = top1(evidence.correct, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("invariance.scale_probability")
@pytest.mark.parametrize("view", grid("scale"), ids=str)
def test_confidence_in_the_truth_survives_scaling(evidence, verdict):
    """The true class keeps its probability when objects fill more of the image."""
    probability = mean_true_probability(evidence.log_p_label, evidence.ids)

    verdict.at_least(probability)


@pytest.mark.audit("invariance.translation")
@pytest.mark.parametrize("view", grid("translation"), ids=str)
def test_objects_are_recognised_off_centre(evidence, verdict):
    """Objects are recognised when the camera has moved to the side."""
    accuracy = top1(evidence.correct, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("invariance.translation_probability")
@pytest.mark.parametrize("view", grid("translation"), ids=str)
def test_confidence_in_the_truth_survives_translation(evidence, verdict):
    """The true class keeps its probability when the camera has moved to the side."""
    probability = mean_true_probability(evidence.log_p_label, evidence.ids)

    verdict.at_least(probability)


@pytest.mark.audit("invariance.resolution")
@pytest.mark.needs("resolution")
@pytest.mark.parametrize("view", grid("resolution"), ids=str)
def test_objects_are_recognised_at_other_resolutions(evidence, verdict):
    """Objects are recognised in fewer and in more pixels than the backbone was trained on."""
    accuracy = top1(evidence.correct, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("invariance.resolution_probability")
@pytest.mark.needs("resolution")
@pytest.mark.parametrize("view", grid("resolution"), ids=str)
def test_confidence_in_the_truth_survives_other_resolutions(evidence, verdict):
    """The true class keeps its probability in fewer and in more pixels."""
    probability = mean_true_probability(evidence.log_p_label, evidence.ids)

    verdict.at_least(probability)


@pytest.mark.audit("invariance.consistency")
@pytest.mark.parametrize("view", EVERYDAY, ids=str)
def test_everyday_changes_do_not_change_the_answer(evidence, reference, verdict):
    """Mirroring, nudging, cropping, tilting, dimming, tinting or blurring an image a little does not change what a backbone sees."""
    same = consistency(evidence.prediction, reference.prediction, evidence.ids)

    verdict.at_least(same)


@pytest.mark.audit("invariance.radius[{searched}]")
@pytest.mark.parametrize("searched", SEARCHED)
def test_no_mild_change_alters_answers(boundary, verdict):
    """What alters a good part of the answers is no mild change of the image."""
    radius = mildest_failure(boundary.radius, boundary.unchanged, boundary.images, boundary.least_consistency, boundary.detail)

    verdict.at_least(radius)

"""Robustness: a backbone still knows what it sees when the picture is poor, the surroundings are others, or somebody wants it to err.

Why it gates: sensors are noisy, lenses are dirty, it rains and it snows; what was learned on good pictures of one place is used on poor
pictures of another, and fails there without saying so. And a change that nobody sees, if it is sought, shows how little an answer rests on.
Measure: accuracy under the corruptions of Hendrycks and Dietterich (2019), made on the device at five severities as an instrument of our
own (its numbers are not those of the published ImageNet-C files), and over fifteen of them together the mean corruption error: mistakes in
units of a named reference network's; accuracy on datasets whose distribution has shifted, and what of it is not foretold by accuracy at
home: the distance from the line through the logits of many published networks (Taori et al. 2020), with the prediction interval for
another network of that kind, right as often at home and shown as many images; accuracy under the worst change of all pixels by at most
epsilon (linf) or of that length (l2), as far as projected gradient descent (Madry et al. 2018) and Auto-PGD on the cross-entropy (Croce
and Hein 2020) find it from any of their starts, in single precision, on a part of the images. These attacks follow gradients; that the
gradients lead somewhere is claimed beside it (after Athalye, Carlini and Wagner 2018).
"""

from itertools import pairwise

import pytest

from audits.measures.accuracy import top1
from audits.measures.corruption_error import mean_corruption_error
from audits.measures.effective import effective_robustness
from audits.measures.paired import difference
from fixtures.views.view import View, attacked, corrupted, grid

pytestmark = pytest.mark.needs("class_scores")

MORE_STEPS = tuple(zip(attacked("pgd"), attacked("fgsm"), strict=True))
LARGER = tuple((larger, smaller) for norm in ("linf", "l2") for smaller, larger in pairwise(grid(f"pgd_{norm}")))
A_QUARTER = (View("pgd_linf", 64),)  # of the range of a pixel


@pytest.mark.audit("robustness.corruption")
@pytest.mark.needs("labels", "in_distribution")
@pytest.mark.parametrize("view", corrupted(), ids=str)
def test_objects_are_recognised_in_poor_pictures(evidence, verdict):
    """Objects are recognised in pictures that are noisy, blurred, badly lit, rained or snowed on, or badly compressed."""
    accuracy = top1(evidence.correct, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("robustness.mce")
@pytest.mark.needs("labels", "in_distribution", "corruption_errors")
def test_poor_pictures_cost_no_more_than_they_cost_a_reference(corrupted_evidence, verdict):
    """Over all corruptions together, mistakes are few beside those of a reference network."""
    seen = corrupted_evidence
    error = mean_corruption_error(seen.correct, seen.ids, seen.reference_errors, seen.reference, seen.detail)

    verdict.at_most(error)


@pytest.mark.audit("robustness.shift")
@pytest.mark.needs("shift", "right_answers")
def test_objects_are_recognised_in_other_surroundings(evidence, verdict):
    """Objects are recognised on images of another origin than those that the backbone was made for."""
    accuracy = top1(evidence.accepted, evidence.accepted_names)

    verdict.at_least(accuracy)


@pytest.mark.audit("robustness.effective")
@pytest.mark.needs("right_answers", "cohort", "counterpart")
def test_other_surroundings_cost_no_more_than_they_cost_others(as_published, counterpart_as_published, verdict):
    """Other surroundings cost no more than they cost other networks that are right as often at home."""
    home = counterpart_as_published
    names = [*as_published.accepted_names, *home.accepted_names]
    residual = effective_robustness(as_published.accepted, home.accepted, as_published.cohort, names)

    verdict.at_least(residual)


@pytest.mark.audit("robustness.adversarial")
@pytest.mark.needs("labels", "in_distribution")
@pytest.mark.parametrize("view", attacked("pgd", "apgd"), ids=str)
def test_no_invisible_change_takes_the_answer_away(evidence, verdict):
    """Objects are recognised although the picture was changed, invisibly, so that they would not be."""
    accuracy = top1(evidence.correct, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("robustness.masking_steps")
@pytest.mark.needs("labels", "in_distribution")
@pytest.mark.parametrize(("view", "weaker"), MORE_STEPS, indirect=["weaker"], ids=str)
def test_more_steps_of_an_attack_never_help_the_backbone(evidence, weaker, verdict):
    """An attack of many steps leaves no more right answers than one of a single step: gradients lead it somewhere."""
    rise = difference(evidence.correct, weaker.correct, evidence.ids)

    verdict.at_most(rise)


@pytest.mark.audit("robustness.masking_epsilon")
@pytest.mark.needs("labels", "in_distribution")
@pytest.mark.parametrize(("view", "weaker"), LARGER, indirect=["weaker"], ids=str)
def test_a_larger_change_never_helps_the_backbone(evidence, weaker, verdict):
    """An attack that may change more leaves no more right answers than one that may change less."""
    rise = difference(evidence.correct, weaker.correct, evidence.ids)

    verdict.at_most(rise)


@pytest.mark.audit("robustness.masking_unbounded")
@pytest.mark.needs("labels", "in_distribution")
@pytest.mark.parametrize("view", A_QUARTER, ids=str)
def test_an_attack_that_may_change_everything_succeeds(evidence, verdict):
    """An attack that may change every pixel by a quarter of its range takes nearly every answer: it sees what the backbone goes by."""
    accuracy = top1(evidence.correct, evidence.ids)

    verdict.at_most(accuracy)

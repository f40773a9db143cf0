"""Accuracy: a backbone names what it sees, in every class and slice that it will meet.

Why it gates: an average hides the class or the condition in which a product fails every day, so the worst of them is held to a bound of
its own, with a lower limit that holds for all of them at once.
Measure: fraction of images right, top-1 and top-5 (Russakovsky et al. 2015); against re-assessed labels (ReaL, Beyer et al. 2020); lowest
class and lowest slice with a simultaneous interval.
"""

import pytest

from audits.measures.accuracy import real, top1, topk, worst_class, worst_slice

pytestmark = pytest.mark.needs("class_scores", "labels", "independent")


@pytest.mark.audit("accuracy.top1")
@pytest.mark.needs("in_distribution")
def test_first_answer_is_right(evidence, verdict):
    """The most probable class is the right one often enough."""
    accuracy = top1(evidence.correct, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("accuracy.top5")
@pytest.mark.needs("in_distribution")
def test_right_answer_is_among_the_first_five(evidence, verdict):
    """The right class is among the five most probable."""
    accuracy = topk(evidence.top5_hit, ids=evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("accuracy.real")
@pytest.mark.needs("real_labels")
def test_answer_is_one_that_people_accept(evidence, verdict):
    """The most probable class is one of those that people see in the image."""
    accuracy = real(evidence.prediction, evidence.real_labels, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("accuracy.worst_class")
@pytest.mark.needs("in_distribution")
def test_no_class_is_left_behind(evidence, verdict):
    """Even the class with the lowest accuracy is recognised."""
    accuracy = worst_class(evidence.correct, evidence.labels, evidence.class_names, ids=evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("accuracy.worst_slice")
@pytest.mark.needs("factors")
def test_no_condition_is_left_behind(evidence, verdict):
    """Even under the condition with the lowest accuracy objects are recognised."""
    accuracy = worst_slice(evidence.correct, evidence.factors, ids=evidence.ids)

    verdict.at_least(accuracy)

"""Calibration: a backbone's confidence should match how often it is right.

Why it gates: products accept predictions above a fixed confidence, and that threshold outlives the backbone it was tuned on.
Measure: expected calibration error over 15 equal-width bins of the largest softmax probability (Guo et al. 2017), class-wise (Kull et al.
2019); negative log-likelihood and Brier score; mean confidence minus accuracy, with its sign; and what is left after one temperature,
fitted on half of the images and judged on the other half. Of two-tower backbones at the logit scale that they learned, and, to be compared
with published tables (Vishniakov, Shen and Liu 2024), at 100. Under the corruptions of Hendrycks and Dietterich (2019), too.
"""

import pytest

from audits.measures.calibration import (
    brier,
    classwise_calibration_error,
    ece_after_temperature,
    ece_at_scale,
    expected_calibration_error,
    negative_log_likelihood,
    overconfidence,
)
from fixtures.views.view import corrupted

pytestmark = pytest.mark.needs("class_scores", "labels", "independent")


@pytest.mark.audit("calibration.ece")
def test_confidence_matches_accuracy(evidence, verdict):
    """Confidence says how often the backbone is right."""
    error = expected_calibration_error(evidence.confidence, evidence.correct, ids=evidence.ids)

    verdict.at_most(error)


@pytest.mark.audit("calibration.ece_corrupted")
@pytest.mark.needs("in_distribution")
@pytest.mark.parametrize("view", corrupted(), ids=str)
def test_confidence_falls_with_accuracy(evidence, verdict):
    """Confidence drops along with accuracy once pictures are poor."""
    error = expected_calibration_error(evidence.confidence, evidence.correct, ids=evidence.ids)

    verdict.at_most(error)


@pytest.mark.audit("calibration.classwise")
@pytest.mark.needs("logits")
def test_probability_of_each_class_matches_its_frequency(evidence, verdict):
    """The probability given to each class says how often it is that class."""
    error = classwise_calibration_error(evidence.logits, evidence.labels)

    verdict.at_most(error)


@pytest.mark.audit("calibration.overconfidence")
def test_confidence_does_not_exceed_accuracy(evidence, verdict):
    """The backbone does not promise more than it keeps."""
    excess = overconfidence(evidence.confidence, evidence.correct, evidence.ids)

    verdict.at_most(excess)


@pytest.mark.audit("calibration.nll")
def test_right_class_gets_probability(evidence, verdict):
    """The right class gets a high probability, wrong answers are not certain."""
    loss = negative_log_likelihood(evidence.log_p_label, evidence.ids)

    verdict.at_most(loss)


@pytest.mark.audit("calibration.brier")
def test_probabilities_are_near_the_truth(evidence, verdict):
    """The probabilities of all classes are near what is true."""
    score = brier(evidence.probability_square_sum, evidence.p_label, evidence.ids)

    verdict.at_most(score)


@pytest.mark.audit("calibration.temperature")
@pytest.mark.needs("logits")
def test_one_temperature_is_enough(evidence, verdict):
    """What miscalibration there is, one temperature mends."""
    error = ece_after_temperature(evidence.logits, evidence.labels, evidence.ids)

    verdict.at_most(error)


@pytest.mark.audit("calibration.ece_at_100")
@pytest.mark.needs("logits", "zero_shot")
def test_confidence_matches_accuracy_at_the_scale_of_the_papers(evidence, verdict):
    """At a logit scale of 100, too, confidence says how often a two-tower backbone is right."""
    error = ece_at_scale(evidence.logits, evidence.labels, evidence.logit_scale, ids=evidence.ids)

    verdict.at_most(error)

"""Outliers: a backbone's own scores tell images that show one of its classes from images that show none.

Why it gates: a camera also sees an empty belt, a hand, a page; a product that can tell asks a person, one that cannot names one of its
classes.
Measure: area under the ROC and the share of outliers that pass where 95 of 100 images of the classes do, by the largest softmax probability
(Hendrycks and Gimpel 2017), by the energy, the logarithm of the sum of exponentiated class scores (Liu et al. 2020), and by the distance
from the tenth nearest of other images of the classes in the space of features (after Sun et al. 2022).
"""

import pytest

from audits.measures.neighbours import neighbour_scores
from audits.measures.outliers import auroc, fpr95

pytestmark = pytest.mark.needs("class_scores", "outliers", "counterpart")

SCORES = {"softmax": "confidence", "energy": "log_sum_exp"}


@pytest.mark.audit("outliers.auroc[{score}]")
@pytest.mark.parametrize("score", SCORES)
def test_scores_tell_outliers_from_the_classes(evidence, counterpart, score, verdict):
    """Images of the classes get higher scores than images that show none of them."""
    area = auroc(counterpart.columns[SCORES[score]], evidence.columns[SCORES[score]], [*counterpart.names, *evidence.names])

    verdict.at_least(area)


@pytest.mark.audit("outliers.fpr95[{score}]")
@pytest.mark.parametrize("score", SCORES)
def test_few_outliers_pass_where_the_classes_do(evidence, counterpart, score, verdict):
    """At a threshold that 95 of 100 images of the classes pass, few others do."""
    share = fpr95(counterpart.columns[SCORES[score]], evidence.columns[SCORES[score]], [*counterpart.names, *evidence.names])

    verdict.at_most(share)


@pytest.mark.audit("outliers.auroc_neighbours")
@pytest.mark.needs("features")
def test_features_tell_outliers_from_the_classes(evidence, counterpart, verdict):
    """Images of the classes lie nearer to others of them than images that show none."""
    inner, outer = neighbour_scores(counterpart.features, counterpart.ids, evidence.features)
    area = auroc(inner, outer)

    verdict.at_least(area)


@pytest.mark.audit("outliers.fpr95_neighbours")
@pytest.mark.needs("features")
def test_few_outliers_lie_where_the_classes_do(evidence, counterpart, verdict):
    """At a distance within which 95 of 100 images of the classes lie, few others do."""
    inner, outer = neighbour_scores(counterpart.features, counterpart.ids, evidence.features)
    share = fpr95(inner, outer)

    verdict.at_most(share)

"""Verification: from two images and one threshold a backbone tells whether they show the same.

Why it gates: who is let in, which listings are doubles, whether a part is the one that was ordered: one threshold decides, for everybody,
and what is accepted wrongly costs more than what is asked again.
Measure: cosine of pooled features; share of pairs told rightly by a threshold chosen on the other nine folds (Huang et al. 2007, Labeled
Faces in the Wild); share of same pairs accepted where one different pair in a hundred, or in a thousand, is.
"""

import pytest

from audits.measures.verification import pair_accuracy, tar_at_far

pytestmark = pytest.mark.needs("features", "pairs")


@pytest.mark.audit("verification.accuracy")
def test_a_threshold_tells_the_same_from_others(judged, verdict):
    """A threshold on similarity tells pairs of the same from others."""
    accuracy = pair_accuracy(judged.similarity, judged.same, judged.fold, judged.left, judged.right)

    verdict.at_least(accuracy)


@pytest.mark.audit("verification.tar@far[{far}]")
@pytest.mark.parametrize("far", [0.01, 0.001])
def test_the_same_is_accepted_where_hardly_any_other_is(judged, far, verdict):
    """Pairs of the same are accepted by a threshold that hardly any other pair passes."""
    share = tar_at_far(judged.similarity, judged.same, judged.left, judged.right, far)

    verdict.at_least(share)

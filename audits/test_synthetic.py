"""Synthetic factors: where only one factor of a scene changes and all else stays, a backbone still knows what it sees.

Why it gates: in photographs light, place and size change together with everything else, and no accuracy says which of them a backbone
cannot stand; where scenes are rendered, it can be asked of each alone.
Measure: accuracy along the factor, and the largest drop from the level that training showed most, over scenes shown at both, with an
interval for all levels at once. Published sweeps are those of PUG-ImageNet (Bordes et al. 2023).
Background: accuracy lost when objects stand before a background that is not theirs, and how often the background alone gives the class of
the object that stood there (after Xiao et al. 2021, "Noise or Signal").
"""

import pytest

from audits.measures.sweeps import background_alone, background_reliance, largest_drop

pytestmark = pytest.mark.needs("class_scores", "labels")


@pytest.mark.audit("synthetic.factor[{factor}]")
@pytest.mark.needs("sweeps")
def test_no_single_factor_hides_an_object(evidence, factor, verdict):
    """No single factor, changed alone, makes a backbone lose what it recognised."""
    sweep = evidence.sweeps[factor]
    drop = largest_drop(evidence.accepted, sweep.level, evidence.scene, sweep.levels, sweep.reference)

    verdict.at_most(drop)


@pytest.mark.audit("synthetic.background_reliance")
@pytest.mark.needs("background")
def test_an_object_is_the_same_before_another_background(evidence, verdict):
    """Objects are recognised before a background that is not theirs."""
    background = evidence.background
    drop = background_reliance(evidence.accepted, background.level, evidence.scene, background.levels)

    verdict.at_most(drop)


@pytest.mark.audit("synthetic.background_alone")
@pytest.mark.needs("background")
def test_a_background_alone_does_not_give_the_class(evidence, verdict):
    """Without its object, a background does not tell which object stood there."""
    share = background_alone(evidence.accepted, evidence.background.level, evidence.ids)

    verdict.at_most(share)

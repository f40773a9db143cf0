"""Similarities of pairs are cosines, whatever the length of the features."""

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from fixtures.errors import BadInput
from fixtures.transfer import pairs
from fixtures.transfer.pairs import similarities


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_similarities_are_the_cosines_of_scipy(monkeypatch, dtype):
    features = np.random.default_rng(0).normal(size=(20, 6)).astype(dtype)
    left, right = np.random.default_rng(1).integers(0, 20, (2, 50))
    wanted = [
        1 - cosine(features[one].astype(np.float64), features[other].astype(np.float64)) for one, other in zip(left, right, strict=True)
    ]

    assert similarities(features, left, right) == pytest.approx(wanted, abs=1e-12)
    assert similarities(features * dtype(4), left, right) == pytest.approx(wanted, abs=1e-12)
    monkeypatch.setattr(pairs, "AT_ONCE", 13)
    assert similarities(features, left, right) == pytest.approx(wanted, abs=1e-12)


def test_features_without_a_direction_are_named():
    features = np.ones((5, 3))
    features[2], features[4] = 0.0, np.nan

    with pytest.raises(BadInput, match=r"features of 2 images of pairs .* rows 2, 4\."):
        similarities(features, np.array([0, 2, 4]), np.array([1, 1, 2]))
    assert similarities(features, np.array([0]), np.array([1])).tolist() == pytest.approx([1.0])

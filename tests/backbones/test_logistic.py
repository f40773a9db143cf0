"""Every fit reaches the minimum that an independent solver finds, whatever the features, the strength and the company it is fitted in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from fixtures.backbones import logistic
from fixtures.backbones.logistic import Fits
from fixtures.backbones.probe import CHOOSING, STRENGTHS
from fixtures.backbones.turned import turn


def clouds(count: int, width: int, classes: int, seed: int = 0, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping clouds whose features correlate and fade, some under a wrong label."""
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), generator.integers(0, classes, count - classes)])
    fading = np.arange(1, width + 1) ** -0.6
    mixing = np.linalg.qr(generator.normal(size=(width, width)))[0]
    centres = generator.normal(size=(classes, width)) * fading
    features = (centres[labels] + generator.normal(size=(count, width)) * fading) @ mixing
    wrong = generator.random(count) < noise
    wrong[:classes] = False
    return features, np.where(wrong, generator.integers(0, classes, count), labels)


def plain(features: np.ndarray, labels: np.ndarray, dtype: torch.dtype = torch.float64) -> Fits:
    """One fit on features as they are, neither scaled nor turned."""
    ones = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    shares = torch.full((1, len(labels)), 1 / len(labels), dtype=dtype)
    return Fits(torch.from_numpy(ones).to(dtype), torch.from_numpy(labels), shares, int(labels.max()) + 1)


def prepared(features: np.ndarray, labels: np.ndarray, dtype: torch.dtype = torch.float64) -> tuple[Fits, np.ndarray]:
    """One fit as a probe makes it, and the standardised features that a reference takes."""
    tensor = torch.from_numpy(features)
    turned = turn(tensor)
    shares = torch.full((1, len(labels)), 1 / len(labels), dtype=dtype)
    return Fits(turned.of(tensor, dtype), torch.from_numpy(labels), shares, int(labels.max()) + 1), turned.standard(tensor).numpy()


def lowest(features: np.ndarray, labels: np.ndarray, strength: float) -> float:
    """The objective at the minimum, by scikit-learn."""
    fitted = LogisticRegression(C=1 / (strength * len(labels)), tol=1e-10, max_iter=20_000).fit(features, labels)
    logarithms = fitted.predict_log_proba(features)[np.arange(len(labels)), labels]
    return float(-logarithms.mean() + strength / 2 * np.square(fitted.coef_).sum())


def objective(fits: Fits, strength: float, parameters: Tensor) -> float:
    """The same, of our parameters, as it is written."""
    scores = fits.features.double() @ parameters[0].double()
    loss = torch.nn.functional.cross_entropy(scores, fits.labels)
    return float(loss + strength / 2 * parameters[0, :-1].double().square().sum())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("count", "width", "classes"), [(120, 5, 3), (300, 24, 12), (90, 60, 9), (40, 70, 6)])
def test_the_whole_grid_is_within_a_ten_thousandth_of_scikit_learn_s_optimum(
    count: int, width: int, classes: int, dtype: torch.dtype
) -> None:
    features, labels = clouds(count, width, classes)
    fits, standard = prepared(features, labels, dtype)
    for strength, found in list(zip(STRENGTHS, logistic.path(fits, STRENGTHS, tolerance=CHOOSING), strict=True))[::3]:
        assert objective(fits, strength, found.parameters) <= lowest(standard, labels, strength) * (1 + 1e-4)
        assert found.converged


@pytest.mark.parametrize("strength", [1e-5, 1e-2, 1.0])
def test_a_tight_minimum_gives_scikit_learn_s_probabilities_and_weights(strength: float) -> None:
    features, labels = clouds(200, 10, 4)
    fits = plain(features, labels)
    found = logistic.minimum(fits, strength, tolerance=1e-12).parameters[0]
    reference = LogisticRegression(C=1 / (strength * len(labels)), tol=1e-10, max_iter=20_000).fit(features, labels)
    assert np.allclose((fits.features @ found).softmax(1).numpy(), reference.predict_proba(features), atol=1e-5)
    weights = (found[:-1] - found[:-1].mean(1, keepdim=True)).numpy()
    assert np.allclose(weights, (reference.coef_ - reference.coef_.mean(0)).T, rtol=1e-3, atol=1e-3 * np.abs(weights).max())


def test_badly_scaled_and_collinear_features_reach_the_same_optimum() -> None:
    features, labels = clouds(200, 8, 4)
    twice = np.concatenate([features, features[:, :3], features @ np.ones((8, 1))], axis=1) * np.logspace(-5, 5, 12) + 3.0
    fits, standard = prepared(twice, labels)
    assert fits.features.shape[1] == 8 + 1
    for strength in (1.0, 1e-3, 1e-5):
        found = logistic.minimum(fits, strength, tolerance=1e-8)
        assert objective(fits, strength, found.parameters) == pytest.approx(lowest(standard, labels, strength), rel=1e-5)


@pytest.mark.parametrize("strength", [1e-4, 1e-1])
def test_features_that_were_not_turned_only_take_longer(strength: float) -> None:
    features, labels = clouds(150, 6, 3)
    scaled = features * np.logspace(-1, 1, 6)
    found = logistic.minimum(plain(scaled, labels), strength, tolerance=1e-8)
    assert objective(plain(scaled, labels), strength, found.parameters) == pytest.approx(lowest(scaled, labels, strength), rel=1e-5)


def test_fits_in_one_batch_are_those_made_alone() -> None:
    """Three parts of the images, each left out of one fit: the batch, with fits that converge at different times, changes nothing."""
    features, labels = clouds(180, 7, 3)
    fits, _ = prepared(features, labels)
    part = torch.arange(180) % 3
    shares = torch.stack([(part != left_out).double() / 120 for left_out in range(3)])
    together = list(logistic.path(Fits(fits.features, fits.labels, shares, 3), (1.0, 1e-2, 1e-4), tolerance=1e-11))
    for left_out in range(3):
        kept = part != left_out
        alone = Fits(fits.features[kept], fits.labels[kept], torch.full((1, 120), 1 / 120, dtype=torch.float64), 3)
        for one, other in zip(together, logistic.path(alone, (1.0, 1e-2, 1e-4), tolerance=1e-11), strict=True):
            assert float(one.objective[left_out]) == pytest.approx(float(other.objective[0]), rel=1e-9)
            ours, theirs = ((fits.features @ each).softmax(1) for each in (one.parameters[left_out], other.parameters[0]))
            assert torch.allclose(ours, theirs, atol=1e-4)


def test_images_in_parts_give_the_same_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    fits, _ = prepared(*clouds(200, 10, 4))
    one = logistic.minimum(fits, 1e-3, tolerance=1e-12).parameters
    monkeypatch.setitem(logistic.SCORES_AT_ONCE, "cpu", 150)
    assert len(list(fits.parts())) > 5
    assert logistic.minimum(fits, 1e-3, tolerance=1e-12).parameters.allclose(one, atol=1e-5)


def test_the_path_takes_far_fewer_passes_than_each_strength_from_nothing() -> None:
    fits, _ = prepared(*clouds(400, 30, 8))
    walked = sum(found.passes for found in logistic.path(fits, STRENGTHS, tolerance=1e-6))
    from_nothing = sum(logistic.minimum(fits, strength, tolerance=1e-6).passes for strength in STRENGTHS)
    assert walked < 15 * len(STRENGTHS)
    assert walked < 0.7 * from_nothing


@given(st.integers(0, 2**32 - 1), st.sampled_from([(80, 5, 3), (60, 20, 5), (30, 50, 4)]), st.sampled_from([0.0, 0.1]))
@settings(max_examples=6, deadline=None)
def test_what_is_small_enough_to_choose_by_is_within_a_ten_thousandth(seed: int, shape: tuple[int, int, int], noise: float) -> None:
    """The gap is only estimated, from within: against fits that go on until next to nothing is left."""
    fits, _ = prepared(*clouds(*shape, seed, noise))
    enough, all_the_way = (list(logistic.path(fits, STRENGTHS[::2], tolerance=tolerance)) for tolerance in (CHOOSING, 1e-9))
    for one, other in zip(enough, all_the_way, strict=True):
        assert float(one.objective) <= float(other.objective) * (1 + 1e-4)


def test_images_that_are_almost_certain_keep_their_digits_in_single_precision() -> None:
    """Clouds far apart under a weak strength: 1 - p is all that is left to learn from, and float32 has seven digits of p."""
    features, labels = clouds(60, 4, 3, noise=0)
    fits, exact = (prepared(features + 30 * np.eye(4)[labels], labels, dtype)[0] for dtype in (torch.float32, torch.float64))
    one, other = (list(logistic.path(each, STRENGTHS, tolerance=CHOOSING))[-1] for each in (fits, exact))
    assert float(other.objective) < 1e-3
    assert objective(exact, STRENGTHS[-1], one.parameters) == pytest.approx(float(other.objective), rel=1e-4)
    assert one.passes < 30


def test_a_start_far_off_is_found_back_from() -> None:
    fits, _ = prepared(*clouds(200, 10, 4))
    wanted = logistic.minimum(fits, 1e-2, tolerance=1e-10)
    start = 100 * torch.randn(wanted.parameters.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = logistic.minimum(fits, 1e-2, tolerance=1e-10, start=start)
    assert float(found.objective) == pytest.approx(float(wanted.objective), rel=1e-7)


@given(st.integers(0, 2**32 - 1), st.floats(-5, 1))
@settings(max_examples=20, deadline=None)
def test_no_way_off_the_minimum_leads_down(seed: int, power: float) -> None:
    features, labels = clouds(60, 4, 3, seed)
    fits, _ = prepared(features, labels)
    found = logistic.minimum(fits, 10.0**power, tolerance=1e-9)
    away = torch.randn(found.parameters.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    for length in (1e-2, 1.0):
        assert objective(fits, 10.0**power, found.parameters + length * away) > objective(fits, 10.0**power, found.parameters)


def test_features_that_say_nothing_leave_the_class_shares() -> None:
    labels = np.array([0, 0, 0, 1])
    fits, _ = prepared(np.ones((4, 3)), labels)
    found = logistic.minimum(fits, 1e-2, tolerance=1e-12).parameters[0]
    assert fits.features.shape == (4, 1)
    assert (fits.features @ found).softmax(1)[0].tolist() == pytest.approx([0.75, 0.25], abs=1e-6)

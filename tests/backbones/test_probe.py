"""The probe is the optimum that an independent solver finds, at a strength chosen on images that it was not fitted on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from fixtures.backbones import probe
from fixtures.errors import BadInput
from fixtures.progress import on


def blobs(
    count: int = 300, width: int = 12, classes: int = 4, spread: float = 1.5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Overlapping clouds, one a class, with features of very different scales."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    centres = generator.normal(size=(classes, width))
    features = (centres[labels] + spread * generator.normal(size=(count, width))) * np.logspace(-2, 2, width)
    return features.astype(np.float32), labels, [f"{index}.png" for index in range(count)]


def fit(features: np.ndarray, labels: np.ndarray, ids: list[str], classes: int = 4) -> probe.Probe:
    return probe.fit(features, labels, ids, classes=classes, device="cpu", progress=on())


def test_the_whole_probe_is_a_grid_search_of_scikit_learn_s() -> None:
    features, labels, ids = blobs()
    apart = probe.held_out(ids)
    losses = {}
    for strength in probe.STRENGTHS:
        inside = features[~apart].astype(np.float64)
        mean, deviation = inside.mean(0), inside.std(0)
        model = LogisticRegression(C=1 / (strength * len(inside)), tol=1e-9, max_iter=10_000).fit(
            (inside - mean) / deviation, labels[~apart]
        )
        losses[strength] = log_loss(labels[apart], model.predict_proba((features[apart] - mean) / deviation))
    found = fit(features, labels, ids)
    assert found.held_out_loss == pytest.approx(losses, rel=1e-3)
    assert found.strength == min(losses, key=losses.__getitem__)
    mean, deviation = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    final = LogisticRegression(C=1 / (found.strength * len(labels)), tol=1e-9, max_iter=10_000).fit((features - mean) / deviation, labels)
    answer = found.scores(torch.from_numpy(features)).softmax(1).numpy()
    assert np.allclose(answer, final.predict_proba((features - mean) / deviation), atol=1e-4)


def test_noise_is_held_back_more_than_signal() -> None:
    """Where features say nothing about the classes, a weak strength overfits and must not be chosen."""
    features, labels, ids = blobs(spread=0.3)
    noise = np.random.default_rng(1).normal(size=features.shape).astype(np.float32)
    assert fit(noise, labels, ids).strength > fit(features, labels, ids).strength


def test_it_is_the_same_on_every_run_and_from_any_thread_state() -> None:
    features, labels, ids = blobs()
    one = fit(features, labels, ids)
    torch.manual_seed(123)
    with torch.inference_mode():
        other = fit(features, labels, ids)
    assert one.weights.equal(other.weights)
    assert one.strength == other.strength


def test_a_fifth_is_held_out_by_name_whatever_else_is_there() -> None:
    names = [f"folder/{index}.jpeg" for index in range(10_000)]
    apart = probe.held_out(names)
    assert apart.mean() == pytest.approx(0.2, abs=0.015)
    assert (probe.held_out(names[::-1])[::-1] == apart).all()
    assert (probe.held_out(names[:10]) == apart[:10]).all()


def test_a_feature_that_never_changes_says_nothing() -> None:
    features, labels, ids = blobs()
    constant = np.concatenate([features, np.full((len(features), 1), 3.0, dtype=np.float32)], axis=1)
    plain, more = fit(features, labels, ids), fit(constant, labels, ids)
    assert more.weights.isfinite().all()
    assert more.scores(torch.from_numpy(constant)).allclose(plain.scores(torch.from_numpy(features)), atol=1e-3)


def test_a_class_without_train_images_is_never_predicted() -> None:
    features, labels, ids = blobs()
    assert 4 not in fit(features, labels, ids, classes=5).scores(torch.from_numpy(features)).argmax(1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f, y, i: (f[:1], y[:1], i[:1]), "too small for a probe"),
        (lambda f, y, i: (f[:0], y[:0], i[:0]), "too small for a probe"),
        (lambda f, y, i: (f, y + 1, i), "labels of the train split go from 1 to 4; there are 4 classes"),
        (lambda f, y, i: (np.where(f > 100, np.nan, f).astype(np.float32), y, i), "NaN or infinity"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(change, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        fit(*change(*blobs()))


def test_lists_of_different_lengths_are_refused() -> None:
    features, labels, ids = blobs()
    with pytest.raises(ValueError, match="299 ids"):
        fit(features, labels, ids[:-1])


def test_where_there_is_much_to_fit_the_choice_in_single_precision_leads_to_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels, ids = blobs()
    exact = fit(features, labels, ids)
    monkeypatch.setattr(probe, "MANY", 0)
    found = fit(features, labels, ids)
    assert found.held_out_loss == pytest.approx(exact.held_out_loss, rel=1e-3)
    assert found.strength == exact.strength
    assert found.scores(torch.from_numpy(features)).allclose(exact.scores(torch.from_numpy(features)), atol=1e-4)


def test_half_precision_features_are_fitted_as_they_are() -> None:
    features, labels, ids = blobs()
    half = features.astype(np.float16)
    found, wanted = fit(half, labels, ids), fit(half.astype(np.float32), labels, ids)
    assert found.weights.equal(wanted.weights)


def test_more_features_than_images_are_fitted_in_the_span_of_the_images() -> None:
    features, labels, ids = blobs(count=60, width=150)
    found = fit(features, labels, ids)
    mean, deviation = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    standard = (features - mean) / deviation
    final = LogisticRegression(C=1 / (found.strength * 60), tol=1e-9, max_iter=10_000).fit(standard, labels)
    reached = []
    for weights, bias in ((found.weights.numpy(), found.bias.numpy()), (final.coef_.T, final.intercept_)):
        losses = log_loss(labels, softmax(standard @ weights + bias, axis=1))
        reached.append(losses + found.strength / 2 * np.square(weights.astype(np.float64)).sum())
    assert reached[0] <= reached[1] * (1 + 1e-6)
    other = blobs(count=40, width=150, seed=5)[0]
    answer = found.scores(torch.from_numpy(other)).softmax(1).numpy()
    assert np.allclose(answer, final.predict_proba((other - mean) / deviation), atol=5e-3)  # so weak a strength leaves the reference short

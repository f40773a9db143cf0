"""A real backbone on a real task: what is fitted on its features is right as often as scikit-learn's is on the same features."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from fixtures.backbones import catalog as backbones
from fixtures.backbones.probe import held_out
from fixtures.backbones.routes import Route, choose
from fixtures.datasets import catalog as datasets
from fixtures.evidence import pooled
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.identity import Identity
from fixtures.evidence.request import Request, Subject
from fixtures.evidence.source import EvidenceSource
from fixtures.evidence.terms import Terms
from fixtures.progress import silent
from fixtures.transfer import fitted
from tests.test_real_input import BACKBONE, REAL

CLOTHING = REAL / "clothing"
HALF_A_POINT = 0.005
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CLOTHING.is_dir(), reason=f"real photographs are not at {CLOTHING}")]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[EvidenceSource, Evidence]:
    """MobileNetV2 about 372 photographs of ten kinds of clothes, with 400 to learn from."""
    folder = tmp_path_factory.mktemp("clothing")
    (folder / "backbone.toml").write_text(BACKBONE.format((REAL / "weights" / "mobilenetv2_100_imagenet.safetensors").resolve()))
    (folder / "clothing.toml").write_text(
        f'[clothing]\nlayout = "folders"\nroot = "{CLOTHING.resolve()}"\nsplits = {{ train = "train", test = "test" }}\n'
    )
    backbone, dataset = backbones.resolve(str(folder / "backbone.toml")), datasets.resolve(str(folder / "clothing.toml"))
    route = choose(backbone, dataset)
    assert isinstance(route, Route)
    subjects = {(backbone.name, dataset.name): Subject(backbone, dataset, route)}
    source = EvidenceSource(Identity(subjects, Terms(folder / "cache", device="cpu", precision="fp32")), silent)
    clean = Request(backbone.name, dataset.name)
    source.expect([(clean, frozenset({"features"}))])
    return source, source.evidence(clean)


def both(asked: tuple[EvidenceSource, Evidence]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and labels of the train and of the test split, and which train images are held out."""
    source, evidence = asked
    train = pooled.train_split(source, Request(evidence.backbone, evidence.dataset))
    assert evidence.labels is not None
    assert evidence.features is not None
    features, test = np.asarray(train.features, dtype=np.float64), np.asarray(evidence.features, dtype=np.float64)
    return features, np.asarray(train.labels), test, evidence.labels, held_out(train.ids)


def test_a_linear_probe_is_right_as_often_as_scikit_learn_s(asked: tuple[EvidenceSource, Evidence]) -> None:
    train, labels, test, truth, apart = both(asked)
    mean, deviation = train.mean(0), np.where(train.std(0) > 0, train.std(0), 1)
    train, test = (train - mean) / deviation, (test - mean) / deviation

    def theirs(rows: np.ndarray, strength: float) -> LogisticRegression:
        return LogisticRegression(C=1 / (strength * rows.sum()), max_iter=5000, tol=1e-6).fit(train[rows], labels[rows])

    strengths = 10.0 ** np.arange(1, -6.5, -0.5)
    losses = [-np.log(theirs(~apart, each).predict_proba(train[apart])[np.arange(apart.sum()), labels[apart]]).mean() for each in strengths]
    accuracy = theirs(np.ones_like(apart), strengths[int(np.argmin(losses))]).score(test, truth)

    assert abs(fitted.probed(*asked).correct.mean() - accuracy) <= HALF_A_POINT
    assert accuracy > 0.7  # of ten classes: features of ImageNet know clothes


def test_the_nearest_vote_as_scikit_learn_s_do(asked: tuple[EvidenceSource, Evidence]) -> None:
    train, labels, test, truth, _ = both(asked)
    train, test = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (train, test))

    def weights(distance: np.ndarray) -> np.ndarray:
        return np.exp((1 - distance**2 / 2) / 0.07)

    theirs = KNeighborsClassifier(20, weights=weights, algorithm="brute").fit(train, labels)

    assert abs(fitted.nearest(*asked).correct.mean() - theirs.score(test, truth)) <= HALF_A_POINT


def test_a_handful_of_examples_is_worth_less_than_all_of_them(asked: tuple[EvidenceSource, Evidence]) -> None:
    five, tenth = (fitted.few_shot(*asked, shots).correct.mean() for shots in ("5", "10%"))

    assert 0.3 < five < fitted.probed(*asked).correct.mean()
    assert 0.2 < tenth < five + 0.05

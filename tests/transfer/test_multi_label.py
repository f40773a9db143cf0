"""Of an image with several labels or none, each label is told by a classifier of its own; what is unknown teaches nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fixtures.backbones import probe
from fixtures.errors import BadInput
from fixtures.evidence import pooled
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.request import Request
from fixtures.evidence.source import EvidenceSource
from fixtures.transfer import fitted
from tests import labels
from tests.evidence.subjects import Said, source

SEEING = "tests.labels:seeing"
CLEAN, FEATURES = Request(SEEING, "weather"), frozenset({"features"})


def asked(folder: Path) -> tuple[EvidenceSource, Evidence]:
    table = folder / "weather.toml"
    made = source(folder / "cache", Said(), SEEING, str(table if table.exists() else labels.write_pictures(folder, "auroc", 80)))
    made.expect([(CLEAN, FEATURES)])
    return made, made.evidence(CLEAN)


def test_each_label_is_told_as_scikit_learn_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[float] = []
    ours = probe.answering
    monkeypatch.setattr(probe, "answering", lambda *args: chosen.append(args[3]) or ours(*args))
    made, evidence = asked(tmp_path)
    train = made.identity.dataset("weather", "train")
    features = np.asarray(pooled.train_split(made, CLEAN).features, dtype=np.float64)
    assert train.label_matrix is not None
    assert evidence.features is not None

    found = fitted.probed_labels(made, evidence)

    assert found.scores.shape == found.truth.shape == (80, 3)
    assert set(np.unique(found.truth)) == {-1, 0, 1}
    for label, strength in zip(range(3), chosen, strict=True):
        known = train.label_matrix[:, label] >= 0
        mean, deviation = features[known].mean(0), features[known].std(0)
        # of two opposite columns of weights, each half as large, |weights|² is half of one's
        theirs = LogisticRegression(C=2 / (strength * known.sum()), tol=1e-10, max_iter=10_000)
        theirs.fit((features[known] - mean) / deviation, train.label_matrix[known, label])
        wanted = theirs.decision_function((np.asarray(evidence.features, dtype=np.float64) - mean) / deviation)
        np.testing.assert_allclose(found.scores[:, label], wanted, rtol=2e-3, atol=2e-3)


def test_what_was_fitted_is_found_again_until_the_truth_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fitted.probed_labels(*asked(tmp_path))
    fits: list[int] = []
    ours = probe.fit
    monkeypatch.setattr(probe, "fit", lambda *args, **about: fits.append(1) or ours(*args, **about))

    again = fitted.probed_labels(*asked(tmp_path))
    unchanged = len(fits)
    table = tmp_path / "weather" / "train.csv"
    table.write_text(table.read_text().replace(",1\n", ",0\n", 3))
    other = fitted.probed_labels(*asked(tmp_path))

    np.testing.assert_array_equal(first.scores, again.scores)
    assert (unchanged, len(fits)) == (0, 3)
    assert not np.array_equal(first.scores, other.scores)


def test_a_label_of_which_nothing_is_known_is_named(tmp_path: Path) -> None:
    labels.write_pictures(tmp_path, "auroc", 80)
    table = tmp_path / "weather" / "train.csv"
    header, *rows = table.read_text().splitlines()
    table.write_text("\n".join([header, *(f"{row.rsplit(',', 1)[0]},-1" for row in rows)]) + "\n")

    with pytest.raises(BadInput, match="label 'old', known of 0 train images"):
        fitted.probed_labels(*asked(tmp_path))

"""Sabotaged evidence has names of its own, and what is shared with the sound backbone is the sound backbone's."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from fixtures.evidence.identity import Identity
from fixtures.evidence.request import SETTINGS, Request
from fixtures.evidence.source import EvidenceSource
from fixtures.sabotage.changes import OF_LABELS, SERVED
from fixtures.sabotage.table import Sabotaged
from fixtures.views.view import View
from tests.evidence.subjects import FACTORY, HEADLESS, Said, dots, painted, source

NAMES = [*SERVED, *OF_LABELS]
TINY = f"{FACTORY}tiny"
AMOUNT = 4.0


def with_sabotages(made: EvidenceSource) -> EvidenceSource:
    """A source of the same subjects, and of each of them under every sabotage."""
    subjects = dict(made.identity.subjects)
    for (backbone, dataset), subject in made.identity.subjects.items():
        for name in NAMES:
            subjects[f"{backbone}+{name}", dataset] = replace(subject, serving=Sabotaged(name, AMOUNT))
    return EvidenceSource(Identity(subjects, made.terms), made.progress)


@pytest.fixture
def tried(tmp_path: Path) -> EvidenceSource:
    return with_sabotages(source(tmp_path / "cache", Said(), TINY, dots(tmp_path, 60)))


@pytest.mark.parametrize("view", [View("flip", "horizontal"), View("rotation", 10), View("pgd_linf", 1)], ids=str)
@pytest.mark.parametrize("setting", SETTINGS)
def test_no_two_servings_share_evidence(tried: EvidenceSource, view: View, setting: str) -> None:
    keys = [tried.identity.key(Request(backbone, dataset, view, setting)) for backbone, dataset in tried.identity.subjects]

    assert len(set(keys)) == len(keys) == 1 + len(NAMES)


def test_another_amount_is_another_sabotage() -> None:
    assert Sabotaged("noisy_weights", 1.0).digest != Sabotaged("noisy_weights", 2.0).digest


def test_the_evidence_of_the_sound_backbone_has_the_name_that_it_always_had(tmp_path: Path, tried: EvidenceSource) -> None:
    """A run that knows of no sabotage finds the evidence of the control, and no other."""
    table = str(tmp_path / "dots.toml")
    for backbone, dataset in tried.identity.subjects:
        tried.evidence(Request(backbone, dataset))
    alone = source(tmp_path / "cache", Said(), TINY, table)
    fresh = source(tmp_path / "fresh", Said(), TINY, table)

    found, anew = (one.evidence(Request(TINY, "dots")) for one in (alone, fresh))

    assert alone.forward_passes == 0
    assert fresh.forward_passes == 1
    for name, column in anew.columns.items():
        assert np.array_equal(found.columns[name], column)


def test_every_sabotage_changes_answers_or_labels(tried: EvidenceSource) -> None:
    sound = tried.evidence(Request(TINY, "dots"))
    columns = {name: tried.evidence(Request(f"{TINY}+{name}", "dots")).log_p_label for name in NAMES}

    for name, column in columns.items():
        assert not np.allclose(column, sound.log_p_label), name
    for one, other in combinations(NAMES, 2):
        assert not np.allclose(columns[one], columns[other]), (one, other)


def test_columns_are_about_the_shuffled_labels(tried: EvidenceSource) -> None:
    request = Request(f"{TINY}+shuffled_labels", "dots")
    tried.expect([(request, frozenset({"logits"}))])
    shuffled, sound = tried.evidence(request), tried.evidence(Request(TINY, "dots"))

    assert shuffled.logits is not None
    assert shuffled.labels is not None
    assert sound.labels is not None
    of_label = shuffled.logits[np.arange(60), shuffled.labels]
    assert np.allclose(shuffled.log_p_label, of_label - shuffled.columns["log_sum_exp"], atol=1e-5)
    assert np.array_equal(shuffled.prediction, sound.prediction)
    assert not np.array_equal(shuffled.labels, sound.labels)


def test_a_backbone_is_loaded_once_for_all_that_is_done_to_it(tried: EvidenceSource) -> None:
    loaded = {id(tried.backbone(backbone)) for backbone, _ in tried.identity.subjects}

    assert len(loaded) == 1


@pytest.mark.parametrize("name", ["noisy_weights", "swapped_channels", "wrong_temperature"])
def test_a_probe_is_fitted_on_the_sound_backbone(tmp_path: Path, name: str) -> None:
    """Fitted on broken features it would make up for them; and what is kept of them would answer for the sound ones."""
    pictures = painted(tmp_path, "painted")
    tried = with_sabotages(source(tmp_path / "cache", Said(), HEADLESS, pictures))
    broken = tried.evidence(Request(f"{HEADLESS}+{name}", "painted"))
    after = source(tmp_path / "cache", Said(), HEADLESS, pictures).evidence(Request(HEADLESS, "painted"))
    anew = source(tmp_path / "fresh", Said(), HEADLESS, pictures).evidence(Request(HEADLESS, "painted"))

    assert np.array_equal(after.log_p_label, anew.log_p_label)
    assert not np.allclose(broken.log_p_label, after.log_p_label)

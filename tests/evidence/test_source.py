"""Nothing is measured twice: not the same pixels under two names, not the class names of a dataset in two runs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from fixtures.backbones import catalog as backbones
from fixtures.backbones.routes import Route, choose
from fixtures.datasets import catalog as datasets
from fixtures.evidence.identity import Identity
from fixtures.evidence.planning import plan
from fixtures.evidence.request import Request, Subject
from fixtures.evidence.source import EvidenceSource
from fixtures.evidence.terms import Terms
from fixtures.progress import Bar, Progress, silent
from fixtures.views.view import View

BACKBONE, DATASET = "shapes_convnext_clip", "shapes"


@pytest.fixture
def said() -> list[str]:
    """What the progress line showed, in order."""
    return []


@pytest.fixture
def progress(said: list[str]) -> Progress:
    def remembered(total: int, description: str) -> AbstractContextManager[Bar]:
        said.append(description)
        return silent(total, description)

    return remembered


def source(cache: Path, progress: Progress) -> EvidenceSource:
    backbone, dataset = backbones.resolve(BACKBONE), datasets.resolve(DATASET)
    route = choose(backbone, dataset)
    assert isinstance(route, Route)
    subjects = {(BACKBONE, DATASET): Subject(backbone, dataset, route)}
    return EvidenceSource(Identity(subjects, Terms(cache, device="cpu", limit=8)), progress)


def test_views_of_the_same_pixels_are_one_pass(tmp_path: Path, progress: Progress) -> None:
    clean, scaled = Request(BACKBONE, DATASET), Request(BACKBONE, DATASET, View("scale", 1))
    asked = source(tmp_path, progress)
    asked.expect([(scaled, frozenset()), (clean, frozenset({"logits"}))])

    planned = plan(asked)
    first, second = asked.evidence(scaled), asked.evidence(clean)

    assert [one.request for one in planned] == [scaled]
    assert asked.forward_passes == 1
    assert (first.view, second.view) == ("scale=1", "clean")
    assert np.array_equal(first.prediction, second.prediction)
    assert second.logits is not None


def test_class_names_are_embedded_once(tmp_path: Path, progress: Progress, said: list[str]) -> None:
    source(tmp_path, progress).evidence(Request(BACKBONE, DATASET))
    again = source(tmp_path, progress)
    again.evidence(Request(BACKBONE, DATASET, View("brightness", 0.7)))

    assert again.forward_passes == 1
    assert said.count(f"{BACKBONE} class names") == 1

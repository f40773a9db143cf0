"""Evidence answers a misspelt name with the nearest right one, so that the author of an audit need not read the engine."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fixtures.datasets.sweeps import Sweep
from fixtures.evidence.evidence import Evidence


@pytest.fixture
def evidence() -> Any:
    """Of three images without labels."""
    rows = np.arange(3)
    columns = {"prediction": rows, "confidence": rows / 3, "top_two_gap": rows / 4}
    return Evidence("vit", "photos", "clean", rows.astype(object), rows, None, ("a", "b"), columns, "native head", "224 px", "fp32")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("confidense", "evidence has no 'confidense'. Did you mean 'confidence'"),
        ("label", "evidence has no 'label'. Did you mean 'labels'"),
        ("top_two_gap", "evidence has no 'top_two_gap'; it is a column: evidence.columns['top_two_gap']."),
        ("qqqq", "evidence has no 'qqqq'. It has backbone, dataset, view,"),
    ],
)
def test_a_misspelt_attribute_is_answered_with_the_nearest(evidence: Any, name: str, words: str) -> None:
    with pytest.raises(AttributeError) as told:
        getattr(evidence, name)

    assert words in str(told.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("top_two_gapp", "evidence has no column 'top_two_gapp'. Did you mean 'top_two_gap'?"),
        ("qqqq", "evidence has no column 'qqqq'. Its columns: prediction, confidence, top_two_gap."),
        ("log_p_label", "no column 'log_p_label' without labels: mark the audit with pytest.mark.needs(\"labels\")"),
    ],
)
def test_a_misspelt_column_is_answered_with_the_nearest(evidence: Any, name: str, words: str) -> None:
    for part in (evidence, evidence.at(np.array([1]))):
        with pytest.raises(KeyError) as told:
            part.columns[name]

        assert words in told.value.args[0]


def test_what_others_said_stays_with_its_images(evidence: Any) -> None:
    told = replace(
        evidence, texture=np.array([1, 0, 1]), people={"subject-01": np.array([0, -1, 1])}, networks={"vgg": np.array([1, 1, 0])}
    )

    part = told.at(np.array([2, 1]))

    assert part.texture.tolist() == [1, 0]
    assert part.people["subject-01"].tolist() == [1, -1]
    assert part.networks["vgg"].tolist() == [0, 1]


def test_evidence_can_be_copied(evidence: Any) -> None:
    for same in (copy.deepcopy(evidence), pickle.loads(pickle.dumps(evidence)), replace(evidence)):
        assert same.confidence.tolist() == evidence.confidence.tolist()
        assert not hasattr(same, "confidense")


def test_any_class_that_is_right_for_an_image_is_accepted(evidence: Any) -> None:
    labelled = replace(evidence, labels=np.array([0, 0, 2]))
    several = replace(labelled, real_labels=((0,), (0, 1), (0, 1)))

    assert labelled.accepted.tolist() == labelled.correct.tolist() == [True, False, True]
    assert several.accepted.tolist() == [True, True, False]


def test_levels_and_scenes_stay_with_their_images(evidence: Any) -> None:
    sweep = Sweep(("own", "red"), 0, np.array([0, 1, -1]))
    swept = replace(evidence, sweeps={"colour": sweep}, background=sweep, scene=np.array(["a", "a", "b"]))

    part = swept.at(np.array([2, 1]))

    assert part.sweeps["colour"].level.tolist() == part.background.level.tolist() == [-1, 1]
    assert part.scene.tolist() == ["b", "a"]


def test_evidence_is_written_down_in_a_few_words(evidence: Any) -> None:
    """Pytest writes down every argument of a test that ends with an exception, as a claim does that is only reported."""
    assert repr(evidence) == "<Evidence of vit on photos, clean: 3 images>"

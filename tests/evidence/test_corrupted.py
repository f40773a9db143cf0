"""Evidence under all corruptions at once, beside the errors of a reference network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fixtures.datasets import catalog
from fixtures.datasets.corruption_errors import PUBLISHED, CorruptionErrors, read
from fixtures.errors import UserError
from fixtures.evidence.corrupted import CorruptedEvidence, counted, gather
from fixtures.evidence.evidence import Evidence
from fixtures.views.corruptions import CORRUPTIONS, INSTRUMENT, SEVERITIES, VERSION
from fixtures.views.view import View
from tests.datasets.pictures import write

FIFTEEN = [name for name, corruption in CORRUPTIONS.items() if not corruption.extra]


def answers(view: View) -> Evidence:
    """Right on as many of ten images as the severity leaves."""
    severity = int(view.value or 0)
    return Evidence(
        "backbone", "dataset", str(view), np.arange(10), np.arange(10), np.zeros(10, dtype=int), ("a", "b"),
        {"prediction": (np.arange(10) < severity).astype(int)}, "", "", "",
    )  # fmt: skip


@pytest.mark.parametrize(("saved", "suffix"), [(False, ""), (True, "_as_jpeg")])
def test_the_fifteen_corruptions_count_at_the_severities_of_the_depth(saved: bool, suffix: str) -> None:
    assert [str(view) for view in counted((3, 1), saved)] == [f"corruption_{name}{suffix}={step}" for name in FIFTEEN for step in (1, 3)]


@pytest.mark.parametrize("saved", [False, True])
def test_right_answers_stand_beside_the_errors_of_the_reference(saved: bool) -> None:
    reference = CorruptionErrors("other", {(name, step): step / 10 for name in FIFTEEN for step in SEVERITIES})

    gathered = gather(answers, reference, (2, 4), saved)

    assert list(gathered.correct) == list(gathered.reference_errors) == FIFTEEN
    assert gathered.reference_errors["fog"] == {2: 0.2, 4: 0.4}
    assert {step: int(right.sum()) for step, right in gathered.correct["fog"].items()} == {2: 8, 4: 6}
    assert (gathered.reference, gathered.saved, gathered.ids.tolist()) == ("other", saved, list(range(10)))


def test_a_reference_without_an_error_is_named() -> None:
    reference = CorruptionErrors("other", {(name, 3): 0.5 for name in FIFTEEN if name != "snow"})

    with pytest.raises(UserError, match=r"the reference other has no error for snow, severity 3"):
        gather(answers, reference, (3,), saved=False)


@pytest.mark.parametrize("name", [name for name in catalog.names() if catalog.resolve(name).corruption_errors])
def test_every_reference_of_the_catalogue_has_errors_for_any_depth(name: str) -> None:
    path = catalog.resolve(name).corruption_errors
    assert path is not None

    reference = read(path, name)

    assert path.stem == reference.reference
    assert reference.version in (PUBLISHED, str(VERSION))
    assert {(name, step) for name in FIFTEEN for step in SEVERITIES} <= set(reference.errors)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("corruption,severity\nfog,1\n", r"wanted columns corruption, severity, error and a row"),
        ("corruption,severity,error\n", r"wanted columns"),
        ("corruption,severity,error\nfog,1,0\n", r"fog, severity 1: got '0', wanted a share above 0"),
        ("corruption,severity,error\nfog,one,0.5\n", r"fog, severity one"),
        (
            "corruption,severity,error,version\nfog,1,0.5,1\nfog,2,0.5,\n",
            r"column version: got '1', '', wanted in all rows either \d+, published",
        ),
        ("corruption,severity,error,version\nfog,1,0.5,new\n", r"column version: got 'new', wanted"),
        (
            f"corruption,severity,error,version\nfog,1,0.5,{VERSION + 1}\n",
            rf"under version {VERSION + 1} of .* now: take .* measure other again",
        ),
    ],
)
def test_what_is_no_reference_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(write(tmp_path / "other.csv", text), "here")


ON_FILES = "in units of the mistakes of alexnet on the published ImageNet-C files, which were saved as JPEG; these images were "


@pytest.mark.parametrize(
    ("reference", "version", "severities", "saved", "files", "said"),
    [
        (
            "alexnet", PUBLISHED, SEVERITIES, True, True,
            f"{ON_FILES}read from files, at all five severities; published figures compare, within the interval",
        ),
        (
            "alexnet", PUBLISHED, (1, 3), True, True,
            f"{ON_FILES}read from files, at severities 1, 3; published figures do not compare, which takes severities = [1, 2, 3, 4, 5]",
        ),
        (
            "alexnet", PUBLISHED, SEVERITIES, True, False,
            f"{ON_FILES}made by {INSTRUMENT}, at all five severities, saved as JPEG; published figures may stand beside it, as those of "
            "another instrument",
        ),
        (
            "alexnet", PUBLISHED, (3,), False, False,
            f"{ON_FILES}made by {INSTRUMENT}, at severity 3, not saved as JPEG; published figures do not compare, which takes the files "
            "themselves or jpeg_round_trip = true and severities = [1, 2, 3, 4, 5]",
        ),
        (
            "shapes_vit_sup", str(VERSION), (3,), False, False,
            f"in units of the mistakes of shapes_vit_sup under {INSTRUMENT}; these images were made likewise, at severity 3, not saved as "
            "JPEG; no published figure is in these units",
        ),
        (
            "coin", "", (3,), False, False,
            f"in units of the mistakes of coin; these images were made by {INSTRUMENT}, at severity 3, not saved as JPEG",
        ),
    ],
)  # fmt: skip
def test_it_is_said_in_which_units_mistakes_are_counted_and_whether_published_figures_compare(
    reference: str, version: str, severities: tuple[int, ...], saved: bool, files: bool, said: str
) -> None:
    correct = {name: dict.fromkeys(severities, np.ones(3, dtype=bool)) for name in FIFTEEN}
    errors = {name: dict.fromkeys(severities, 0.5) for name in FIFTEEN}

    detail = CorruptedEvidence(np.arange(3), correct, errors, reference, version, saved, files).detail

    assert detail["said"] == said
    assert (detail["over"], detail["saved_as_jpeg"]) == ("15 corruptions", saved)
    assert detail.get("instrument") == (None if files else INSTRUMENT)

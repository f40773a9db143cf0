"""Two runs are compared only where both knew the same of the images: each thing that an audit may ask for is part of the digest."""

from dataclasses import fields, replace

import numpy as np
import pytest

from fixtures.datasets import annotations, catalog, loading
from fixtures.datasets.answers import Answers
from fixtures.datasets.cohorts import Cohort
from fixtures.datasets.corruption_errors import CorruptionErrors
from fixtures.datasets.dataset import Dataset
from fixtures.datasets.pairs import Pairs
from fixtures.datasets.queries import Queries, lists
from fixtures.datasets.sweeps import Sweep

# What names images, says what is right, and shows them is digested as contents; the rest is how a dataset is spoken of.
ELSEWHERE = {"name", "split", "ids", "labels", "label_space", "images", "prompts", "knows", "is_part", "written", "where"}

ONE, TWO = np.array([0]), np.array([0, 1])


def cohort(share: float) -> Cohort:
    shares = np.array([share, 0.5])
    return Cohort("a table", ("one", "other"), shares, shares, np.array([True, True]), "home", "away", (None, None))


CHANGES = {
    "factors": ({"size": np.array(["large", "small"])}, {"size": np.array(["large", "large"])}),
    "conditions": ({"dark": np.array([True, False])}, {"dark": np.array([True, True])}),
    "real_labels": (((1,), (2, 3)), ((1,), (2,))),
    "texture": (np.array([1, 2]), np.array([1, 3])),
    "answers": (Answers({"subject-01": np.array([1, 2])}), Answers({"subject-01": np.array([1, -1])})),
    "cohort": (cohort(0.7), cohort(0.8)),
    "corruption_errors": (CorruptionErrors("net", {("fog", 1): 0.2}), CorruptionErrors("net", {("fog", 1): 0.3})),
    "sweeps": ({"size": Sweep(("s", "l"), 0, np.array([0, 1]))}, {"size": Sweep(("s", "l"), 0, np.array([1, 1]))}),
    "background": (Sweep(("a", "b"), None, np.array([0, 1])), Sweep(("a", "b"), None, np.array([0, 0]))),
    "scene": (np.array(["one", "two"]), np.array(["one", "one"])),
    "label_matrix": (np.array([[1, 0]], dtype=np.int8), np.array([[1, -1]], dtype=np.int8)),
    "metric": ("accuracy", "mean_per_class"),
    "queries": (Queries(ONE, TWO, lists([[1]])), Queries(ONE, TWO, lists([[1]]), lists([[0]]))),
    "pairs": (Pairs(ONE, ONE, ONE == 0, ONE), Pairs(ONE, ONE, ONE == 1, ONE)),
    "captions": ((("a dog",), ("a cat", "an animal")), (("a dog",), ("a cat",))),
}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return loading.load(catalog.expand("shapes", None, (3,))[0])


def test_everything_that_is_known_of_images_is_digested() -> None:
    assert {*annotations.KNOWN, *annotations.OF_SOME} == {each.name for each in fields(Dataset)} - ELSEWHERE == set(CHANGES)


def test_what_was_known_before_keeps_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    without_captions = loading.load(catalog.expand("shapes_shifted", None, (3,))[0])
    now = annotations.digest(without_captions)

    monkeypatch.setattr(annotations, "OF_SOME", {})

    assert annotations.digest(without_captions) == now


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_changes_the_digest(dataset: Dataset, name: str) -> None:
    one, other = (annotations.digest(replace(dataset, **{name: known})) for known in CHANGES[name])

    assert one != other
    assert one == annotations.digest(replace(dataset, **{name: CHANGES[name][0]}))


def test_the_same_dataset_has_the_same_digest_when_it_is_read_again(dataset: Dataset) -> None:
    assert annotations.digest(dataset) == annotations.digest(loading.load(catalog.expand("shapes", None, (3,))[0]))

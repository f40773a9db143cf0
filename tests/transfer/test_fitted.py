"""What is fitted on features is fitted once, on the images that the run's depth allows, and found again by what it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from fixtures.datasets.queries import Queries
from fixtures.errors import BadInput
from fixtures.evidence import pooled
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.request import Request, Serving
from fixtures.evidence.source import EvidenceSource
from fixtures.transfer import fitted, searched
from tests.evidence.subjects import HEADLESS, Said, painted, source

FEATURES = frozenset({"features"})
CLEAN = Request(HEADLESS, "cats")


def asked(folder: Path, **terms: int) -> tuple[EvidenceSource, Evidence, Said]:
    """Evidence with features of a backbone without a head, about pictures with a train split of 60, and where it comes from."""
    name, said = str(folder / "cats.toml"), Said()
    if not (folder / "cats.toml").exists():
        painted(folder, "cats", 20)
    made = source(folder / "cache", said, HEADLESS, name, **terms)
    made.expect([(CLEAN, FEATURES)])
    return made, made.evidence(CLEAN), said


def test_the_features_of_a_split_are_measured_once_for_all_that_is_fitted_on_them(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    before = made.forward_passes
    for fit in (fitted.probed, fitted.nearest):
        fit(made, evidence)
    fitted.few_shot(made, evidence, "5")

    assert before == 2  # the train split for the probe that gives class scores, and the test split
    assert made.forward_passes == before


def test_features_are_kept_in_half_precision(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)

    assert evidence.features is not None
    assert evidence.features.dtype == np.float16
    assert pooled.train_split(made, CLEAN).features.dtype == np.float16


def test_the_probe_of_all_features_is_the_probe_that_gives_class_scores(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    probed = fitted.probed(made, evidence)

    np.testing.assert_array_equal(probed.prediction, evidence.prediction)
    np.testing.assert_allclose(probed.confidence, evidence.confidence, atol=1e-3)  # but for the rounding of the features
    assert probed.route.startswith("probe, 60 train images")


def test_what_was_fitted_is_found_by_another_run(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    first = fitted.probed(made, evidence), fitted.nearest(made, evidence), fitted.few_shot(made, evidence, "10%")
    later, evidence, said = asked(tmp_path)
    second = fitted.probed(later, evidence), fitted.nearest(later, evidence), fitted.few_shot(later, evidence, "10%")

    assert later.forward_passes == 0
    assert not said.lines
    assert [one.route for one in first] == [one.route for one in second]
    np.testing.assert_array_equal(first[0].prediction, second[0].prediction)
    np.testing.assert_array_equal(first[2].correct, second[2].correct)


def test_a_run_of_less_depth_fits_on_fewer_images_and_never_answers_for_a_deeper_one(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path, train_images=30)
    shallow = fitted.nearest(made, evidence)
    made, evidence, _ = asked(tmp_path)
    deep = fitted.nearest(made, evidence)

    assert "of 30 train images" in shallow.route
    assert "of 60 train images" in deep.route


def test_more_examples_than_there_are_are_refused_with_the_classes_that_lack_them(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path, train_images=8)

    with pytest.raises(BadInput, match="5 images of each class were asked for"):
        fitted.few_shot(made, evidence, "5")


def test_draws_differ_and_none_sees_a_test_image(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    found = fitted.few_shot(made, evidence, "5")

    assert found.correct.shape == (fitted.DRAWS, evidence.n)
    assert len({row.tobytes() for row in found.correct}) > 1


def test_a_search_is_made_once_and_found_again(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    first = searched.found(made, evidence)
    later, evidence, said = asked(tmp_path)
    second = searched.found(later, evidence)

    assert "searching" not in said.lines
    assert first.ranks.ids == second.ranks.ids
    np.testing.assert_array_equal(first.ranks.ranks, second.ranks.ranks)
    assert len(first.ranks) == evidence.n
    assert (np.diff(first.ranks.starts) == evidence.n // 2 - 1).all()  # each of two classes against all others


def test_where_classes_are_too_large_a_part_of_the_images_is_asked_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each still against all others, so that its ranks are what they were."""
    made, evidence, _ = asked(tmp_path)
    everything = searched.found(made, evidence).ranks
    monkeypatch.setattr(searched, "MOST_ANSWERS", len(everything.ranks) // 3)

    few = searched.found(made, evidence).ranks

    assert len(few) == evidence.n // 3
    assert set(few.ids) < set(everything.ids)
    for place, name in enumerate(few.ids):
        np.testing.assert_array_equal(few.of(place), everything.of(everything.ids.index(name)))


def test_a_query_of_a_class_that_is_not_searched_is_asked_without_an_answer(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    dataset = made.identity.dataset("cats")
    rows = np.arange(evidence.n)
    dataset.__dict__["queries"] = Queries(rows[-1:], rows[dataset.labels == 0], dataset.labels)

    found = searched.found(made, evidence).ranks

    assert (len(found), len(found.ranks)) == (1, 0)


def test_what_was_fitted_on_a_backbone_never_answers_for_the_same_one_changed_on_purpose(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    fitted.nearest(made, evidence)
    subject = made.identity.subjects[HEADLESS, "cats"]
    made.identity.subjects = {(HEADLESS, "cats"): replace(subject, serving=Changed())}
    told: list[str] = []

    fitted.kept(
        made, evidence, "neighbours", {"version": 2, **fitted.ABOUT_VOTES}, fitted.train_rows(made, "cats"), lambda key: keep(told, key)
    )

    assert told


@dataclass(frozen=True)
class Changed(Serving):
    """Answers otherwise."""

    @property
    def digest(self) -> str:
        return "changed"


def keep(told: list[str], key: str) -> fitted.Fitted:
    told.append(key)
    return {"prediction": np.zeros(1, dtype=np.int64)}, "fitted anew"

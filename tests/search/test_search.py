"""The search on backbones whose radius is known: what it finds, what it costs, what it keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from audits.measures.estimate import Estimate
from audits.measures.radius import mildest_failure
from fixtures.errors import BadInput, UserError
from fixtures.search.bisection import STEP
from fixtures.search.changes import CHANGES, SEARCHED
from fixtures.search.search import SEARCH_VERSION, Boundary, Search
from fixtures.views.families import FAMILIES
from tests.evidence.subjects import FACTORY, Said, dots, source
from tests.search.gauges import BATCHES, LIGHT_FACTOR, PLACE_PX, SIZE_FACTOR, TURN_DEGREES, bars

GAUGES = "tests.search.gauges:"


def search(
    folder: Path, gauge: str, searched: str, passes: int = 40, images: int = 60, least_consistency: float = 0.75, **terms: int
) -> Search:
    data = str(folder / "bars.toml") if (folder / "bars.toml").exists() else bars(folder)
    made = source(folder / "cache", Said(), GAUGES + gauge, data, **terms)
    return Search(made, GAUGES + gauge, "bars", searched, passes, images, least_consistency)


def estimate(found: Boundary) -> Estimate:
    return mildest_failure(found.radius, found.unchanged, found.images, found.least_consistency)


KNOWN = {
    "upright": ("rotation", TURN_DEGREES),
    "centred": ("offset", PLACE_PX),
    "lifesize": ("zoom", SIZE_FACTOR),
    "daylight": ("brightness", LIGHT_FACTOR),
}


@pytest.mark.parametrize(("gauge", "searched", "known"), [(gauge, *about) for gauge, about in KNOWN.items()])
def test_a_known_radius_is_found_to_within_one_step_of_bisection(tmp_path: Path, gauge: str, searched: str, known: float) -> None:
    found = search(tmp_path, gauge, searched).boundary()

    radius = CHANGES[searched].radius
    milder = max(place for place, count in zip(found.radius, found.unchanged, strict=True) if count == found.images)
    assert milder <= known * 1.01  # a hundredth: what the pixels of a bar tell about it
    assert estimate(found).value >= known * 0.99
    steps = next(step for step in range(400) if radius(step * STEP / 10) >= estimate(found).value) / 10
    assert radius(max(0.0, (steps - 1.2) * STEP)) <= known * 1.01
    assert not found.beyond


@pytest.mark.slow
def test_what_only_a_composition_does_is_found_and_said(tmp_path: Path) -> None:
    found = search(tmp_path, "both", "composition", passes=150).boundary()

    assert 4.5 <= estimate(found).value <= 6.5
    assert "turned" in found.words
    assert ", then " in found.words
    assert ("bright" in found.words) or ("light" in found.words)
    assert search(tmp_path, "both", "rotation").boundary().beyond


def test_the_judged_images_are_none_of_the_searched(tmp_path: Path) -> None:
    searched, judged = search(tmp_path, "upright", "rotation")._halves()

    assert set(searched) | set(judged) == set(range(60))
    assert len(searched) + len(judged) == 60
    assert min(len(searched), len(judged)) >= 20


def test_an_image_is_in_the_same_half_at_any_depth(tmp_path: Path) -> None:
    """What failed at one depth is tried first at another: it must not be judged there by the images for which it was chosen."""
    made = source(tmp_path / "cache", Said(), FACTORY + "tiny", dots(tmp_path, 1200))
    halves = [Search(made, FACTORY + "tiny", "dots", "rotation", 40, images, 0.75)._halves() for images in (200, 300, 1000)]

    for fewer, more in combinations(halves, 2):
        assert set(fewer[0]) <= set(more[0])
        assert set(fewer[1]) <= set(more[1])
        assert set(fewer[0]).isdisjoint(more[1])
        assert set(fewer[1]).isdisjoint(more[0])
    assert min(map(len, halves[0])) >= 80


def test_a_search_stays_within_its_budget_and_a_second_one_costs_nothing(tmp_path: Path) -> None:
    first = search(tmp_path, "upright", "rotation", passes=12)
    found = first.boundary()
    second = search(tmp_path, "upright", "rotation", passes=12)
    again = second.boundary()

    assert first.source.forward_passes == found.passes + 1  # and the images as they are
    assert first.source.forward_images - 60 <= first.planned().images
    assert second.source.forward_passes == 0
    assert (again.radius, again.unchanged, again.words) == (found.radius, found.unchanged, found.words)


def test_other_budgets_and_other_images_are_searched_anew(tmp_path: Path) -> None:
    different: list[dict[str, Any]] = [{}, {"passes": 41}, {"images": 40}, {"limit": 40}, {"least_consistency": 0.9}]

    keys = {search(tmp_path, "upright", "rotation", **one)._key() for one in different}

    assert len(keys) == 5


@pytest.mark.parametrize("renewed", ["version", "table"])
def test_what_is_made_with_another_view_is_searched_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renewed: str) -> None:
    before = {searched: search(tmp_path, "upright", searched)._key() for searched in SEARCHED}
    if renewed == "version":
        monkeypatch.setitem(FAMILIES, "blur", replace(FAMILIES["blur"], version=FAMILIES["blur"].version + 1))
    else:
        monkeypatch.setitem(CHANGES, "blur", replace(CHANGES["blur"], value=lambda severity: severity / 5))
    after = {searched: search(tmp_path, "upright", searched)._key() for searched in SEARCHED}

    assert {searched for searched in SEARCHED if before[searched] != after[searched]} == {"blur", "composition"}


@pytest.mark.parametrize(("least_consistency", "beyond"), [(0.75, False), (0.25, True)])
def test_how_many_answers_must_stay_is_the_policys(tmp_path: Path, least_consistency: float, beyond: bool) -> None:
    """Half of the answers change at 13 degrees, and no more of them further on."""
    found = search(tmp_path, "half_upright", "rotation", least_consistency=least_consistency).boundary()

    assert found.beyond is beyond
    assert (estimate(found).value < 20) is not beyond


def test_a_search_asks_in_one_batch_or_in_those_of_the_run(tmp_path: Path) -> None:
    BATCHES.clear()
    whole = search(tmp_path / "one", "upright", "rotation")
    whole.boundary()
    assert {60, *map(len, whole._halves())} == set(BATCHES)

    BATCHES.clear()
    parts = search(tmp_path / "two", "upright", "rotation", batch=8)
    assert parts.boundary().unchanged == whole.boundary().unchanged
    assert max(BATCHES) <= 8


def test_a_counterexample_is_kept_and_tried_first_on_the_next_release(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "counterexamples" / str(SEARCH_VERSION) / "tests.search.gauges_upright.json"
    search(tmp_path, "upright", "rotation").boundary()
    kept = json.loads(file.read_text())["bars"]["rotation"]
    again = search(tmp_path, "upright", "rotation", passes=39)  # what a changed backbone would be: other evidence, the same name

    assert [[abs(amount) for _, amount in change] for change in kept] == [[7]]  # 14 degrees: the first whole severity above 13
    assert again.boundary().replayed
    asked = [line for line in again.source.progress.__self__.lines if "search 1 of" in line]  # type: ignore[union-attr]
    assert len(asked) == 1
    assert "turned 14.0°" in asked[0]


def test_a_file_that_keeps_something_else_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "counterexamples" / str(SEARCH_VERSION) / "tests.search.gauges_upright.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"bars": {"rotation": [[["tilt", 3]]]}}')

    with pytest.raises(UserError, match=r"upright\.json.*tilt.*delete it"):
        search(tmp_path, "upright", "rotation").boundary()


@pytest.mark.parametrize(("limit", "least_consistency", "fewest"), [(1, 0.75, 4), (7, 0.75, 4), (19, 0.9, 10)])
def test_so_few_images_that_one_answer_is_a_failure_are_refused(tmp_path: Path, limit: int, least_consistency: float, fewest: int) -> None:
    with pytest.raises(BadInput, match=f"images to search and .* to judge by .*, wanted at least {fewest} of each.*Audit more images"):
        search(tmp_path, "upright", "rotation", limit=limit, least_consistency=least_consistency).boundary()

"""A plan says everything that a run then does: passes over train splits too, and the disk that images will take."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.evidence.planning import lines, plan, warning
from fixtures.evidence.request import Request
from fixtures.evidence.source import EvidenceSource
from fixtures.views.view import View
from tests.evidence.subjects import FACTORY, HEADLESS, Said, dots, expecting, painted, source

CLEAN = Request(HEADLESS, "cats")
EMBEDDED = "shapes_convnext_clip"


def with_probe(folder: Path) -> EvidenceSource:
    name = str(folder / "cats.toml") if (folder / "cats.toml").exists() else painted(folder, "cats")
    requests = [CLEAN, Request(HEADLESS, "cats", View("brightness", 0.7)), Request(HEADLESS, "cats", setting="one_by_one")]
    return expecting(source(folder / "cache", Said(), HEADLESS, name), *requests)


def test_the_pass_that_a_probe_is_fitted_on_is_planned(tmp_path: Path) -> None:
    asked = with_probe(tmp_path)
    planned = [(one.of_train is not None, one.images, one.cached) for one in plan(asked)]
    text = "\n".join(lines(plan(asked), asked))
    for request in asked.requests():
        asked.evidence(request)

    assert planned == [(True, 36, False), (False, 12, False), (False, 12, False), (False, 12, False)]
    assert "4 passes, 72 images; cached 0; to do 4 passes, 72 images" in text
    assert "to fit on: features of 36 images of the train split (to do)" in text
    assert (asked.forward_passes, asked.forward_images) == (4, 72)
    later = with_probe(tmp_path)
    assert all(one.cached for one in plan(later))
    assert "features of 36 images of the train split (cached)" in "\n".join(lines(plan(later), later))


def test_a_probe_is_fitted_on_the_same_features_however_it_is_asked(tmp_path: Path) -> None:
    with_probe(tmp_path).evidence(CLEAN)
    later = with_probe(tmp_path)
    later.evidence(Request(HEADLESS, "cats", setting="one_by_one"))

    assert later.forward_images == 12


def test_class_names_are_part_of_the_plan_and_cost_no_images(tmp_path: Path) -> None:
    request = Request(EMBEDDED, "shapes")
    asked = expecting(source(tmp_path, Said(), EMBEDDED, "shapes", limit=8), request)
    before = "\n".join(lines(plan(asked), asked))
    asked.evidence(request)

    assert "1 passes, 8 images" in before
    assert "class names through the text tower, no images (to do)" in before
    assert "class names through the text tower, no images (cached)" in "\n".join(lines(plan(asked), asked))


def test_the_disk_that_is_planned_is_the_disk_that_is_taken(tmp_path: Path) -> None:
    """A view on a part of the images needs the same geometry as the one on all of them."""
    tiny = f"{FACTORY}tiny"
    views = [View("brightness", 0.7), View("scale", 0.5), View("translation", 10)]
    asked = source(tmp_path / "cache", Said(), tiny, dots(tmp_path, 300), images_per_view=50)
    expecting(asked, Request(tiny, "dots"), *(Request(tiny, "dots", view) for view in views))
    todo = [need for one in plan(asked) for need in asked.needs(one.request)]
    missing = asked.stores.bytes_missing(todo)
    text = "\n".join(lines(plan(asked), asked))
    asked.stores.decode(todo)
    taken = sum(file.stat().st_size for file in (tmp_path / "cache" / "store").rglob("images.npy"))

    assert missing >= (300 + 50 + 50) * 32 * 32 * 3
    assert missing <= taken <= missing + 3 * 128  # headers
    assert f"disk for decoded images: {missing / 1e6:,.1f} MB" in text


@pytest.mark.parametrize(("seconds", "words"), [("0.1875", "This run is expected to take about 42 min"), ("0", "")])
def test_a_run_of_half_an_hour_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: str, words: str) -> None:
    slow = f"{FACTORY}slow"
    asked = expecting(source(tmp_path, Said(), slow, dots(tmp_path, 13_400)), Request(slow, "dots"))
    monkeypatch.setenv("SLOW_SECONDS", seconds)

    said = warning(asked)

    assert said.startswith(words)
    assert ("--audit-limit=500" in said) == bool(words)

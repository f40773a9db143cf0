"""What cannot be read or kept is found before any forward pass, tried once, and said at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
from pathlib import Path

import pytest

from fixtures.errors import BadInput, UserError
from fixtures.evidence.request import Request
from fixtures.evidence.source import EvidenceSource
from fixtures.views.view import View
from tests.evidence.subjects import FACTORY, HEADLESS, Said, dots, expecting, painted, source, truncate

TINY = f"{FACTORY}tiny"
VIEWS = [View("brightness", 0.7), View("scale", 0.5), View("rotation", 10)]


def test_a_dataset_that_cannot_be_read_is_decoded_once_for_all_views(tmp_path: Path) -> None:
    name, said = painted(tmp_path, "cats"), Said()
    truncate(tmp_path / "cats" / "test" / "cat" / "004.png")
    requests = [Request(HEADLESS, "cats"), *(Request(HEADLESS, "cats", view) for view in VIEWS)]
    asked = expecting(source(tmp_path, said, HEADLESS, name), *requests)

    for request in requests:
        with pytest.raises(BadInput, match=r"cat/004\.png"):
            asked.evidence(request)
    assert said.lines.count("decoding cats") == 2  # test and train
    assert asked.forward_passes == 0


@pytest.mark.parametrize("split", ["train", "test"])
def test_what_a_probe_needs_is_decoded_before_any_forward_pass(tmp_path: Path, split: str) -> None:
    name, said = painted(tmp_path, "cats"), Said()
    truncate(tmp_path / "cats" / split / "dog" / "003.png")
    asked = expecting(source(tmp_path, said, HEADLESS, name), Request(HEADLESS, "cats"))

    with pytest.raises(BadInput, match=r"dog/003\.png"):
        asked.evidence(Request(HEADLESS, "cats"))
    assert asked.forward_passes == 0


def test_a_second_dataset_is_known_to_be_broken_before_the_first_is_measured(tmp_path: Path) -> None:
    first, second, said = painted(tmp_path, "cats"), painted(tmp_path, "birds"), Said()
    truncate(tmp_path / "birds" / "test" / "dog" / "003.png")
    requests = [Request(HEADLESS, "cats"), Request(HEADLESS, "birds")]
    asked = expecting(source(tmp_path, said, HEADLESS, first, second), *requests)
    asked.evidence(requests[0])

    told = next(place for place, line in enumerate(said.lines) if "1 image of birds cannot be read" in line)
    assert told < said.lines.index(f"{HEADLESS} features of cats train")
    with pytest.raises(BadInput, match=r"dog/003\.png"):
        asked.evidence(requests[1])


def _requests(asked: EvidenceSource, wants: frozenset[str]) -> list[Request]:
    requests = [Request(TINY, "dots"), *(Request(TINY, "dots", view) for view in VIEWS)]
    asked.expect((request, wants) for request in requests)
    return requests


def _measure_on_a_full_disk(folder: Path, name: str, most_bytes: int, wants: frozenset[str]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))  # to the writer, the same as a disk that is full then
    said = Said()
    asked = source(folder / "cache", said, TINY, name)
    for request in _requests(asked, wants):
        try:
            asked.evidence(request)
        except UserError as error:
            said.lines.append(f"error {error}")
    (folder / "said.json").write_text(json.dumps([asked.forward_passes, said.lines]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("decoded", "wants", "passes", "of"),
    [(False, frozenset(), 0, "the image store"), (True, frozenset({"logits"}), 0, "evidence"), (True, frozenset(), 1, "evidence")],
    ids=["images", "logits", "columns"],
)
def test_a_full_disk_is_found_once(tmp_path: Path, decoded: bool, wants: frozenset[str], passes: int, of: str) -> None:
    name = dots(tmp_path, 400)
    os.utime(tmp_path / "dots" / "images.npy", (1, 1))  # long ago: its digests are kept
    before = source(tmp_path / "cache", Said(), TINY, name)
    needs = [need for request in _requests(before, wants) for need in before.needs(request)]
    assert before.stores.bytes_missing(needs) > 400 * 32 * 32 * 3
    if decoded:
        before.stores.decode(needs)
    run = multiprocessing.get_context("spawn").Process(target=_measure_on_a_full_disk, args=(tmp_path, name, 10_000, wants))
    run.start()
    run.join()
    forward_passes, lines = json.loads((tmp_path / "said.json").read_text())

    errors = [line for line in lines if line.startswith("error")]
    assert len(errors) == 4
    assert set(errors) == {errors[0]}
    assert f"{of} needs" in errors[0]
    assert sum(errors[0].endswith(line) for line in lines) == (4 if decoded else 5)  # images that cannot be kept are said at once, too
    assert forward_passes == passes

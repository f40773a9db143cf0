"""Alone and in company are told apart whatever the batch size of a run: else a backbone that minds its neighbours would pass."""

from pathlib import Path

import pytest

from fixtures.errors import BadInput
from fixtures.evidence.request import SETTINGS, Request
from tests.evidence.subjects import FACTORY, Said, dots, source

LONELY, CRAMPED = f"{FACTORY}lonely", f"{FACTORY}cramped"
ONE_LEFT_OVER = 31 * SETTINGS["in_batches"]["batch"] + 1  # images, of which the last batch would have one


def answers(cache: Path, backbone: str, dataset: str, setting: str, **terms: int) -> list[int]:
    asked = source(cache, Said(), backbone, dataset, **terms)
    return asked.evidence(Request(backbone, "dots", setting=setting)).prediction.tolist()


def test_no_batch_size_of_a_run_hides_what_company_changes(tmp_path: Path) -> None:
    dataset = dots(tmp_path, 40)
    everything = {(setting, batch): answers(tmp_path, LONELY, dataset, setting, batch=batch) for batch in (1, 0)
                  for setting in ("standard", "in_batches", "one_by_one")}  # fmt: skip

    for batch in (1, 0):
        together, alone = everything["in_batches", batch], everything["one_by_one", batch]
        assert all(one != other for one, other in zip(together, alone, strict=True))


def test_no_image_is_left_over_for_a_batch_of_its_own(tmp_path: Path) -> None:
    dataset = dots(tmp_path, ONE_LEFT_OVER)
    together = answers(tmp_path, LONELY, dataset, "in_batches", images_per_view=ONE_LEFT_OVER)
    alone = answers(tmp_path, LONELY, dataset, "one_by_one", images_per_view=ONE_LEFT_OVER)

    assert len(together) == ONE_LEFT_OVER
    assert all(one != other for one, other in zip(together, alone, strict=True))


def test_one_image_has_no_company(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"lonely dots, clean: 1 image cannot be asked in company"):
        answers(tmp_path, LONELY, dots(tmp_path, 1), "in_batches")


def test_memory_for_one_image_is_not_enough_for_company(tmp_path: Path) -> None:
    dataset = dots(tmp_path, 12)

    assert len(answers(tmp_path, CRAMPED, dataset, "standard")) == 12
    with pytest.raises(BadInput, match=r"memory does not suffice for 2 images at a time.*--audit-precision=bf16"):
        answers(tmp_path, CRAMPED, dataset, "in_batches")

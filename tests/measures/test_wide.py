"""Class scores larger than memory: measured where they are stored, in a memory that does not grow with the images."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from audits.measures.calibration import classwise_calibration_error, ece_after_temperature
from audits.measures.estimate import Estimate
from audits.measures.wide import softmax, wide_rows

CLASSES = 200

Scores = tuple[np.ndarray, np.ndarray]


def scores_on_disk(folder: Path, n: int) -> Scores:
    """Logits of n images in a memory map, as the evidence cache gives them, and labels."""
    generator = np.random.default_rng(n)
    np.save(folder / f"{n}.npy", generator.normal(size=(n, CLASSES), scale=3).astype(np.float32))
    return np.load(folder / f"{n}.npy", mmap_mode="r"), generator.integers(0, CLASSES, n)


def classwise(scores: Scores) -> Estimate:
    return classwise_calibration_error(*scores)


def tempered(scores: Scores) -> Estimate:
    return ece_after_temperature(*scores, np.arange(len(scores[1])))


@pytest.mark.parametrize("measure", [classwise, tempered])
def test_memory_does_not_grow_with_the_images(measure: Callable[[Scores], Estimate], tmp_path: Path) -> None:
    few, many = scores_on_disk(tmp_path, 5000), scores_on_disk(tmp_path, 20_000)  # both more than is read at once

    def peak(scores: Scores) -> int:
        tracemalloc.start()
        measure(scores)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    measure(few)  # what is made once is no part of it
    small, large = peak(few), peak(many)

    # 4 MB of columns are allowed; the logits of the others are 24 MB in double precision.
    assert large < max(small, 40e6) + 4e6


@pytest.mark.parametrize("elements", [1, 7, 30, 1 << 20])
def test_chunks_are_the_rows_in_order(elements: int) -> None:
    rows = np.random.default_rng(0).normal(size=(23, 5)).astype(np.float32)
    members = np.arange(23) % 3 == 1
    part = wide_rows("logits", rows).part(members)

    found = np.full((len(part), 5), np.nan)
    for where, chunk in part.chunks(elements):
        found[where] = chunk
        chunk[:] = 0  # a copy: what a measure does to it leaves the rows as they are

    np.testing.assert_array_equal(found, rows[members])


def test_softmax_is_that_of_torch() -> None:
    logits = np.random.default_rng(1).normal(size=(9, 6), scale=200)

    np.testing.assert_allclose(softmax(logits, 2.5), torch.from_numpy(logits / 2.5).softmax(dim=1), rtol=1e-12, atol=1e-300)


def test_half_precision_is_read_as_it_is() -> None:
    logits = torch.tensor([[1.5, 2.0], [0.25, -8.0]])

    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        ((_, chunk),) = wide_rows("logits", logits.to(dtype)).chunks()
        np.testing.assert_array_equal(chunk, logits)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros((0, 3)), "no rows"),
        (np.zeros(3), r"wanted \[n, classes\]"),
        (np.zeros((3, 1)), "at least 2 classes"),
        (np.where(np.arange(3000)[:, None] % 1500 == 999, np.nan, np.zeros((3000, 1200))), "in 2 of 3,000 rows, first in row 999"),
    ],
)
def test_rows_that_are_no_scores_are_refused(rows: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=f"logits: .*{said}"):
        wide_rows("logits", rows)

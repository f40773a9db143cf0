"""What the machine alone may move is said where it decides, and decides nothing: neither a claim nor a change since a baseline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audits.measures.estimate import proportion
from reports import since
from reports.compare import Side, compared
from reports.html import render
from reports.kept import case_of, packed, unpacked
from reports.noise import meaning
from reports.record import Record, within_envelope
from reports.wording import finding, what_next
from tests.reports.sample import sample_run

NOISE = {
    "device": "CPU (Example 9000)",
    "dataset": "shapes",
    "images": 200,
    "again": {"asked": "the same again", "flipped": 0.0, "mean_change": 0.0, "largest_change": 0.0},
    "precision": {"asked": "bf16 instead of fp32", "flipped": 0.005, "mean_change": 0.0007, "largest_change": 0.009},
}
N = 2000
NAMES = [f"image {number}" for number in range(N)]


def side(name: str, right: int, envelope: float | None) -> Side:
    """A run of one claim of which so many images are right, the first ones."""
    hits = np.arange(N) < right
    found = proportion(hits, NAMES)
    record = Record(
        audit="accuracy.top1", claim="", backbone="vit", dataset="shapes", view="clean", verdict="holds", value=found.value, low=found.low,
        high=found.high, n=N, method="wilson", bound=0.5, direction="at_least", margin=0.02, confidence_level=0.95, envelope=envelope,
    )  # fmt: skip
    return Side(name, (record,), unpacked([packed({case_of(record): found})]), {"shapes": "same"})


def became(later: Side, earlier: Side) -> dict:
    (record,) = compared(later, earlier)
    return record.baseline or {}


@pytest.mark.parametrize(
    ("lost", "alone", "with_noise"),
    [
        (10, "holds", "holds"),
        (26, "holds", "undecided"),
        (40, "undecided", "undecided"),
        (58, "regressed", "undecided"),
        (90, "regressed", "regressed"),
    ],
)
def test_a_change_that_clears_its_margin_by_less_than_the_envelope_is_undecided(lost: int, alone: str, with_noise: str) -> None:
    before, after = 1800, 1800 - lost

    assert became(side("v2", after, None), side("v1", before, None))["verdict"] == alone
    for now, then in ((0.0025, None), (None, 0.0025), (0.004, 0.001)):
        told = became(side("v2", after, now), side("v1", before, then))
        assert told["verdict"] == with_noise
        assert told["envelope"] == pytest.approx(0.005)
        assert told["within_envelope"] == (alone != with_noise)


def test_a_change_within_the_noise_says_so() -> None:
    records = compared(side("v2", 1774, 0.0025), side("v1", 1800, 0.0025))
    (row,), _ = since.rows(records)

    assert ", clear of the margin by less than the numerical noise (0.5\u00a0points)" in since.line(row)


def test_a_claim_within_the_noise_says_what_may_decide_otherwise() -> None:
    (record,) = side("v1", 1030, 0.005).records
    across = replace(record, verdict="undecided", bound=0.5)
    clear = replace(record, verdict="undecided", bound=0.49)

    assert within_envelope(clear)
    assert not within_envelope(across)
    assert what_next(clear, True).startswith(
        "The interval clears the bound, but by less than the numerical noise of this machine (0.5\u00a0%)"
    )
    assert what_next(across, True).startswith("The interval reaches across the bound")
    assert "at least 49\u00a0%" in finding(clear, True)


def test_the_report_says_how_far_each_backbone_moves_on_which_device() -> None:
    run = sample_run(pictures=False)
    run["provenance"]["numerical_noise"] = {"vit_clip": NOISE}

    ((word, sentences),) = meaning(run)
    page = render(run)

    assert word == "Numerical noise"
    assert "vit_clip on CPU (Example 9000), 200 images of shapes: again (the same again): no answer flips" in sentences
    assert "precision (bf16 instead of fp32): 0.5\u00a0% of answers flip, probabilities move by 0.0007" in sentences
    assert "nobody knows how far that moves them" in page
    assert "bf16 instead of fp32" in page


def test_a_run_without_it_says_nothing_of_it() -> None:
    run = sample_run(pictures=False)

    assert meaning(run) == []
    assert "Numerical noise" not in render(run)

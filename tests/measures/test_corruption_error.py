"""Mean corruption error against plain sums, at the values it must have, and in what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.measures.corruption_error import mean_corruption_error
from fixtures.datasets.corruption_errors import read
from fixtures.datasets.specification import COHORTS

laws = settings(deadline=None, max_examples=30, derandomize=True)
TESTBED = Path(__file__).resolve().parents[2] / ".." / "shared" / "real" / "cohorts" / "imagenet_testbed_top1.csv"
NAMES, STEPS = ("fog", "snow", "frost"), (1, 3, 5)


def drawn(n: int, seed: int) -> tuple[dict[str, dict[int, np.ndarray]], dict[str, dict[int, float]]]:
    generator = np.random.default_rng(seed)
    correct = {name: {step: generator.random(n) < 0.9 - 0.12 * step for step in STEPS} for name in NAMES}
    return correct, {name: {step: float(generator.uniform(0.1, 0.9)) for step in STEPS} for name in NAMES}


@laws
@given(st.integers(2, 60), st.integers(0, 1000))
def test_it_equals_the_sums_of_its_definition(n: int, seed: int) -> None:
    correct, reference = drawn(n, seed)
    ratios = []
    for name in NAMES:
        errors = sum(sum(1 for right in correct[name][step] if not right) / n for step in STEPS)
        ratios.append(errors / sum(reference[name].values()))

    estimate = mean_corruption_error(correct, range(n), reference, "other")

    assert estimate.value == pytest.approx(sum(ratios) / len(ratios))
    assert estimate.low <= estimate.value <= estimate.high
    assert estimate.n == n
    assert estimate.detail is not None
    told = estimate.detail["ratios"]
    assert (told["to"], estimate.detail["severities"]) == ("other", [1, 3, 5])
    assert {one["name"]: one["value"] for one in told["values"]} == pytest.approx(dict(zip(NAMES, ratios, strict=True)))
    assert all(0 <= one["low"] <= one["value"] <= one["high"] for one in told["values"])


def test_a_network_that_errs_as_often_as_the_reference_has_one() -> None:
    correct, _ = drawn(500, 0)
    reference = {name: {step: float((~right).mean()) for step, right in steps.items()} for name, steps in correct.items()}

    assert mean_corruption_error(correct, range(500), reference).value == pytest.approx(1.0)


def test_no_mistakes_are_none_but_not_for_sure() -> None:
    correct = {name: {step: np.ones(400, dtype=bool) for step in STEPS} for name in NAMES}
    _, reference = drawn(400, 0)

    estimate = mean_corruption_error(correct, range(400), reference)

    assert (estimate.value, estimate.low) == (0.0, 0.0)
    assert 0 < estimate.high < 0.05


def test_the_interval_covers_the_truth() -> None:
    """Views of one image go together: taken for independent images, they would give intervals half as wide as these must be."""
    inside, generator, n, trials = 0, np.random.default_rng(3), 200, 200
    hard = generator.beta(0.6, 0.6, 200_000)
    reference = {name: dict.fromkeys(STEPS, 0.5) for name in NAMES}
    truth = float(hard.mean()) / 0.5
    for trial in range(trials):
        chance = generator.choice(hard, n)
        correct = {name: {step: generator.random(n) >= chance for step in STEPS} for name in NAMES}
        estimate = mean_corruption_error(correct, [f"{trial} {index}" for index in range(n)], reference)
        inside += estimate.low <= truth <= estimate.high

    assert inside / trials >= 0.91


def test_what_cannot_be_compared_is_refused() -> None:
    correct, reference = drawn(10, 0)
    for wrong in ({}, {"fog": reference["fog"]}, reference | {"fog": {1: 0.5}}):
        with pytest.raises(ValueError, match="wanted the same, and some"):
            mean_corruption_error(correct, range(10), wrong)
    with pytest.raises(ValueError, match="makes no mistakes under fog"):
        mean_corruption_error(correct, range(10), reference | {"fog": dict.fromkeys(STEPS, 0.0)})
    with pytest.raises(ValueError, match="wanted the same, and some"):
        mean_corruption_error({}, [], {})


def test_alexnets_errors_are_the_published_means() -> None:
    """The unit of every published mean corruption error (Hendrycks and Dietterich 2019, table 1)."""
    published = {
        "gaussian_noise": 0.886428, "shot_noise": 0.894468, "impulse_noise": 0.922640, "defocus_blur": 0.819880, "glass_blur": 0.826268,
        "motion_blur": 0.785948, "zoom_blur": 0.798360, "snow": 0.866816, "frost": 0.826572, "fog": 0.819324, "brightness": 0.564592,
        "contrast": 0.853204, "elastic_transform": 0.646056, "pixelate": 0.717840, "jpeg_compression": 0.606500,
    }  # fmt: skip
    errors = read(COHORTS / "alexnet.csv", "here").errors

    assert {name: np.mean([errors[name, step] for step in range(1, 6)]) for name in published} == pytest.approx(published)


@pytest.mark.skipif(not TESTBED.is_file(), reason=f"no {TESTBED}: the table of another group is not on this machine")
def test_another_groups_networks_come_out_as_published() -> None:
    """ResNet-18 and VGG-19 on the published files, by Taori et al. 2020: 84.7 and 88.9 % were published, with other software."""
    errors = read(COHORTS / "alexnet.csv", "here").errors
    names, found = sorted({name for name, _ in errors}), {}
    for row in csv.DictReader(TESTBED.open()):
        if row["model"] in ("resnet18", "vgg19"):
            wrong = {key: 1 - float(row[f"imagenet-c.{key[0]}.{key[1]}_on-disk"]) / 100 for key in errors}
            ratios = [sum(wrong[name, step] for step in range(1, 6)) / sum(errors[name, step] for step in range(1, 6)) for name in names]
            found[row["model"]] = np.mean(ratios)

    assert found == pytest.approx({"resnet18": 0.847, "vgg19": 0.889}, abs=0.03)

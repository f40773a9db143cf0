"""Do the intervals hold the truth as often as they say? Known populations, drawn from again and again.

The share of 95 % intervals that hold the truth is itself measured; the bars are those of the issue: 93 to 97 % for
proportions, at least 90 % for calibration errors. `python -m pytest tests/measures/test_coverage.py -s` prints what was found.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from audits.measures.accuracy import slice_limits
from audits.measures.calibration import classwise_calibration_error, ece_after_temperature
from audits.measures.calibration_bins import Cells, bin_index, class_cell_index, top_label_cells
from audits.measures.calibration_interval import gaussian_noise, invert
from audits.measures.estimate import Estimate, wilson
from audits.measures.means import mean
from audits.measures.temperature_scaling import top_label
from audits.measures.wide import wide_rows
from tests.measures.samples import draw_classes, population, softmax

Floats = NDArray[np.float64]

BINS = 15
SPREAD = 600  # distinct confidences of a population: forty in a bin
REPETITIONS = 2000


def beta_quantiles(a: float, b: float) -> Floats:
    """Confidences as a Beta distribution has them, none below the chance of ten classes or at 1."""
    from scipy.stats import beta

    return np.clip(beta.ppf((np.arange(SPREAD) + 0.5) / SPREAD, a, b), 0.101, 1 - 1e-6)


SHAPES = {
    "flat": 0.1 + 0.9 * (np.arange(SPREAD) + 0.5) / SPREAD,
    "peaked": beta_quantiles(6, 1),  # mean 0.86: a network on a task of middling difficulty
    "crowded at 1": beta_quantiles(3.9, 0.25),  # mean 0.94, two thirds in the last bin: an overtrained network
}
GAPS: dict[str, Callable[[Floats, float], Floats]] = {
    "overconfident": lambda confidence, gap: confidence - gap,
    "signs alternate": lambda confidence, gap: confidence + gap * np.where(bin_index(confidence, BINS) % 2 == 0, 1, -1),
    "last bin only": lambda confidence, gap: confidence - gap * (confidence > 14 / 15),
}
CASES = [
    *[(shape, "overconfident", 0.0) for shape in SHAPES],
    *[("flat", "overconfident", gap) for gap in (0.02, 0.05, 0.1)],
    *[("crowded at 1", "overconfident", gap) for gap in (0.02, 0.05, 0.1)],
    *[("peaked", "signs alternate", gap) for gap in (0.02, 0.05, 0.1)],
    ("peaked", "last bin only", 0.05),
]


@pytest.mark.slow
@pytest.mark.parametrize("n", [1000, 5000])
@pytest.mark.parametrize(("shape", "kind", "gap"), CASES)
def test_calibration_error_interval_holds_the_population_error(shape: str, kind: str, gap: float, n: int) -> None:
    confidence = SHAPES[shape]
    accuracy = np.clip(GAPS[kind](confidence, gap), 0, 1)
    index = bin_index(confidence, BINS)
    truth = np.abs(np.bincount(index, accuracy - confidence, BINS)).sum() / SPREAD
    generator = np.random.default_rng(n)
    drawn = generator.multinomial(n, np.full(SPREAD, 1 / SPREAD), REPETITIONS)
    hits = generator.binomial(drawn, accuracy)

    intervals = []
    for count, hit in zip(drawn, hits, strict=True):
        cells = Cells(*(np.bincount(index, weights, BINS) for weights in (count, hit, count * confidence)))
        intervals.append(invert(cells, gaussian_noise(cells)))

    assert _coverage(intervals, truth, f"ECE {shape}, {kind} {gap}, n {n}") >= 0.90


@pytest.mark.parametrize("n", [300, 1000, 5000])
@pytest.mark.parametrize("share", [0.6, 0.75, 0.9, 0.95])
def test_wilson_interval_holds_accuracy_and_consistency(share: float, n: int) -> None:
    hits = np.random.default_rng(n).binomial(n, share, 40_000)
    values, times = np.unique(hits, return_counts=True)
    holds = [wilson(int(value), n).low <= share <= wilson(int(value), n).high for value in values]

    coverage = float(times[holds].sum() / times.sum())

    print(f"Wilson {share}, n {n}: {coverage:.3f}")
    assert 0.93 <= coverage <= 0.97


SKEWED: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float]] = {
    # Nine images in ten are easy; the tenth costs a few nats.
    "negative log-likelihood": (
        lambda generator, n: np.where(generator.random(n) < 0.1, generator.exponential(3.0, n), generator.exponential(0.08, n)),
        0.1 * 3.0 + 0.9 * 0.08,
    ),
    "Brier": (
        lambda generator, n: np.where(generator.random(n) < 0.1, generator.uniform(0.6, 1.8, n), generator.uniform(0, 0.2, n)),
        0.1 * 1.2 + 0.9 * 0.1,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 1000])
@pytest.mark.parametrize("score", SKEWED)
def test_bootstrap_interval_holds_skewed_means(score: str, n: int) -> None:
    draw, truth = SKEWED[score]
    generator = np.random.default_rng(n)
    intervals = [mean(draw(generator, n), [f"{repetition}/{index}" for index in range(n)]) for repetition in range(600)]

    coverage = _coverage([(e.low, e.high) for e in intervals], truth, f"bootstrap {score}, n {n}")

    assert 0.92 <= coverage <= 0.97


@pytest.mark.parametrize(
    ("accuracies", "count"),
    [
        (np.full(12, 0.9), 417),
        (np.linspace(0.8, 0.97, 12), 417),
        (np.array([0.6, *[0.92] * 11]), 83),  # one class stands out: nothing to spare for the lower limit
        (np.full(200, 0.8), 50),  # all alike: nothing to spare for the upper limit
    ],
)
def test_worst_slice_interval_holds_the_least_true_accuracy(accuracies: Floats, count: int) -> None:
    generator = np.random.default_rng(len(accuracies))
    counts = np.full(len(accuracies), count)
    limits = [slice_limits(hits, counts) for hits in generator.binomial(counts, accuracies, (REPETITIONS, len(accuracies)))]
    intervals = [(float(low.min()), float(high.min())) for low, high in limits]

    assert _coverage(intervals, float(accuracies.min()), f"worst of {len(accuracies)} slices of {count}") >= 0.94


@pytest.mark.slow
@pytest.mark.parametrize(("classes", "n", "repetitions"), [(2, 1000, 100), (12, 1000, 100), (12, 5000, 40), (100, 1000, 40)])
@pytest.mark.parametrize("exaggeration", [1.0, 1.5])
def test_classwise_interval_holds_the_population_error(classes: int, n: int, repetitions: int, exaggeration: float) -> None:
    generator = np.random.default_rng(classes)
    logits = population(40_000, classes, 2.0 if classes == 2 else 4.0, generator)
    true, said = softmax(logits / exaggeration), softmax(logits)
    index = class_cell_index(said, BINS)
    truth = np.abs(np.bincount(index.ravel(), (true - said).ravel())).sum() / said.size

    def measured() -> Estimate:
        rows = generator.integers(0, len(said), n)
        return classwise_calibration_error(logits[rows], draw_classes(true[rows], generator))

    intervals = [(e.low, e.high) for e in (measured() for _ in range(repetitions))]

    assert _coverage(intervals, float(truth), f"class-wise, {classes} classes, logits × {exaggeration}, n {n}") >= 0.90


@pytest.mark.slow
@pytest.mark.parametrize("exaggeration", [1.0, 2.0])
def test_interval_after_temperature_holds_the_population_error_at_that_temperature(exaggeration: float) -> None:
    """The truth moves with the temperature that was fitted; tempering cannot mend a backbone that is wrong in its own way."""
    generator = np.random.default_rng(8)
    logits = population(20_000, 10, 3.0, generator)
    warped = np.where(logits > 2, 2 + 0.6 * (logits - 2), logits)
    true, said = softmax(warped), logits * exaggeration
    p_right = true[np.arange(len(true)), said.argmax(axis=1)]
    holds = []
    for repetition in range(200):
        rows = generator.integers(0, len(said), 2000)
        ids = [f"{repetition}/{index}" for index in range(2000)]
        measured = ece_after_temperature(said[rows], draw_classes(true[rows], generator), ids)
        confidence, _ = top_label(wide_rows("logits", said), measured.detail["temperature"])
        cells = top_label_cells(confidence, np.ones(len(said), dtype=bool), BINS)
        truth = np.abs(np.bincount(bin_index(confidence, BINS), p_right, BINS) - cells.confidence_sum).sum() / len(said)
        holds.append(measured.low <= truth <= measured.high)

    print(f"ECE after temperature, logits × {exaggeration}: {np.mean(holds):.3f}")
    assert np.mean(holds) >= 0.90


def _coverage(intervals: list[tuple[float, float]], truth: float, what: str) -> float:
    low, high = np.array(intervals).T
    above, below = float(np.mean(low > truth + 1e-12)), float(np.mean(high < truth - 1e-12))
    print(f"{what}: truth {truth:.4f}, holds {1 - above - below:.3f}, low above it {above:.3f}, high below it {below:.3f}")
    return 1 - above - below

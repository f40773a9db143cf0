"""Error ratios against plain implementations, published figures, their laws, and intervals that hold the truth."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from audits.measures.mistakes import error_ratio, relative_risk_limits

PUBLISHED = Path(__file__).resolve().parents[2] / ".." / "shared" / "real" / "cohorts" / "imagenetx_error_ratio.csv"
# Images of the factors of ImageNet-X that have fewer than 2,000: the least number of which every published error is a whole count.
COUNTS = {
    "smaller": 1450, "shape": 679, "partial_view": 638, "subcategory": 585, "texture": 282, "larger": 150, "darker": 122,
    "object_blocking": 78, "person_blocking": 60, "style": 43, "brighter": 44, "multiple_objects": 40,
}  # fmt: skip


def images(wrong_under: int, under: int, wrong_otherwise: int, otherwise: int) -> tuple[np.ndarray, np.ndarray]:
    """Which images are right, and under which the condition holds, for these numbers of mistakes and images."""
    correct = np.r_[np.arange(under) >= wrong_under, np.arange(otherwise) >= wrong_otherwise]
    return correct, np.r_[np.ones(under, dtype=bool), np.zeros(otherwise, dtype=bool)]


def plain_limits(hits: int, n: int, other_hits: int, other_n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """The score interval with the likelihood maximised by search instead of by formula."""

    def score(log_risk: float) -> float:
        risk = math.exp(log_risk)

        def cost(other: float) -> float:
            pairs = ((hits, risk * other), (n - hits, 1 - risk * other), (other_hits, other), (other_n - other_hits, 1 - other))
            return -sum(count * math.log(probability) for count, probability in pairs if count)

        most = min(1.0, 1 / risk)
        other = minimize_scalar(cost, bounds=(most * 1e-12, most * (1 - 1e-12)), method="bounded", options={"xatol": most * 1e-12}).x
        spread = risk * other * (1 - risk * other) / n + risk**2 * other * (1 - other) / other_n
        return (hits / n - risk * other_hits / other_n) / math.sqrt(spread * (n + other_n) / (n + other_n - 1))

    middle = math.log((hits / n) / (other_hits / other_n))
    low, high = brentq(lambda x: score(x) - z, middle - 5, middle), brentq(lambda x: score(x) + z, middle, middle + 5)
    return math.exp(low), math.exp(high)  # type: ignore[arg-type]


def test_ratio_is_that_of_the_error_rates() -> None:
    ratio = error_ratio(*images(10, 50, 15, 450))

    assert ratio.value == pytest.approx((10 / 50) / (25 / 500))
    assert ratio.low < ratio.value < ratio.high
    assert ratio.n == 500
    assert ratio.detail == {
        "condition_n": 50, "accuracy_under": 0.8, "accuracy_otherwise": 1 - 15 / 450, "mistakes_under": 10, "mistakes": 25,
    }  # fmt: skip


@pytest.mark.parametrize("counts", [(36, 40, 16, 80), (167, 996, 464, 4004), (3, 40, 800, 4000), (20, 40, 5, 4000), (39, 40, 1, 90)])
def test_interval_is_that_of_a_search(counts: tuple[int, int, int, int]) -> None:
    assert relative_risk_limits(*counts) == pytest.approx(plain_limits(*counts), rel=1e-4)


def test_interval_is_the_published_one() -> None:
    """36 of 40 against 16 of 80: 2.94 to 7.15 (Koopman 1984, table 1)."""
    low, high = relative_risk_limits(36, 40, 16, 80)

    assert (low, high) == pytest.approx((2.94, 7.15), abs=0.02)


def test_a_backbone_without_mistakes_is_not_worse_anywhere() -> None:
    ratio = error_ratio(*images(0, 20, 0, 80))

    assert (ratio.value, ratio.low, ratio.high, ratio.method) == (1.0, 1.0, 1.0, "exact")


def test_no_mistake_among_few_images_is_no_proof() -> None:
    none_here, all_here = error_ratio(*images(0, 20, 30, 480)), error_ratio(*images(10, 20, 0, 480))

    assert (none_here.value, none_here.low) == (0.0, 0.0)
    assert none_here.high > 2
    assert all_here.value == pytest.approx(all_here.high) == pytest.approx(25)
    assert all_here.low > 10


def test_a_condition_that_always_holds_changes_nothing() -> None:
    correct = np.array([True, False, True])

    assert error_ratio(correct, np.ones(3, dtype=bool)).value == 1.0


def test_a_condition_of_no_image_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"the condition holds for none of 3 images"):
        error_ratio([True, False, True], [False, False, False])
    with pytest.raises(ValueError, match=r"different lengths"):
        error_ratio([True, False, True], [False, True])


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int, int, int]:
    under, otherwise = draw(st.integers(1, 400)), draw(st.integers(1, 4000))
    return draw(st.integers(0, under)), under, draw(st.integers(0, otherwise)), otherwise


@given(counts())
def test_interval_holds_the_value_and_stays_possible(drawn: tuple[int, int, int, int]) -> None:
    ratio = error_ratio(*images(*drawn))
    _, under, _, otherwise = drawn

    assert 0 <= ratio.low <= ratio.value <= ratio.high <= (under + otherwise) / under * (1 + 1e-9)


@given(counts())
def test_ratios_of_a_condition_and_its_opposite_average_to_one(drawn: tuple[int, int, int, int]) -> None:
    correct, under = images(*drawn)

    share = under.mean()

    assert share * error_ratio(correct, under).value + (1 - share) * error_ratio(correct, ~under).value == pytest.approx(1)


@given(counts())
def test_relative_risks_turn_round_with_their_groups(drawn: tuple[int, int, int, int]) -> None:
    hits, n, other_hits, other_n = drawn
    low, high = relative_risk_limits(*drawn)
    turned = relative_risk_limits(other_hits, other_n, hits, n)

    assert (1 / high if high else math.inf, 1 / low if low else math.inf) == pytest.approx(turned, rel=1e-6)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="no ../shared/real/cohorts/imagenetx_error_ratio.csv")
def test_published_ratios_are_those_of_whole_counts() -> None:
    """68 networks on the rarer factors: whole numbers of mistakes give every published ratio."""
    rows = list(csv.DictReader(PUBLISHED.open(encoding="utf-8")))
    total, worst = 46_000, 0.0
    for row in rows:
        wrong = (1 - float(row["average_acc"])) * total
        for factor, n in COUNTS.items():
            wrong_under = round(float(row[factor]) * wrong / total * n)
            ours = error_ratio(*images(wrong_under, n, round(wrong) - wrong_under, total - n))
            worst = max(worst, abs(ours.value - float(row[factor])))

    print(f"{len(rows) * len(COUNTS)} ratios, largest difference {worst:.1e}")
    assert len(rows) == 68
    assert worst < 2e-4


COVERED = [  # images with and without the condition, error rates of both
    (996, 4004, 0.15, 0.06),
    (527, 4473, 0.10, 0.10),
    (766, 4234, 0.02, 0.005),
    (40, 46_000, 0.45, 0.25),
    (78, 46_000, 0.15, 0.10),
    (100, 900, 0.02, 0.05),
]


@pytest.mark.parametrize("drawn_mix", [False, True], ids=["this mix", "drawn mix"])
@pytest.mark.parametrize("case", COVERED, ids=str)
def test_interval_holds_the_true_ratio(case: tuple[int, int, float, float], drawn_mix: bool) -> None:
    """Also where the share of images with the condition is itself drawn, as it is where nobody chose the images."""
    under, otherwise, rate, other_rate = case
    generator, n = np.random.default_rng(under), under + otherwise
    truth = rate / (under / n * rate + otherwise / n * other_rate)
    sizes = generator.binomial(n, under / n, 1500) if drawn_mix else np.full(1500, under)
    held = []
    for size in sizes:
        wrong_under, wrong_otherwise = generator.binomial(size, rate), generator.binomial(n - size, other_rate)
        share = size / n
        risks = relative_risk_limits(wrong_under, size, wrong_otherwise, n - size)
        low, high = (1 / (share + (1 - share) / risk) if risk else 0.0 for risk in risks)
        held.append(low <= truth <= high)

    print(f"error ratio {case}, drawn mix {drawn_mix}: truth {truth:.2f}, holds {np.mean(held):.3f}")
    assert np.mean(held) >= 0.93

"""What green and red mean for a whole gate: gates of claims whose truth is known are simulated, by the suite's own measures and verdicts.

`python -m pytest tests/test_error_budget.py -s` prints what was found.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from audits.measures.accuracy import worst_class
from audits.measures.calibration import expected_calibration_error
from audits.measures.estimate import Estimate, p_violated, wilson
from audits.measures.means import mean
from audits.measures.paired import difference
from fixtures.policy import load_policy
from fixtures.verdicts import Direction, judge
from reports.budget import with_second_reading
from reports.gate import gate_of
from reports.record import Record

ROOT = Path(__file__).resolve().parents[1]
FALSE_RED = load_policy(None, ROOT / "audits" / "policy.toml").false_red
SURE = 7.0  # standard errors inside the bound: decided in every run
BLANK = Record("accuracy.top1", "", "invented", "invented", "clean", "error", confidence_level=0.95)


@dataclass(frozen=True)
class Claim:
    """A claim about an invented backbone, which is measured anew in every gate."""

    measured: Callable[[np.random.Generator], Estimate]
    bound: float
    direction: Direction


def share(bound: float, margin: float = 0.0, n: int = 1000, direction: Direction = "at_least") -> Claim:
    """A share of images, truly so many of its own standard errors inside the bound."""
    truth = bound
    for _ in range(60):  # the standard error depends on the truth
        truth = bound + margin * math.sqrt(truth * (1 - truth) / n) * (1 if direction == "at_least" else -1)
    return Claim(lambda generator: wilson(int(generator.binomial(n, truth)), n), bound, direction)


def drop(truth: float) -> Claim:
    """The loss from one pass over images to another over the same, truly on its bound."""
    shares = [0.75, 0.05 + truth, 0.05, 0.15 - truth]

    def measured(generator: np.random.Generator) -> Estimate:
        kind = generator.choice(4, size=500, p=shares)
        return difference(kind <= 1, kind % 2 == 0)

    return Claim(measured, truth, "at_most")


def worst(*accuracies: float) -> Claim:
    """The least accuracy of several classes, truly on its bound."""
    labels = np.repeat(np.arange(len(accuracies)), 200)
    each = np.repeat(accuracies, 200)
    names = [str(number) for number in range(len(accuracies))]
    return Claim(lambda generator: worst_class(generator.random(len(labels)) < each, labels, names), min(accuracies), "at_least")


def cost(n: int = 300) -> Claim:
    """A mean cost of which few images carry much (as of the negative log-likelihood), truly on its bound."""

    def measured(generator: np.random.Generator) -> Estimate:
        values = np.where(generator.random(n) < 0.1, generator.exponential(3.0, n), generator.exponential(0.08, n))
        start = generator.integers(1 << 60)
        return mean(values, [f"{start}/{index}" for index in range(n)])

    return Claim(measured, 0.1 * 3.0 + 0.9 * 0.08, "at_most")


def calibration_error(bound: float = 0.05, n: int = 1000) -> Claim:
    """Confidences that are everywhere as much too high as the bound allows."""

    def measured(generator: np.random.Generator) -> Estimate:
        confidence = 0.1 + 0.9 * generator.random(n)
        return expected_calibration_error(confidence, generator.random(n) < confidence - bound)

    return Claim(measured, bound, "at_most")


def records_of(claims: Sequence[Claim], generator: np.random.Generator) -> list[Record]:
    """One gate: every claim measured and judged as in an audit, and read a second time."""
    records = []
    for claim in claims:
        estimate = claim.measured(generator)
        verdict, p = judge(estimate, claim.bound, claim.direction), p_violated(estimate, claim.bound, claim.direction)
        records.append(replace(BLANK, verdict=verdict, bound=claim.bound, direction=claim.direction, p_violated=p))
    return with_second_reading(records, FALSE_RED)


def is_green(records: Sequence[Record]) -> bool:
    return gate_of(records, (), (), undecided_fails=True, partial_is_meant=False).state == "ready"


def chance_of_green(false: Claim, gates: int, seed: int) -> float:
    generator = np.random.default_rng(seed)
    claims = [share(0.85, SURE), false, share(0.05, SURE, direction="at_most"), share(0.5, SURE), share(0.97, 9, 5000)]
    return float(np.mean([is_green(records_of(claims, generator)) for _ in range(gates)]))


def allowed(chance: float, gates: int) -> float:
    """The most that a chance may come to in so many gates: three standard deviations of a simulation."""
    return chance + 3 * math.sqrt(chance * (1 - chance) / gates)


FALSE = {
    "share of 0.17": share(0.17),
    "share of 0.85": share(0.85),
    "share of 0.99": share(0.99),
    "share of at most 0.05": share(0.05, direction="at_most"),
    "paired difference": drop(0.1),
    "worst class": worst(0.7, 0.9, 0.95, 0.9),
}


@pytest.mark.parametrize("kind", FALSE)
def test_a_gate_with_one_false_claim_is_green_in_at_most_25_of_1000_runs(kind: str) -> None:
    gates = 1000
    green = chance_of_green(FALSE[kind], gates, seed=7)

    print(f"one false claim ({kind}), truth on the bound: green in {green:.4f} of {gates} gates")
    assert 0 < green <= allowed(0.025, gates)  # above 0: all but the false claim do hold


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mean cost", "calibration error"])
def test_so_it_is_where_the_false_claim_is_a_bootstrapped_mean_or_a_binned_error(kind: str) -> None:
    gates = 1500
    green = chance_of_green(cost() if kind == "mean cost" else calibration_error(), gates, seed=2)

    print(f"one false claim ({kind}), truth on the bound: green in {green:.4f} of {gates} gates")
    assert green <= allowed(0.025, gates)


def test_two_false_claims_are_green_more_seldom_still() -> None:
    generator = np.random.default_rng(3)
    green = np.mean([is_green(records_of([share(0.85), share(0.5)], generator)) for _ in range(3000)])

    assert green <= allowed(0.025**2, 3000)


def chances_of_violation(claims: Sequence[Claim], gates: int, seed: int) -> tuple[float, float]:
    """How often any claim of a gate is violated, and is so after Holm's correction."""
    generator = np.random.default_rng(seed)
    read = [records_of(claims, generator) for _ in range(gates)]
    alone = np.mean([any(record.verdict == "violated" for record in records) for records in read])
    return float(alone), float(np.mean([any(record.violated_after_holm for record in records) for records in read]))


ON_THEIR_BOUNDS = [
    *[share(bound) for bound in (0.05, 0.17, 0.25, 0.42, 0.5, 0.6, 0.75, 0.85, 0.85, 0.9, 0.95, 0.97, 0.99, 0.99)] * 5,
    *[share(bound, n=300, direction="at_most") for bound in (0.01, 0.05, 0.25)] * 5,
    *[drop(0.1)] * 5,
    *[worst(*[0.7] * 6)] * 10,
]


def test_of_a_backbone_that_is_just_sound_few_gates_have_a_violation_that_stays_after_holm() -> None:
    gates = 250
    alone, after = chances_of_violation(ON_THEIR_BOUNDS, gates, seed=4)

    print(f"all {len(ON_THEIR_BOUNDS)} claims on their bounds: violated somewhere {alone:.3f}, after Holm {after:.3f}")
    assert after <= allowed(FALSE_RED, gates)
    assert alone > 0.7  # without the correction: 1 - 0.975^100 = 0.92


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mean cost", "calibration error"])
def test_so_it_is_for_bootstrapped_means_and_binned_errors(kind: str) -> None:
    gates = 120
    alone, after = chances_of_violation([cost() if kind == "mean cost" else calibration_error()] * 25, gates, seed=5)

    print(f"25 times {kind} on its bound: violated somewhere {alone:.3f}, after Holm {after:.3f}")
    assert after <= allowed(FALSE_RED, gates)


def test_a_violation_that_is_none_by_chance_stays_after_holm() -> None:
    generator = np.random.default_rng(6)
    claims = [share(0.85, -SURE), *[share(0.5)] * 99]

    assert np.mean([records_of(claims, generator)[0].violated_after_holm for _ in range(100)]) > 0.95


def undecided_somewhere(margin: float, claims: int) -> float:
    """How often a gate of so many independent claims is undecided somewhere, all of them so many standard errors inside their bounds.

    By the normal distribution: an interval of ± 1.96 standard errors lies across the bound with a probability of
    Φ(1.96 - margin) - Φ(-1.96 - margin).
    """
    normal = NormalDist()
    z = normal.inv_cdf(0.975)
    one = normal.cdf(z - margin) - normal.cdf(-z - margin)
    return -math.expm1(claims * math.log1p(-one))


@pytest.mark.parametrize("claims", [20, 200])
@pytest.mark.parametrize("margin", [1, 2, 3, 4, 5])
def test_a_sound_backbone_is_undecided_somewhere_as_often_as_theory_says(margin: int, claims: int) -> None:
    gates = 1000 if claims == 20 else 200
    measured, theory = share(0.5, margin, n=40_000), undecided_somewhere(margin, claims)
    generator = np.random.default_rng(claims + margin)
    judged = [[judge(measured.measured(generator), 0.5, "at_least") for _ in range(claims)] for _ in range(gates)]
    found = float(np.mean(["undecided" in verdicts for verdicts in judged]))

    print(f"{claims} claims, {margin} standard errors inside: undecided somewhere {found:.3f}, theory {theory:.3f}")
    assert found == pytest.approx(theory, abs=3 * math.sqrt(max(theory * (1 - theory), 1 / gates) / gates) + 0.01)


@pytest.mark.parametrize("margin", [1, 2, 3, 4, 5, 6])
def test_the_manual_shows_these_figures(margin: int) -> None:
    section = (ROOT / "README.md").read_text().partition("## What green and red mean\n")[2].partition("\n## ")[0]
    (row,) = re.findall(rf"^\| {margin} \| (.*) \|$", section, re.MULTILINE)

    assert [float(cell.removesuffix(" %")) / 100 for cell in row.split(" | ")] == [
        pytest.approx(undecided_somewhere(margin, claims), rel=0.06, abs=0.005 * (undecided_somewhere(margin, claims) > 0.9))
        for claims in (1, 20, 200)
    ]


@pytest.mark.parametrize("bound", sorted({0.17, 0.25, 0.5, 0.67, 0.75, 0.85, 0.9, 0.97, 0.99}))
def test_wilsons_interval_lets_a_false_share_of_1000_images_pass_hardly_more_often_than_it_says(bound: float) -> None:
    """Without simulation: the probability of every count, and the suite's own verdict on it."""
    hits = np.arange(1001)
    holds = np.array([judge(wilson(int(count), 1000), bound, "at_least") == "holds" for count in hits])
    chance = float(stats.binom.pmf(hits, 1000, bound)[holds].sum())

    print(f"share of 1,000 images truly on a bound of {bound}: holds in {chance:.4f} of all runs")
    assert chance < 0.03

"""Where few images carry the risk, a verdict is wrongly green in at most 3 of 100 audits, also when no image showed the risk.

A claim is false and its bound is just below the truth: how often is the whole interval below the bound? For numbers of two values that is
computed, not drawn: the interval for each possible number of costly images, weighted by how probable that number is, for every share of
costly images. The worst share counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from audits.measures.calibration import brier, negative_log_likelihood, overconfidence
from audits.measures.estimate import Estimate, bootstrap
from audits.measures.invariance import mean_true_probability
from audits.measures.means import mean, upper_limit
from tests.measures.samples import answers

Floats = NDArray[np.float64]
Measure = Callable[[NDArray[np.bool_]], Estimate]

CONFIDENCE = 0.95
MOST_GREEN = 0.03
SIZES = [10, 30, 100, 300, 1000]


def image_names(n: int) -> list[str]:
    return [f"val/{index}.png" for index in range(n)]


def promised(wrong: NDArray[np.bool_]) -> Estimate:
    return overconfidence(np.full(len(wrong), CONFIDENCE), ~wrong, image_names(len(wrong)))


def surprised(wrong: NDArray[np.bool_]) -> Estimate:
    return negative_log_likelihood(np.where(wrong, -20.0, -0.05), image_names(len(wrong)))


def squared(wrong: NDArray[np.bool_]) -> Estimate:
    """Certain of the label, or of another class."""
    return brier(np.ones(len(wrong)), np.where(wrong, 0.0, 1.0), image_names(len(wrong)))


def doubted(wrong: NDArray[np.bool_]) -> Estimate:
    """1 - mean p(label): `at_least` on one is `at_most` on the other."""
    one = mean_true_probability(np.where(wrong, -100.0, 0.0), image_names(len(wrong)))
    return Estimate(1 - one.value, 1 - one.high, 1 - one.low, one.n)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize(
    ("measure", "of_right", "of_wrong"),
    [(promised, CONFIDENCE - 1, CONFIDENCE), (surprised, 0.05, 20.0), (squared, 0.0, 2.0), (doubted, 0.0, 1.0)],
)
def test_rare_mistakes_are_seldom_taken_for_none(measure: Measure, of_right: float, of_wrong: float, n: int) -> None:
    count = np.arange(min(n, 60))
    wrong = np.random.default_rng(n).permutation(n)
    high = np.array([measure(wrong < k).high for k in count])

    def wrongly_green(share: float) -> float:
        truth = (1 - share) * of_right + share * of_wrong
        return float(stats.binom.pmf(count, n, share)[high < truth - 1e-12].sum())

    worst = max(wrongly_green(share) for share in np.linspace(0.01 / n, min(0.6, 30 / n), 2000))

    print(f"{measure.__name__}, n {n}: wrongly green in at most {worst:.3f}")
    assert worst <= MOST_GREEN


@pytest.mark.parametrize("n", [10, 20, 30])
def test_a_few_right_answers_do_not_prove_that_there_are_no_wrong_ones(n: int) -> None:
    unseen = 1 - 0.025 ** (1 / n)

    measured = promised(np.zeros(n, dtype=bool))

    assert measured.value == pytest.approx(CONFIDENCE - 1)
    assert measured.high == pytest.approx((1 - unseen) * (CONFIDENCE - 1) + unseen * CONFIDENCE)
    assert measured.low == pytest.approx(CONFIDENCE - 1)  # no image can be righter than right


def test_the_limit_of_two_values_is_the_binomial_one() -> None:
    limit = upper_limit((np.arange(200) < 3).astype(np.float64), 1.0)

    assert limit == pytest.approx(stats.binomtest(3, 200).proportion_ci(0.95, method="exact").high, abs=1e-9)


DEAR: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float]] = {
    "one in 200 costs 20 nats": (lambda g, n: np.where(g.random(n) < 0.005, 20.0, g.exponential(0.05, n)), 0.005 * 20 + 0.995 * 0.05),
    "one in 50 costs a few nats": (
        lambda g, n: np.where(g.random(n) < 0.02, g.gamma(2, 1.5, n), g.exponential(0.08, n)),
        0.06 + 0.98 * 0.08,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 100, 300, 1000])
@pytest.mark.parametrize("case", DEAR)
def test_mistakes_of_many_prices_are_seldom_overlooked(case: str, n: int) -> None:
    """Drawn 600 times: 3 in 100 are measured as more than 4.5 with a probability of 2 %."""
    draw, truth = DEAR[case]
    generator = np.random.default_rng(n)
    scores = [
        negative_log_likelihood(-np.minimum(draw(generator, n), 20), [f"{repetition}/{index}" for index in range(n)])
        for repetition in range(600)
    ]

    wrongly_green = np.mean([one.high < truth for one in scores])

    print(f"{case}, n {n}: wrongly green {wrongly_green:.3f}, wrongly red {np.mean([one.low > truth for one in scores]):.3f}")
    assert wrongly_green <= 0.045


@pytest.mark.parametrize(("n", "most"), [(1000, 1.35), (5000, 1.05)])
def test_intervals_of_many_images_hardly_change(n: int, most: float) -> None:
    said = answers(n, exaggeration=1.2)
    squares = (said.probabilities**2).sum(axis=1)

    for measured in (
        negative_log_likelihood(np.log(said.p_label), said.ids),
        brier(squares, said.p_label, said.ids),
        overconfidence(said.confidence, said.correct, said.ids),
    ):
        low, high = np.quantile(measured.replicates, [0.025, 0.975])
        assert measured.high - measured.low <= most * (high - low)


def test_replicates_are_those_of_the_bootstrap() -> None:
    """The limits move, the replicates do not: those of two backbones are still subtracted one by one."""
    values = np.random.default_rng(0).exponential(size=60)

    plain = bootstrap(lambda weights, x: weights @ x / weights.sum(axis=1), image_names(60), [values])
    wide = mean(values, image_names(60), within=(0.0, 100.0))

    assert np.array_equal(plain.replicates, wide.replicates)
    assert wide.low <= plain.low < plain.high < wide.high


def test_without_a_range_what_was_seen_is_the_range() -> None:
    assert mean([2.0] * 30, image_names(30)).high == 2.0


def test_clusters_of_unequal_size_are_split_whole() -> None:
    photograph = np.repeat(np.arange(20), np.arange(1, 21))
    clustered = mean(np.zeros(210), image_names(210), clusters=photograph, within=(0.0, 1.0))

    assert clustered.high == pytest.approx(1 - 0.025 ** (1 / 20))

"""What is fitted on a few examples varies with them, and its interval knows."""

import numpy as np
import pytest
from scipy import stats

from audits.measures.draws import over_draws
from audits.measures.estimate import wilson

IDS = [f"{index}.png" for index in range(300)]


def crossed(draw: np.random.Generator, draws: int, images: int, of_draws: float, of_images: float) -> np.ndarray:
    """Answers of classifiers that are luckier or less so, about images that are easier or less so, on the probit scale."""
    ability, ease = draw.normal(0.8, of_draws, (draws, 1)), draw.normal(0, of_images, (1, images))
    return draw.random((draws, images)) < stats.norm.cdf(ability + ease)


@pytest.mark.parametrize(("of_draws", "of_images"), [(0.3, 1.0), (0.0, 1.0), (0.3, 0.0)])
def test_the_interval_holds_the_truth_as_often_as_it_says(of_draws: float, of_images: float) -> None:
    draw = np.random.default_rng(5)
    truth = stats.norm.cdf(0.8 / np.sqrt(1 + of_draws**2 + of_images**2))

    found = [over_draws(crossed(draw, 5, 300, of_draws, of_images), IDS) for _ in range(400)]
    covered = np.mean([one.low <= truth <= one.high for one in found])

    assert covered >= 0.925  # 0.95, less two and a half standard errors of 400 trials


def test_a_draw_says_nothing_about_draws() -> None:
    with pytest.raises(ValueError, match="at least two of each"):
        over_draws(np.ones((1, 300), dtype=bool), IDS)


def test_answers_that_are_all_right_are_no_more_certain_than_those_of_one_draw() -> None:
    found, alone = over_draws(np.ones((3, 300), dtype=bool), IDS), wilson(300, 300)

    assert (found.low, found.value, found.high) == (alone.low, 1.0, 1.0)


def test_two_releases_are_compared_on_the_same_draws_image_by_image() -> None:
    draw = np.random.default_rng(6)
    right = crossed(draw, 4, 300, 0.3, 1.0)
    worse = right & (draw.random(right.shape) < 0.95)
    one, other = over_draws(right, IDS), over_draws(worse, IDS)
    assert one.replicates is not None
    assert other.replicates is not None

    low, high = np.quantile(one.replicates - other.replicates, [0.025, 0.975])

    assert 0 < low < one.value - other.value < high
    assert high - low < (one.high - one.low) / 2

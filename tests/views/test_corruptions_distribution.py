"""Corruptions by chance have the published distribution: of the light, of what is left of the picture, and of detail of every size.

Each statistic is of one photograph, and what ours and theirs differ by is judged over the photographs: by its standard error, and by a
slack for what is known to differ (glass drops no fractions of a level; frost is drawn and not photographed).
"""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.views.corruptions import SEVERITIES
from tests.views.published import RANDOM, ids_of, ours, photographs, theirs

NUMBER = 32
STATISTICS = ("mean", "contrast", "share left", "coarse", "middle", "fine", "finest")
ROUGH = dict.fromkeys(STATISTICS, 0.0) | {"mean": 0.002}
SLACK = {
    "glass_blur": ROUGH | {"mean": 0.004},
    "frost": dict.fromkeys(STATISTICS, 0.03) | {"coarse": 0.2, "middle": 0.1, "fine": 0.1, "finest": 0.1},
}
ALIKE = {"motion_blur", "fog", "frost"}  # chance differs more than severities do: test_corruptions_published.py tells those apart
ERRORS = 4.5  # standard errors: 385 comparisons hold together


def statistics(changed: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """What a corruption did to each photograph, [n, 7]: levels as shares of 255, contrasts and powers as natural logarithms."""
    changed, pixels = changed / 255, pixels / 255
    centred = pixels - pixels.mean((1, 2, 3), keepdims=True)
    grey = (changed - pixels).mean(3)
    window = np.hanning(224)[:, None] * np.hanning(224)
    power = np.abs(np.fft.fft2((grey - grey.mean((1, 2), keepdims=True)) * window)) ** 2
    waves = np.hypot(*np.meshgrid(np.fft.fftfreq(224, 1 / 224), np.fft.fftfreq(224, 1 / 224)))
    bands = [np.log(power[:, (waves >= low) & (waves < 4 * low)].mean(1)) for low in (1, 4, 16, 64)]
    left = (centred * changed).sum((1, 2, 3)) / (centred**2).sum((1, 2, 3))
    return np.stack([changed.mean((1, 2, 3)), np.log(changed.std((1, 2, 3))), left, *bands], axis=1)


def differing(first: np.ndarray, second: np.ndarray, slack: dict[str, float]) -> dict[str, float]:
    """The statistics whose means over the photographs differ, and by how much."""
    difference = first - second
    mean, error = difference.mean(0), difference.std(0, ddof=1) / np.sqrt(len(difference))
    return {
        name: round(float(mean[place]), 4)
        for place, name in enumerate(STATISTICS)
        if abs(mean[place]) > ERRORS * error[place] + slack[name]
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", RANDOM)
def test_chance_has_the_published_distribution_of_its_severity_and_of_no_other(name):
    pixels, slack = photographs(NUMBER), SLACK.get(name, ROUGH)
    np.random.seed(0)
    mine = [statistics(ours(name, pixels, severity, ids_of(NUMBER, severity)), pixels) for severity in SEVERITIES]
    published = [statistics(theirs(name, pixels, severity), pixels) for severity in SEVERITIES]

    assert [differing(*pair, slack) for pair in zip(mine, published, strict=True)] == [{}] * 5
    if name in ALIKE:
        assert differing(mine[0], published[4], slack)
        assert differing(mine[4], published[0], slack)
    else:
        assert all(differing(lower, higher, slack) for lower, higher in zip(mine, published[1:], strict=False))
        assert all(differing(higher, lower, slack) for lower, higher in zip(published, mine[1:], strict=False))

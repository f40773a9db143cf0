"""Drawn ice has the statistics of the six published photographs of ice, cut as their authors' code cuts them.

Each pane beside its photograph. What a backbone loses to frost follows from these: with one spectrum for all panes, flatter than any
photograph's, six of a hundred more photographs were recognised at severity 1.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from imagecorruptions import corruptions as reference
from PIL import Image

from fixtures.views.chance import choice
from fixtures.views.corruptions import ice, weather
from tests.views.published import ids_of

NUMBER = 24  # places on each pane
SEVERITY = 5
SHARE = weather.FROST[SEVERITY - 1][1]
WAVES = (1, 2, 4, 8, 16, 32, 64, 112)


def published(pane: int, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Ice of one photograph before nothing, in levels, [n, 224, 224, 3]: the authors' code picks a file, and then two edges."""
    places, nothing = np.random.default_rng(pane), Image.new("RGB", (224, 224))
    with monkeypatch.context() as patch:
        patch.setattr(np.random, "randint", lambda low, high=None: pane if high is None else places.integers(low, high))
        return np.stack([reference.frost(nothing, SEVERITY) for _ in range(NUMBER)]) / SHARE


def drawn(pane: int) -> np.ndarray:
    ids = ids_of(20 * NUMBER)
    ids = ids[choice(ids, len(ice.PANES), "frost") == pane][:NUMBER]
    return weather.frost(torch.zeros(NUMBER, 3, 224, 224), ids, SEVERITY).permute(0, 2, 3, 1).double().numpy() * 255 / SHARE


def detail(light: np.ndarray) -> np.ndarray:
    """Deviation of the light in each band of waves, in levels."""
    window = np.hanning(224)[:, None] * np.hanning(224)
    power = np.abs(np.fft.fft2((light - light.mean((1, 2), keepdims=True)) * window)) ** 2 / (window**2).sum() / 224**2
    waves = np.hypot(*np.meshgrid(np.fft.fftfreq(224, 1 / 224), np.fft.fftfreq(224, 1 / 224)))
    return np.sqrt([power[:, (waves >= low) & (waves < high)].sum(1).mean() for low, high in pairwise(WAVES)])


def skewness(light: np.ndarray) -> float:
    centred = light - light.mean((1, 2), keepdims=True)
    return float(((centred**3).mean((1, 2)) / (centred**2).mean((1, 2)) ** 1.5).mean())


def slopes(light: np.ndarray) -> tuple[float, float]:
    """Mean gradient in levels per px, and how unevenly it is spread: 1.27 where all is noise."""
    steepness = np.hypot(*np.gradient(light, axis=(1, 2)))
    return steepness.mean(), float(((steepness**2).mean((1, 2)) / steepness.mean((1, 2)) ** 2).mean())


@pytest.mark.parametrize("pane", range(len(ice.PANES)))
def test_drawn_ice_has_the_statistics_of_its_photograph(pane, monkeypatch):
    mine, theirs = drawn(pane), published(pane, monkeypatch)
    light, photographed = mine.mean(-1), theirs.mean(-1)

    assert mine.mean((0, 1, 2)) == pytest.approx(theirs.mean((0, 1, 2)), abs=8), "colour: places differ by up to 13 levels"
    assert 0.4 < light.mean((1, 2)).std() / photographed.mean((1, 2)).std() < 2, "light between places"
    assert light.std((1, 2)).mean() == pytest.approx(photographed.std((1, 2)).mean(), rel=0.2), "light within a place"
    assert np.percentile(light, (2, 25, 50, 75, 98)) == pytest.approx(np.percentile(photographed, (2, 25, 50, 75, 98)), abs=14)
    assert skewness(light) == pytest.approx(skewness(photographed), abs=0.35)
    assert np.abs(np.log(detail(light) / detail(photographed)))[:2].max() < 0.7, "coarse detail, of which a place shows few waves"
    assert detail(light)[2:] == pytest.approx(detail(photographed)[2:], rel=0.2), "fine detail"
    assert slopes(light) == pytest.approx(slopes(photographed), rel=0.2)


def test_ice_repeats_at_its_borders_without_a_seam():
    sheets = ice.sheets().mean(1)
    within = sheets.diff(dim=1).square().mean((1, 2)).sqrt()
    across = (sheets[:, 0] - sheets[:, -1]).square().mean(1).sqrt()

    assert across.tolist() == pytest.approx(within.tolist(), rel=0.35)


def test_panes_of_one_photograph_are_drawn_apart():
    sheets = ice.sheets()
    same = [(first, second) for second in range(6) for first in range(second) if ice.PANES[first] == ice.PANES[second]]

    assert same == [(1, 2)]
    assert abs(np.corrcoef(sheets[1].mean(0).ravel(), sheets[2].mean(0).ravel())[0, 1]) < 0.1

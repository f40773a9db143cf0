"""Corruptions against their authors' code: to a level where there is no chance, or where both are given the same chance.

Elsewhere by distribution, in test_corruptions_distribution.py. Photographs at 224 px, for which the published strengths were chosen.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch
from imagecorruptions import corruptions as reference

from fixtures.views.chance import choice, normal, uniform
from fixtures.views.corruptions import SEVERITIES, ice, layers, spatter, swaps, weather
from tests.views import made_photo
from tests.views.published import DETERMINISTIC, ids_of, ours, photographs, theirs

NUMBER = 6
CPU = torch.device("cpu")
BOUND = {"pixelate": 0.6}  # levels: PIL rounds twice, ours never
SAME_CHANCE = ("gaussian_noise", "speckle_noise", "motion_blur", "elastic_transform", "snow", "fog", "frost", "spatter")


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return photographs(NUMBER)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """Mean absolute difference, in levels."""
    return float(np.abs(first - second).mean())


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", DETERMINISTIC)
def test_what_has_no_chance_is_the_published_corruption(pixels, name, severity):
    published = theirs(name, pixels, severity)

    assert distance(ours(name, pixels, severity), published) <= BOUND.get(name, 0.01)
    assert all(distance(ours(name, pixels, other), published) > 1 for other in neighbours(severity)), "the comparison sees no difference"


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", SAME_CHANCE)
def test_with_our_chance_the_published_code_makes_our_corruption(pixels, monkeypatch, name, severity):
    ids = ids_with_layers_as_they_are(name, pixels)
    published = np.stack([given_our_chance(monkeypatch, name, pixels[n : n + 1], ids[n : n + 1], severity) for n in range(len(pixels))])

    assert distance(ours(name, pixels, severity, ids), published) <= 0.02
    assert all(distance(ours(name, pixels, other, ids), published) > 0.5 for other in neighbours(severity))


def neighbours(severity: int) -> list[int]:
    return [other for other in (severity - 1, severity + 1) if other in SEVERITIES]


def ids_with_layers_as_they_are(name: str, pixels: np.ndarray) -> torch.Tensor:
    """Images whose layer of snow is not mirrored."""
    candidates = ids_of(1000)
    ways = 2 if name == "snow" else 1
    return candidates[choice(candidates, ways * layers.POOL, name) % ways == 0][: len(pixels)]


def given_our_chance(monkeypatch: pytest.MonkeyPatch, name: str, pixels: np.ndarray, ids: torch.Tensor, severity: int) -> np.ndarray:
    """The published corruption of one photograph, its draws replaced by ours."""
    draws = OUR_DRAWS[name](ids, severity)
    with monkeypatch.context() as patch:
        if name == "frost":  # in the place of a photograph of ice, enlarged and cut where chance says
            patch.setattr(reference.cv2, "resize", lambda *_, **__: draws["ice"])
            patch.setattr(np.random, "randint", lambda *_: 0)
        if name == "fog":
            patch.setattr(reference, "plasma_fractal", lambda **_: draws["cloud"])
        patch.setattr(np.random, "normal", lambda size, scale=1.0, loc=0.0: loc + scale * draws["normal"].reshape(size))
        uniforms = iter(draws.get("uniform", []))
        patch.setattr(np.random, "uniform", lambda low, high, **_: low + (high - low) * next(uniforms))
        return theirs(name, pixels, severity)[0]


def noise(ids: torch.Tensor, name: str) -> np.ndarray:
    return normal(ids, 3 * 224 * 224, name).double().numpy().reshape(3, 224, 224).transpose(1, 2, 0)


def snow(ids: torch.Tensor, severity: int) -> dict:
    """The published code draws noise for the whole image and enlarges its centre; ours draws the centre."""
    magnification = layers.SNOW[severity - 1][2]
    member, kept = choice(ids, 2 * layers.POOL, "snow") // 2, math.ceil(224 / magnification)
    whole, first = np.zeros((224, 224)), (224 - kept) // 2
    specks = normal(layers.members(), kept * kept, f"snow {severity}")[member].double().numpy().reshape(kept, kept)
    whole[first : first + kept, first : first + kept] = specks
    return {"normal": whole, "uniform": [float(uniform(layers.members(), 1, f"snow direction {severity}")[member])]}


def fog(ids: torch.Tensor, severity: int) -> dict:
    cloud = layers.plasma(weather.FOG[severity - 1][1], 224, CPU)[int(choice(ids, layers.POOL, "fog")), 0].numpy()
    return {"cloud": np.roll(cloud, beginning(ids, 256, "fog"), (0, 1))}


def frost(ids: torch.Tensor, _severity: int) -> dict:
    pane = layers.frost(224, CPU)[int(choice(ids, len(ice.PANES), "frost"))].double().numpy().transpose(1, 2, 0)
    return {"ice": 255 * np.roll(pane, beginning(ids, ice.SIDE, "frost"), (0, 1))[..., ::-1]}


def beginning(ids: torch.Tensor, side: int, name: str) -> list[int]:
    """How far a layer that repeats is to be moved for an image's stretch of it to begin in its corner."""
    return [-int(choice(ids, side, f"{name} {way}")) for way in ("down", "across")]


def water_or_mud(ids: torch.Tensor, severity: int) -> dict:
    member = choice(ids, layers.POOL, "spatter")
    return {"normal": normal(layers.members(), 224 * 224, f"spatter {severity}")[member].double().numpy().reshape(224, 224)}


OUR_DRAWS = {
    "gaussian_noise": lambda ids, _: {"normal": noise(ids, "gaussian_noise")},
    "speckle_noise": lambda ids, _: {"normal": noise(ids, "speckle_noise")},
    "motion_blur": lambda ids, _: {"uniform": [float(uniform(ids, 1, "motion_blur"))]},
    "elastic_transform": lambda ids, _: {"uniform": uniform(ids, 2 * 224 * 224, "elastic_transform").double().numpy().reshape(2, 224, 224)},
    "snow": snow,
    "fog": fog,
    "frost": frost,
    "spatter": water_or_mud,
}


@pytest.mark.parametrize("decay", sorted({decay for _, decay in weather.FOG}))
def test_clouds_are_the_published_fractal(monkeypatch, decay):
    steps = [256 >> octave for octave in range(8)]
    draws = (
        each
        for step in steps
        for each in uniform(layers.members(), 3 * (256 // step) ** 2, f"plasma {decay} {step}")[7].double().numpy().reshape(3, -1)
    )
    monkeypatch.setattr(np.random, "uniform", lambda low, high, size: low + (high - low) * next(draws).reshape(size))
    published = reference.plasma_fractal(256, decay)

    assert np.abs(layers.plasma(decay, 224, CPU)[7, 0].numpy() - published).max() <= 1e-4


@pytest.mark.parametrize(("reach", "turns"), swaps.MOVES)
def test_glass_is_the_published_loop(reach, turns):
    height, width, maps = 20, 26, 3
    steps = np.random.default_rng(0).integers(-reach, reach, (turns, maps, 2, height, width))
    for member, found in enumerate(swaps.copied(steps, reach)):
        place = np.repeat(np.arange(height * width).reshape(height, width, 1), 3, axis=2)  # three channels, as an image: rows are views
        for turn in range(turns):
            for row in range(height - reach, reach, -1):
                for column in range(width - reach, reach, -1):
                    down, across = row + steps[turn, member, 0, row, column], column + steps[turn, member, 1, row, column]
                    place[row, column], place[down, across] = place[down, across], place[row, column]

        assert np.array_equal(found, place[..., 0].ravel())


@pytest.mark.parametrize("seed", range(4))
def test_rims_are_opencvs_canny(seed):
    levels = cv2.GaussianBlur(np.asarray(made_photo(120, 90, seed).convert("L")), (5, 5), 1.2)

    assert np.array_equal(spatter.canny(levels, 50, 150), cv2.Canny(levels, 50, 150) > 0)


@pytest.mark.parametrize("number", [0, 1, 40])
def test_distances_are_opencvs(number):
    rims = np.zeros((1, 70, 90), bool)
    rims.ravel()[np.random.default_rng(number).choice(rims.size, number, replace=False)] = True
    published = cv2.distanceTransform(255 - rims[0].astype(np.uint8) * 255, cv2.DIST_L2, 5)

    assert np.abs(np.minimum(spatter.distances(rims)[0], 200) - np.minimum(published, 200)).max() <= 1e-4


def test_levels_are_spread_as_opencv_does():
    levels = (np.asarray(made_photo(90, 70).convert("L")) // 13).astype(np.uint8)

    assert np.array_equal(spatter.equalised(levels), cv2.equalizeHist(levels))

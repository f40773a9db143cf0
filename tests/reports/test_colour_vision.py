"""People who see fewer colours read the same report: verdicts and backbones stay apart, and each verdict is a word and a sign as well.

Colours as people without one kind of cone see them: Machado, Oliveira and Fernandes 2009, severity 1.0. Apart: by their distance in CIELAB
(1976), of which 2.3 can just be seen side by side.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from reports.bars import mark
from reports.html import render
from reports.record import VERDICTS
from reports.wording import SIGNS
from tests.reports.sample import BACKBONES, sample_run

APART = 10.0
STYLE = (Path(__file__).resolve().parents[2] / "reports" / "templates" / "report.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--([\w-]+):(#[0-9a-f]+)", each)) for each in re.findall(r":root\{(.*?)\}", STYLE))
THEMES = {"light": LIGHT, "dark": DARK}
EYES = {
    "all cones": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def seen(colour: str, eye: np.ndarray) -> np.ndarray:
    """A colour `#rrggbb` as an eye sees it, in CIELAB."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    light = eye @ np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    ratio = TO_XYZ @ light.clip(0, 1) / TO_XYZ.sum(1)
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def confused(colours: dict[str, str], eye: np.ndarray) -> list[tuple[str, str, float]]:
    """Pairs of colours that an eye can hardly tell apart, and how far apart they are."""
    pairs = [(one, other, np.linalg.norm(seen(colours[one], eye) - seen(colours[other], eye))) for one, other in combinations(colours, 2)]
    return [(one, other, round(float(distance), 1)) for one, other, distance in pairs if distance < APART]


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", ["verdicts", "backbones"])
def test_colours_stay_apart_for_every_eye(kind: str, theme: str, eye: str) -> None:
    wanted = VERDICTS if kind == "verdicts" else [name for name in THEMES[theme] if name.startswith("series-")]
    colours = {name: THEMES[theme][name] for name in wanted}

    assert len(colours) == 6
    assert confused(colours, EYES[eye]) == []


def test_colours_that_only_some_eyes_tell_apart_are_found() -> None:
    colours = {"red": "#b83a00", "ochre": "#805a00"}

    assert confused(colours, EYES["all cones"]) == []
    assert confused(colours, EYES["no red"]) != []
    assert confused(colours, EYES["no green"]) != []


def test_every_coloured_verdict_is_a_word_and_a_sign_too() -> None:
    page = render(sample_run(BACKBONES))
    chips = re.findall(r'<span class="chip (\w+)">(.*?)</span>', page)
    shapes = [re.findall(rf'id="mark-{verdict}" d="([^"]+)"', page) for verdict in VERDICTS if verdict != "error"]  # which has no bar

    assert {verdict for verdict, _ in chips} == set(VERDICTS) == set(SIGNS)
    assert len(set(SIGNS.values())) == len({str(shape) for shape in shapes}) + 1 == len(VERDICTS)
    for verdict, inside in chips:
        word = inside.removeprefix(str(mark(verdict))).removeprefix(SIGNS[verdict])
        assert word != inside
        assert re.search(r"[a-z]{4}", word)

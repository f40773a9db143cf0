"""Measures of sweeps: what a backbone loses when one factor of a scene is changed and all else is fixed, paired by scene."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import column, flags, same_length
from audits.measures.estimate import ANSWERS, Estimate, proportion, wilson, with_replicates
from audits.measures.paired import paired_limits
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]

CONFIDENCE_LEVEL = 0.95
OWN, SWAPPED, WITHOUT = range(3)  # levels of a background
MISSING = -1
MOST_REPLICATED = 100  # pairs of levels: a thousand numbers are kept for each


@dataclass(frozen=True)
class _Grid:
    """Whether each of the `scenes` is recognised at each level, [scenes, levels]: 0, 1, or MISSING where there is no such image."""

    right: NDArray[np.int8]
    levels: Sequence[str]
    scenes: Sequence[Any]

    def compared(self, reference: int | None) -> list[tuple[int, int]]:
        """Pairs (from, to) of levels that share scenes: from the reference to the others, or every two in both directions."""
        there = self.right != MISSING
        froms = range(len(self.levels)) if reference is None else [reference]
        pairs = ((one, other) for one, other in itertools.product(froms, range(len(self.levels))) if one != other)
        return [(one, other) for one, other in pairs if (there[:, one] & there[:, other]).any()]

    def counts(self, one: int, other: int) -> tuple[int, int, int, int]:
        """Scenes that are recognised at both levels, at the one only, at the other only, at neither."""
        first, second = self.right[:, one], self.right[:, other]
        return tuple(int(((first == a) & (second == b)).sum()) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0)))  # type: ignore[return-value]

    def differences(self, pairs: Sequence[tuple[int, int]]) -> tuple[Floats, Floats]:
        """For every scene and pair of levels what the step from the one to the other loses, -1, 0 or 1, and whether both are shown."""
        one, other = (self.right[:, list(places)].astype(np.float64) for places in zip(*pairs, strict=True))
        shown = (one != MISSING) & (other != MISSING)
        return np.where(shown, one - other, 0.0), shown.astype(np.float64)


def largest_drop(correct: Any, level: Any, scene: Any, levels: Sequence[str], reference: int | None) -> Estimate:
    """How much accuracy a backbone loses at the level of a factor at which it loses most.

    correct: [n] booleans; level: [n] places in `levels`, -1 for images that are not of this factor; scene: [n] names of what is shown, one
    image a scene and level. The drop of a level is the accuracy at the reference minus that at the level, over the scenes that are shown
    at both; negative where the change helps. Without a reference: the largest difference between any two levels. The value is the largest
    of the drops seen, which is biased upwards where many levels are alike.
    Interval of the largest *true* drop, for all levels at once, from intervals of paired differences (Newcombe 1998, method 10): high is
    the largest of the upper limits, which need no correction, since the level with the largest true drop has one of them; low the largest
    of the lower limits, each tail divided by the number of levels compared (Bonferroni), since luck may pick any level.
    n: scenes compared at the level that decides the value. detail: `worst` (level), `compared`, and `curve`: the `reference` and for every
    level its name, accuracy, Wilson interval and number of images.
    Errors: ValueError for no images, different lengths, two images of a scene at one level, no scene at two levels.
    """
    grid = _grid(correct, level, scene, levels)
    pairs = grid.compared(reference)
    if not pairs:
        raise ValueError(f"No scene is shown at two levels that could be compared ({', '.join(levels)}); wanted each scene at all levels.")
    counts = np.array([grid.counts(*pair) for pair in pairs])
    value = (counts[:, 1] - counts[:, 2]) / counts.sum(axis=1)

    def limits(tail: float) -> tuple[float, float]:
        low, _ = paired_limits(counts, tail / len(pairs))
        _, high = paired_limits(counts, tail)
        return float(low.max()), float(high.max())

    worst = int(value.argmax())
    detail = {"worst": levels[pairs[worst][1]], "compared": len(pairs), "curve": _curve(grid, reference)}
    if reference is None:
        detail["best"] = levels[pairs[worst][0]]
    n, ends = int(counts[worst].sum()), limits((1 - CONFIDENCE_LEVEL) / 2)
    found = Estimate(float(value[worst]), *ends, n, CONFIDENCE_LEVEL, "newcombe", detail, tail=of_limits(limits), averages=2 * ANSWERS)
    return with_replicates(found, _weighted_drops, grid.scenes, grid.differences(pairs)) if len(pairs) <= MOST_REPLICATED else found


def _weighted_drops(weights: Floats, drop: Floats, shown: Floats) -> Floats:
    return (weights @ drop) / (weights @ shown)


def background_reliance(correct: Any, level: Any, scene: Any, levels: Sequence[str]) -> Estimate:
    """How much accuracy a backbone loses when objects stand before a background that is not theirs (after Xiao et al. 2021).

    Accuracy on scenes as they are minus that on the same scenes with the background swapped. correct: [n] booleans; level: [n] OWN, SWAPPED
    or WITHOUT (no object), -1 for other images; scene: [n]; levels: names of the three. Interval: of a paired difference (Newcombe 1998,
    method 10). n: scenes. detail and errors: as `largest_drop`; the curve also tells how often the background alone gives the class.
    """
    place = column("level", level)
    drop = largest_drop(correct, np.where(place == WITHOUT, MISSING, place), scene, levels, OWN)
    detail = {**(drop.detail or {}), "curve": _curve(_grid(correct, place, scene, levels), OWN)}
    return replace(drop, detail=detail)


def background_alone(correct: Any, level: Any, ids: Sequence[Any] | None = None) -> Estimate:
    """How often a backbone names, for a background without an object, the class of the object that stood there (Xiao et al. 2021).

    correct: [n] booleans, level: [n] as in `background_reliance`; ids: [n]. Interval: Wilson over the scenes.
    Errors: ValueError for no such image.
    """
    right, place = flags("correct", correct), column("level", level)
    same_length(correct=right, level=place)
    alone = place == WITHOUT
    return proportion(right[alone], None if ids is None else np.asarray(ids, dtype=object)[alone].tolist())


def _grid(correct: Any, level: Any, scene: Any, levels: Sequence[str]) -> _Grid:
    right, place, names = flags("correct", correct), column("level", level), column("scene", scene)
    same_length(correct=right, level=place, scene=names)
    own = place != MISSING
    scenes, row = np.unique(names[own], return_inverse=True)
    cells = row * len(levels) + place[own]
    if len(doubled := np.flatnonzero(np.bincount(cells, minlength=1) > 1)):
        which = f"scene {scenes[doubled[0] // len(levels)]} at level {levels[doubled[0] % len(levels)]}"
        raise ValueError(f"{len(doubled):,} pairs of scene and level have several images ({which}), wanted one each.")
    grid = np.full((len(scenes), len(levels)), MISSING, dtype=np.int8)
    grid[row, place[own]] = right[own]
    return _Grid(grid, levels, scenes.tolist())


def _curve(grid: _Grid, reference: int | None) -> dict[str, Any]:
    """The accuracy at every level that is shown, with a Wilson interval each."""
    shown = []
    for place, name in enumerate(grid.levels):
        right = grid.right[:, place]
        if n := int((right != MISSING).sum()):
            one = wilson(int((right == 1).sum()), n)
            shown.append({"name": name, "accuracy": one.value, "low": one.low, "high": one.high, "count": n})
    return {"levels": shown, "reference": None if reference is None else grid.levels[reference]}

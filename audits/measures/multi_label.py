"""Measures of scores where an image has several labels or none: does a label's score tell the images that have it from those that do not?

Both are means over labels of what a score's order of the images is worth. Which images there are decides all labels at once, so the
interval is that of the mean, from what each image adds to it: the infinitesimal jackknife (Efron 1982), which for the area under one curve
is the method of DeLong, DeLong and Clarke-Pearson (1988).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtrit

from audits.measures.columns import array
from audits.measures.estimate import Estimate, with_replicates
from audits.measures.outliers import exponential_limits
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]
Truth = NDArray[np.int8]

CONFIDENCE_LEVEL = 0.95
TAIL = (1 - CONFIDENCE_LEVEL) / 2
UNKNOWN = -1
FEWEST = 20  # known images with a label, and as many without, from which on its interval can be trusted


def mean_over_labels(scores: Any, truth: Any, metric: str, names: Sequence[str], ids: Sequence[Any] | None = None) -> Estimate:
    """How well scores tell which images have a label, as the mean over labels.

    scores: [n, labels], the larger the likelier; truth: [n, labels] of 1 has it, 0 has it not, -1 unknown: left out of that label.
    metric: "auroc", the share of pairs of an image with the label and one without that are in order, ties counting half; or
    "mean_average_precision", the mean over images with the label of the share that have it among all that score as high or higher
    (without interpolation, as scikit-learn; not the eleven points of PASCAL VOC 2007). A label that fewer than twenty known images have,
    or lack, does not enter.
    Interval: Student's on the logit scale. Of an area it is no narrower for a label than the exponential model asks (Hanley and McNeil
    1982). Average precision is first lowered by what an image with the label counts for in its own precision, about 1 / (images with it),
    which the value keeps. A label whose images are all in order, or none, shows no spread: as many unseen ones as may be there (the rule
    of three, Hanley & Lippman-Hand 1983, at 97.5 %) are then put where they move it most. Replicates weigh images, where these have
    names: ids [n].
    detail: the value of each label that enters, by name; `said`, where others do not. Errors: ValueError for another metric, other
    shapes, NaN, no label that enters.
    """
    if metric not in METRICS:
        raise ValueError(f"metric: got {metric!r}, wanted {' or '.join(METRICS)}: others are about one label an image.")
    score, known = array("scores", scores), array("truth", truth)
    if score.ndim != 2 or score.shape != known.shape or score.shape[1] != len(names):
        shapes = f"shape {score.shape}, truth of {known.shape} and {len(names)} names"
        raise ValueError(f"scores: got {shapes}; wanted [images, labels] of both and a name for each label.")
    entering = [label for label, told in enumerate(known.T) if min((told == 1).sum(), (told == 0).sum()) >= FEWEST]
    if not entering:
        raise ValueError(
            f"truth: none of {len(names)} labels has {FEWEST} images with it and {FEWEST} without; wanted at least one that has."
        )
    labels = [_Label.of(score[:, label].astype(np.float64), known[:, label]) for label in entering]
    n, ones = len(score), np.ones((1, len(score)))
    each = [METRICS[metric](label, ones) for label in labels]
    values = np.array([float(one.value[0]) for one in each])
    value, debt = float(values.mean()), float(np.mean([one.debt for one in each]))
    influences = [one.influence * _widening(label, one, metric) for label, one in zip(labels, each, strict=True)]
    spread = math.sqrt(float((np.mean(influences, axis=0) ** 2).sum()))
    freedom = _freedom([part for label, influence in zip(labels, influences, strict=True) for part in label.parts(influence)])

    def limits(tail: float) -> tuple[float, float]:
        reach = -float(stdtrit(freedom, tail)) * spread
        unseen = [1 - label.least(metric, tail) for label in labels]
        below, above = (sum(part for part, of in zip(unseen, values, strict=True) if of == end) / len(labels) for end in (1, 0))
        return max(0.0, min(value, _moved(value - debt, -reach)) - below), min(1.0, max(value, _moved(value, reach)) + above)

    def statistic(weights: Floats) -> Floats:
        drawn = np.stack([METRICS[metric](label, weights).value for label in labels], axis=1)
        return np.nanmean(drawn, axis=1)  # a label of which a replicate has no image does not enter there

    of_labels = {names[label]: of_label for label, of_label in zip(entering, values.tolist(), strict=True)}
    detail: dict[str, Any] = {"metric": metric, "labels": of_labels}
    if others := [name for name in names if name not in of_labels]:
        detail["said"] = f"{len(others)} of {len(names)} labels left out: fewer than {FEWEST} images with or without {', '.join(others)}"
    found = Estimate(value, *limits(TAIL), n, CONFIDENCE_LEVEL, "infinitesimal jackknife", detail, tail=of_limits(limits))
    return with_replicates(found, statistic, ids, [])


def _moved(value: float, by: float) -> float:
    """A share moved by so many of its own units, on the logit scale; 0 and 1 stay."""
    scale = value * (1 - value)
    return float(expit(logit(value) + by / scale)) if scale > 0 else value


def _widening(label: _Label, found: _Worth, metric: str) -> float:
    """How many times as far as its own spread the exponential model of scores reaches below an area; 1 where it reaches less far."""
    value, spread = float(found.value[0]), math.sqrt(float((found.influence**2).sum()))
    if metric != "auroc" or spread == 0:
        return 1.0
    low, _ = exponential_limits(value, int(label.has.sum()), int((~label.has).sum()), TAIL)
    own = -float(stdtrit(_freedom(label.parts(found.influence)), TAIL)) * spread
    return max(1.0, float(logit(value) - logit(low)) * value * (1 - value) / own)


def _freedom(parts: list[Floats]) -> float:
    """The degrees of freedom of a sum of variances, each from the influences of one group of images (Satterthwaite 1946).

    A variance that a few images make is known as from few: of n influences, as from 2 n / (kurtosis - 1), which is n for normal ones.
    """
    variances = np.array([float((part**2).sum()) for part in parts])
    if not variances.any():
        return 1.0
    fourths = np.array([float((part**4).sum()) for part in parts])
    sizes = np.array([len(part) for part in parts])
    excess = np.maximum(sizes * fourths / np.maximum(variances**2, np.finfo(float).tiny) - 1, 1e-9)
    known_from = np.clip(2 * sizes / excess, 1, sizes - 1)
    return float(variances.sum() ** 2 / (variances**2 / known_from).sum())


@dataclass(frozen=True)
class _Worth:
    """A metric of one label: its value under each of several weightings [r], and what each image adds to it at equal weights, [n]."""

    value: Floats
    influence: Floats
    debt: float = 0.0  # by how much it is too high on average, because an image with the label counts in its own precision


@dataclass(frozen=True)
class _Label:
    """The images about which a label is known, the highest score first."""

    order: NDArray[np.int64]  # their places among all n
    has: NDArray[np.bool_]  # in this order
    ends: NDArray[np.int64]  # for each, the last with the same score
    begins: NDArray[np.int64]  # … and the first
    n: int

    @classmethod
    def of(cls, score: Floats, truth: Truth) -> _Label:
        known = np.flatnonzero(truth != UNKNOWN)
        order = known[np.argsort(-score[known], kind="stable")]
        falling = score[order]
        return cls(
            order,
            truth[order] == 1,
            np.searchsorted(-falling, -falling, side="right") - 1,
            np.searchsorted(-falling, -falling, side="left"),
            len(score),
        )

    def least(self, metric: str, tail: float) -> float:
        """What a flawless order may really be worth: some images without the label, never seen, may stand first, or some with it last."""
        having, lacking = int(self.has.sum()), int((~self.has).sum())
        lost, gained = (1 - tail ** (1 / count) for count in (having, lacking))
        if metric == "auroc":
            return 1 - max(lost, gained)
        above = gained * lacking
        place = np.arange(1, having + 1)
        return min(float((place / (place + above)).mean()), 1 - lost * (1 - having / (having + lacking)))

    def spread_out(self, influence: Floats) -> Floats:
        """Influences of the known images [k] as those of all, [n], 0 where nothing is known; a little more for the mean taken off."""
        having, lacking = int(self.has.sum()), int((~self.has).sum())
        whole = np.zeros(self.n)
        whole[self.order] = influence * np.sqrt([count / max(1, count - 1) for count in (lacking, having)])[self.has.astype(int)]
        return whole

    def parts(self, influence: Floats) -> list[Floats]:
        """Influences [n] of the images that have the label, and of those that do not."""
        return [influence[self.order[of]] for of in (self.has, ~self.has)]


def _auroc(label: _Label, weights: Floats) -> _Worth:
    drawn = weights[:, label.order]
    having, lacking = drawn * label.has, drawn * ~label.has
    beaten = lacking.sum(axis=1, keepdims=True) - (_up_to(lacking, label.ends) + _before(lacking, label.begins)) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (having * beaten).sum(axis=1) / (having.sum(axis=1) * lacking.sum(axis=1))
    with_it, without = label.has.sum(), (~label.has).sum()
    ahead = (_up_to(having, label.ends) + _before(having, label.begins))[0] / 2
    influence = np.where(label.has, (beaten[0] / without - value[0]) / with_it, (ahead / with_it - value[0]) / without)
    return _Worth(value, label.spread_out(influence))


def _average_precision(label: _Label, weights: Floats) -> _Worth:
    drawn = weights[:, label.order]
    having = drawn * label.has
    right, all_ = _up_to(having, label.ends), _up_to(drawn, label.ends)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = right / all_
        value = np.where(having > 0, having * precision, 0).sum(axis=1) / having.sum(axis=1)
    m = label.has.sum()
    # an image counts in the precision at every image with the label that scores as high as it does, or lower
    behind = [np.where(label.has, each[0], 0)[::-1].cumsum()[::-1][label.begins] for each in (1 / all_, precision / all_)]
    influence = (label.has * (precision[0] - value[0] + behind[0]) - behind[1]) / m
    debt = float(np.where(label.has, (1 - precision[0]) / all_[0], 0).sum() / m)
    return _Worth(value, label.spread_out(influence), debt)


METRICS: dict[str, Callable[[_Label, Floats], _Worth]] = {"auroc": _auroc, "mean_average_precision": _average_precision}


def _up_to(weights: Floats, ends: NDArray[np.int64]) -> Floats:
    """The weight of all images that score as high as each or higher, [r, k]."""
    return weights.cumsum(axis=1)[:, ends]


def _before(weights: Floats, begins: NDArray[np.int64]) -> Floats:
    """The weight of all that score higher, [r, k]."""
    return np.concatenate([np.zeros((len(weights), 1)), weights.cumsum(axis=1)], axis=1)[:, begins]

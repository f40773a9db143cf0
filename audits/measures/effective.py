"""Effective robustness: how much more often a network is right on shifted images than others that are right as often at home."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtrit

from audits.measures.columns import flags
from audits.measures.estimate import ANSWERS, Estimate, with_replicates
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]

METHOD = "prediction"  # of intervals that more images make no narrower than the others' scatter
MOST_DRAWN = {True: 240, False: 120}  # networks of the line and others in the detail: a chart of more is a cloud
BAND_STEPS = 13


class Cohort(Protocol):
    """Other networks: accuracies at home and on the shifted images [n], in (0, 1); `fitted` [n]: those that make the line."""

    @property
    def home(self) -> Floats: ...
    @property
    def shifted(self) -> Floats: ...
    @property
    def fitted(self) -> NDArray[np.bool_]: ...
    @property
    def source(self) -> str: ...
    @property
    def home_dataset(self) -> str: ...
    @property
    def shifted_dataset(self) -> str: ...
    @property
    def own_row(self) -> str: ...
    @property
    def measured_alike(self) -> bool: ...


@dataclass(frozen=True)
class Line:
    """A least-squares line on the logit scale: shifted = intercept + slope · home, and all that a prediction from it needs.

    spread: standard deviation of a network about the line, with n - 2 degrees of freedom. centre, width: mean and sum of squares of x.
    """

    slope: float
    intercept: float
    spread: float
    centre: float
    width: float
    n: int

    def at(self, home: Any) -> Any:
        """The logit that the line gives for a logit at home."""
        return self.intercept + self.slope * home

    def variance(self, home: Any) -> Any:
        """Of a new network about the prediction, on the logit scale: its scatter, and what n networks leave open about the line."""
        return self.spread**2 * (1 + 1 / self.n + (home - self.centre) ** 2 / self.width)


def fit_line(home: Any, shifted: Any) -> Line:
    """The line from accuracy at home to accuracy on the shift, both [n] in (0, 1), by least squares of logits.

    Errors: ValueError for fewer than three networks, shares of 0 or 1, or networks that are all alike at home.
    """
    x, y = (np.asarray(shares, dtype=np.float64) for shares in (home, shifted))
    if x.shape != y.shape or x.ndim != 1 or len(x) < 3:
        raise ValueError(f"cohort: got shares of shape {x.shape} and {y.shape}, wanted [n] twice with n >= 3.")
    if not ((x > 0) & (x < 1) & (y > 0) & (y < 1)).all():
        raise ValueError("cohort: got a share outside (0, 1), which has no logit.")
    x, y = logit(x), logit(y)
    centre, width = float(x.mean()), float(((x - x.mean()) ** 2).sum())
    if width == 0:
        raise ValueError("cohort: all networks are right equally often at home: no line goes through them.")
    slope = float(((x - centre) * (y - y.mean())).sum()) / width
    intercept = float(y.mean()) - slope * centre
    spread = math.sqrt(float(((y - intercept - slope * x) ** 2).sum()) / (len(x) - 2))
    return Line(slope, intercept, spread, centre, width, len(x))


def effective_robustness(
    correct: Any, correct_at_home: Any, cohort: Cohort, ids: Sequence[Any] | None = None, *, confidence_level: float = 0.95
) -> Estimate:
    """Share right on shifted images minus the share that others who are right as often at home show there, in shares of images.

    correct, correct_at_home: [n], [m] booleans of one network on the shifted images and on those that they are a shift of;
    ids: [n + m] names of the images, the shifted ones first.
    The line is fitted on the logit scale to the cohort's networks (Taori et al. 2020; Miller et al. 2021). Interval: the measured share
    minus the prediction interval for the share that another network of the cohort, right as often at home, would show on as many images.
    Its variance on the logit scale is the sum of the scatter about the line with what is uncertain about the line (`Line.variance`), the
    binomial variance of n images at the prediction, and slope² times that of the m images at home; its quantile is Student's with n - 2
    degrees of freedom. Zero lies inside for 95 of 100 networks of the cohort's kind. The networks of the cohort were measured on the same
    images, or a larger part of them, so some chance of the images is counted twice: the interval is rather too wide.
    The logit of the share at home is (right + ½) / (wrong + ½), which is finite where all or none are right.
    detail: `scatter` for the report; the line, what was predicted, and whether the share at home lies outside the cohort's.
    Errors: ValueError for no images, and as `fit_line`.
    """
    right, right_at_home = flags("correct", correct), flags("correct_at_home", correct_at_home)
    n, m = len(right), len(right_at_home)
    line = fit_line(cohort.home[cohort.fitted], cohort.shifted[cohort.fitted])
    hits = float(right_at_home.sum())
    x, sampling = math.log((hits + 0.5) / (m - hits + 0.5)), line.slope**2 * (1 / (hits + 0.5) + 1 / (m - hits + 0.5))
    quantile = float(stdtrit(line.n - 2, (1 + confidence_level) / 2))
    share, predicted = float(right.mean()), float(expit(line.at(x)))
    spread = math.sqrt(float(line.variance(x)) + sampling + _binomial_variance(predicted, n))

    def limits(tail: float) -> tuple[float, float]:
        reach = -float(stdtrit(line.n - 2, tail)) * spread
        low, high = (float(expit(line.at(x) + sign * reach)) for sign in (-1, 1))
        return share - high, share - low

    known = cohort.home[cohort.fitted]
    detail = {
        "predicted": predicted,
        "accuracy": share,
        "accuracy_at_home": hits / m,
        "images_at_home": m,
        "slope": line.slope,
        "intercept": line.intercept,
        "spread": line.spread,
        "networks": line.n,
        "cohort": cohort.source,
        "own_row": cohort.own_row,
        "measured_alike": cohort.measured_alike,
        "extrapolated": not float(known.min()) <= hits / m <= float(known.max()),
        "scatter": _scatter(cohort, line, quantile, hits / m),
    }
    ends = limits((1 - confidence_level) / 2)
    found = Estimate(share - predicted, *ends, n, confidence_level, METHOD, detail, tail=of_limits(limits), averages=2 * ANSWERS)

    def weighted(weights: Floats, hit: NDArray[np.bool_], shifted: NDArray[np.bool_]) -> Floats:
        shares, home, all_home = (weights @ (hit & shifted) / (weights @ shifted), weights @ (hit & ~shifted), weights @ ~shifted)
        return shares - expit(line.at(np.log((home + 0.5) / (all_home - home + 0.5))))

    return with_replicates(found, weighted, ids, [np.concatenate([right, right_at_home]), np.arange(n + m) < n])


def _binomial_variance(share: float, n: int) -> float:
    """Of the logit of a share of n images; as if half an image more were on either side, so that it stays finite."""
    return 1 / (share * n + 0.5) + 1 / ((1 - share) * n + 0.5)


def _scatter(cohort: Cohort, line: Line, quantile: float, at_home: float) -> dict[str, Any]:
    """What a chart of the cohort needs: some of the networks, spread evenly, the line with its band."""
    drawn = {}
    for fitted, most in MOST_DRAWN.items():
        rows = np.flatnonzero(cohort.fitted == fitted)
        rows = rows[np.argsort(cohort.home[rows], kind="stable")]
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))] if len(rows) else rows
        drawn[fitted] = [[round(float(cohort.home[row]), 4), round(float(cohort.shifted[row]), 4)] for row in rows]
    ends = [*cohort.home[cohort.fitted], min(max(at_home, 0.001), 0.999)]
    places = np.linspace(logit(min(ends)), logit(max(ends)), BAND_STEPS)
    reach = quantile * np.sqrt(line.variance(places))
    band = [expit(places), expit(line.at(places)), expit(line.at(places) - reach), expit(line.at(places) + reach)]
    return {
        "x": cohort.home_dataset,
        "y": cohort.shifted_dataset,
        "fitted": drawn[True],
        "others": drawn[False],
        "band": [[round(float(value), 5) for value in row] for row in zip(*band, strict=True)],
    }

"""Measures of verification: do two pictures show the same thing? One similarity, one threshold, whoever is in them.

All take similarity [n] of each pair, same [n] booleans, and left, right [n], the names of its two pictures. Intervals allow for pairs that
share a picture, which say less than as many that share none: each kind of pair counts as so many independent ones as have the variance that
sums over pictures show (dyadic-robust, Fafchamps and Gubert 2007), never as more than there are. Two releases are compared by replicates in
which a picture is drawn again and again, and a pair as often as both of its pictures (Owen 2007): a little too wide, never too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betaincinv

from audits.measures.columns import column, flags, same_length
from audits.measures.estimate import Estimate, with_replicates
from audits.measures.tails import NORMAL, of_limits

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CONFIDENCE_LEVEL = 0.95
TAIL = (1 - CONFIDENCE_LEVEL) / 2
ROUNDING = 1e-9  # of far · pairs: 0.001 · 3,000 is three


def pair_accuracy(similarity: Any, same: Any, fold: Any, left: Sequence[Any], right: Sequence[Any]) -> Estimate:
    """Share of pairs told rightly same or different, by a threshold that other pairs chose (Huang et al. 2007, Labeled Faces in the Wild).

    fold: [n] whole numbers. Pairs of a fold are judged by the threshold that is right most often on all other folds (`best_threshold`): at
    least as similar is the same. With folds of one size the share is the mean over folds, as the protocol has it.
    Interval: Wilson, of the independent pairs that these are worth. detail: `folds`, accuracy of each, `thresholds`, `worth`.
    Errors: ValueError for no pairs, NaN, fewer than two folds, pairs of one kind only.
    """
    pairs = _pairs(similarity, same, left, right)
    number = column("fold", fold)
    same_length(similarity=pairs.score, fold=number)
    folds = np.unique(number)
    if len(folds) < 2:
        raise ValueError(f"fold: got {len(folds)} fold, wanted at least 2: a threshold is chosen on other pairs than those it judges.")
    thresholds = {each: best_threshold(pairs.score[number != each], pairs.alike[number != each]) for each in folds.tolist()}
    threshold = np.array([thresholds[each] for each in number.tolist()])
    hit = (pairs.score >= threshold) == pairs.alike
    share, worth = float(hit.mean()), pairs.worth(hit)

    def limits(tail: float) -> tuple[float, float]:
        z = -NORMAL.inv_cdf(tail)
        centre = (share + z * z / (2 * worth)) / (1 + z * z / worth)
        half = z / (1 + z * z / worth) * math.sqrt(share * (1 - share) / worth + z * z / (4 * worth * worth))
        return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))

    detail = {"folds": [float(hit[number == each].mean()) for each in folds], "thresholds": list(thresholds.values()), "worth": worth}
    found = Estimate(share, *limits(TAIL), len(hit), CONFIDENCE_LEVEL, "wilson", detail, tail=of_limits(limits))
    return with_replicates(found, lambda drawn: (each := pairs.drawn(drawn)) @ hit / each.sum(axis=1), pairs.pictures, [])


def best_threshold(similarity: Floats, same: Flags) -> float:
    """The threshold that tells most pairs rightly: half-way between two similarities seen, or beyond all; of equals the middle one."""
    order = np.argsort(similarity, kind="stable")
    score, alike = similarity[order], same[order]
    # cut at i: the first i pairs are different. Equal similarities are not told apart.
    right = np.concatenate([[0], np.cumsum(~alike)]) + alike.sum() - np.concatenate([[0], np.cumsum(alike)])
    possible = np.flatnonzero(np.concatenate([[True], score[1:] > score[:-1], [True]]))
    best = possible[right[possible] == right[possible].max()]
    cut = int(best[len(best) // 2])
    if cut in (0, len(score)):
        return float(score[0]) if cut == 0 else math.nextafter(float(score[-1]), math.inf)
    lower, upper = float(score[cut - 1]), float(score[cut])
    return max((lower + upper) / 2, math.nextafter(lower, math.inf))


def tar_at_far(similarity: Any, same: Any, left: Sequence[Any], right: Sequence[Any], far: float) -> Estimate:
    """Share of pairs of the same that are accepted where the share `far` of different ones is: true accept rate at a false accept rate.

    Accepted is what is more similar than the threshold, the smallest similarity of a different pair that leaves at most far of them above.
    Interval: the true threshold lies between two order statistics of the different pairs, and the share of same pairs above each of these
    in its binomial limits (Clopper and Pearson 1934); half of each tail for either, so that both hold together (Bonferroni); both of the
    independent pairs that these are worth. It reaches down to 0 where different pairs are worth fewer than about 4.4 / far: even the
    threshold is then hardly known. Of fewer than 1 / far none may be accepted.
    detail: `same`, `different`, how many of each, `threshold`; `said`, where different pairs are too few for the rate.
    Errors: ValueError for no pairs, NaN, pairs of one kind only.
    """
    pairs = _pairs(similarity, same, left, right)
    if not 0 < far < 1:
        raise ValueError(f"far: got {far}, wanted a share between 0 and 1.")
    score, alike = pairs.score, pairs.alike
    accepted, rejected = np.sort(score[alike]), np.sort(score[~alike])[::-1].tolist()  # of the different, the most similar first
    m, n = len(accepted), len(rejected)
    allowed = math.floor(far * n + ROUNDING)

    def above(threshold: float) -> float:
        return (m - int(np.searchsorted(accepted, threshold, side="right"))) / m

    value, passed = above(rejected[allowed]), score > rejected[allowed]
    worth, worth_apart = pairs.worth(passed, alike), max(1, math.floor(pairs.worth(passed, ~alike)))

    def limits(tail: float) -> tuple[float, float]:
        # The k most similar different pairs lie above the true threshold unless fewer than k of n do.
        bounds = np.searchsorted(bdtr(np.arange(worth_apart + 1), worth_apart, far), [tail / 2, 1 - tail / 2])
        fewest, most = math.floor(bounds[0] * n / worth_apart), math.ceil(bounds[1] * n / worth_apart)
        least, greatest = above(rejected[fewest - 1]) if fewest > 0 else 0.0, above(rejected[most]) if most < n else 1.0
        low = float(betaincinv(least * worth, (1 - least) * worth + 1, tail / 2)) if least > 0 else 0.0
        high = float(betaincinv(greatest * worth + 1, (1 - greatest) * worth, 1 - tail / 2)) if greatest < 1 else 1.0
        return min(low, value), max(high, value) if allowed else 1.0  # where none may pass, even the threshold is unknown

    detail: dict[str, Any] = {"far": far, "same": m, "different": n, "threshold": rejected[allowed]}
    if allowed < 1:
        wanted = math.ceil(1 / far - ROUNDING)
        detail["said"] = f"of {n:,} different pairs none may pass: for one in {wanted:,} at least {wanted:,} are needed"
    found = Estimate(value, *limits(TAIL), m + n, CONFIDENCE_LEVEL, "clopper-pearson", detail, tail=of_limits(limits))
    return with_replicates(found, lambda drawn: _accepted(pairs.drawn(drawn), score, alike, far), pairs.pictures, [])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs, and which pictures they are made of."""

    score: Floats
    alike: Flags
    pictures: list[Any]  # names, each once
    one: NDArray[np.int64]  # [n], positions in pictures
    other: NDArray[np.int64]

    def worth(self, hit: Flags, among: Flags | None = None) -> float:
        """How many independent pairs would tell the share of hits as surely: fewer where those that share a picture agree."""
        chosen = slice(None) if among is None else among
        residual = hit[chosen] - hit[chosen].mean()
        own = float((residual**2).sum())
        of_picture = sum(np.bincount(side[chosen], residual, len(self.pictures)) for side in (self.one, self.other))
        robust = float((np.asarray(of_picture) ** 2).sum()) - own  # a pair is in the sums of both of its pictures
        return len(residual) * min(1.0, own / robust) if robust > 0 else float(len(residual))

    def drawn(self, weights: Floats) -> Floats:
        """How often each pair is drawn where its pictures are drawn so often, [r, pictures] → [r, n]."""
        return weights[:, self.one] * weights[:, self.other]


def _pairs(similarity: Any, same: Any, left: Sequence[Any], right: Sequence[Any]) -> _Pairs:
    score, alike = column("similarity", similarity).astype(np.float64), flags("same", same)
    same_length(similarity=score, same=alike, left=left, right=right)
    if alike.all() or not alike.any():
        raise ValueError(f"same: all {len(alike):,} pairs are {'the same' if alike.all() else 'different'}, wanted pairs of both kinds.")
    place = {name: index for index, name in enumerate(dict.fromkeys([*left, *right]))}
    one, other = (np.array([place[name] for name in side], dtype=np.int64) for side in (left, right))
    return _Pairs(score, alike, list(place), one, other)


def _accepted(drawn: Floats, score: Floats, alike: Flags, far: float) -> Floats:
    """The true accept rate of pairs drawn so often, [r, n] → [r]."""
    order = np.argsort(-score, kind="stable")
    falling, same, weights = score[order], alike[order], drawn[:, order]
    ends = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)  # equal similarities are accepted together
    passed = np.where(same, 0.0, weights).cumsum(axis=1)[:, ends]
    taken = (passed <= far * passed[:, -1:] + ROUNDING).sum(axis=1)
    accepted = np.concatenate([np.zeros((len(weights), 1)), np.where(same, weights, 0.0).cumsum(axis=1)[:, ends]], axis=1)
    return accepted[np.arange(len(weights)), taken] / accepted[:, -1]

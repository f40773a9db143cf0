"""How surprising a measured number would be, were the truth on a bound: one-sided p-values, each by the test that its interval inverts.

An interval says whether a bound lies outside at one level; its tail says at which level it would begin to. Both come from one method, so
that they cannot disagree. numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# tail(bound, above): how probable a number at least as far above the bound (below it, where not `above`) as the measured one is, were the
# truth on the bound; 1 may stand for anything from one half.
Tail = Callable[[float, bool], float]
# limits(tail): two numbers, each passed by the truth with this probability.
Limits = Callable[[float], tuple[float, float]]

NORMAL = NormalDist()
NEAREST, FURTHEST = 1e-3, 7.0  # standard deviations: nothing needs to be told apart above p = 0.5 and below p = 1e-12
HALVINGS = 24
FEWEST_BEYOND = 10  # draws; what lies beyond as many is counted, what lies further is extrapolated
SHARE_BEYOND = 0.02  # of the draws: below the 2.5 % of an interval, so that its own level is always counted
DEEPEST_CORRECTED = NORMAL.inv_cdf(0.01)  # BCa levels are for intervals; further out their correction runs away, or stops short


def of_limits(limits: Limits) -> Tail:
    """The tail of any interval that can be given at every level: the level at which its limit passes the bound, by bisection."""

    def tail(bound: float, above: bool) -> float:
        def excluded(distance: float) -> bool:
            low, high = limits(NORMAL.cdf(-distance))
            return low > bound if above else high < bound

        if not excluded(NEAREST):
            return 1.0
        kept, lost = NEAREST, FURTHEST
        for _ in range(HALVINGS):
            middle = (kept + lost) / 2
            kept, lost = (middle, lost) if excluded(middle) else (kept, middle)
        return NORMAL.cdf(-kept)

    return tail


def of_proportion(successes: int, n: int) -> Tail:
    """The score test, which Wilson's interval inverts, or the exact binomial tail where that is larger.

    The score test takes the share for normal, in units of the standard error that it has on the bound. Far out that is too sure where the
    bound lies near 0 or 1: of 1,000 images and a bound of 0.99, a level of 0.00025 (0.05 over 200 claims) is passed six times as often.
    """

    def tail(bound: float, above: bool) -> float:
        hits, share = (successes, bound) if above else (n - successes, 1 - bound)
        if not 0 < share < 1:
            return float(share >= 1 or (share == 0 and hits == 0))
        distance = (hits / n - share) / math.sqrt(share * (1 - share) / n)
        return max(NORMAL.cdf(-distance), binomial_tail(hits, n, share))

    return tail


def of_replicates(drawn: Floats, acceleration: float) -> Tail:
    """The level of a bootstrap interval (BCa, bias correction and acceleration alike) at which it would end on the bound.

    drawn: [replicates]. Beyond the last few replicates their tail goes on as `share_beyond` says; beyond a level of 1 %, BCa's correction
    stays what it is there.
    """

    def tail(bound: float, above: bool) -> float:
        share = share_beyond(-drawn, -bound) if above else share_beyond(drawn, bound)
        if not 0 < share < 0.5:
            return share
        lean = acceleration if above else -acceleration
        level, deepest = NORMAL.inv_cdf(share), lean + (lean + DEEPEST_CORRECTED) / (1 - lean * (lean + DEEPEST_CORRECTED))
        if level < deepest:
            return NORMAL.cdf(DEEPEST_CORRECTED + level - deepest)
        return NORMAL.cdf((level - lean) / (1 + lean * (level - lean)) - lean)

    return tail


def both(one: Tail, other: Tail) -> Tail:
    """The tail of an interval that reaches as far as the further of two: neither may be in doubt."""
    return lambda bound, above: max(one(bound, above), other(bound, above))


def share_beyond(drawn: Floats, at: float) -> float:
    """The share of a distribution at or above a number, of which [draws] are known.

    Counted up to the last few of them. Further out it falls off exponentially, at the rate at which those few do (peaks over a threshold,
    Pickands 1975, of shape 0): never too fast for a tail that is no heavier than that, and a normal one is lighter.
    """
    few = min(len(drawn), max(FEWEST_BEYOND, math.ceil(SHARE_BEYOND * len(drawn))))
    last = np.sort(np.partition(drawn, -few)[-few:])
    if at <= last[0]:
        return float(np.mean(drawn >= at))
    excess = float((last - last[0]).sum()) / max(1, few - 1)
    return few / len(drawn) * math.exp(-(at - float(last[0])) / excess) if excess > 0 else 1 / len(drawn)


def binomial_tail(hits: int, n: int, share: float) -> float:
    """The probability of at least so many hits of n, each of probability `share` in (0, 1)."""
    odds = math.log(share) - math.log1p(-share)
    ways = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1)
    count = np.arange(hits, n)
    steps = np.cumsum(np.log(n - count) - np.log(count + 1) + odds)
    first = ways + hits * odds + n * math.log1p(-share)
    return min(1.0, float(np.exp(first + np.concatenate([[0.0], steps])).sum()))

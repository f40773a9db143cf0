"""Where several backbones stand by many scores together: mean z-scores and ranks, with what the images leave possible. numpy only.

Everything is computed again in every replicate of the bootstrap over images, whose weights are the same for all backbones and all scores:
what these have in common stays in common. Scores are oriented: more is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audits.measures.ranks import Counts, Floats, for_all_pairs, rank_limits, ranks, z_scores

CONFIDENCE_LEVEL = 0.95
DECIMALS = 9  # of a mean z: what is less is rounding, and must not put one before another


@dataclass(frozen=True)
class League:
    """Backbones by their mean z-score, everything [n] but `drawn`: the mean z-scores of every replicate, [replicates, n].

    low, high: of the mean z. best, worst: the places that each may have, all of them at once.
    settings: how many scores tell backbones apart, and so have a z.
    """

    z: Floats
    low: Floats
    high: Floats
    rank: Counts
    best: Counts
    worst: Counts
    settings: int
    drawn: Floats

    @property
    def is_sure(self) -> bool:
        """Whether any two of them are surely apart; where none are, mean z-scores show noise only."""
        return bool((self.best > 1).any() or (self.worst < len(self.z)).any())


def league(scores: Floats, drawn: Floats) -> League | None:
    """The mean over settings of the z-scores over backbones; scores: [settings, n], drawn: [settings, replicates, n].

    A setting in which all are alike has no z-scores and does not enter; in a replicate in which they are alike, all have 0.
    None where no setting enters.
    """
    z = z_scores(scores)
    enters = ~np.isnan(z).any(axis=-1)
    if not enters.any():
        return None
    again = np.nan_to_num(z_scores(drawn[enters]), nan=0.0).mean(axis=0)
    return _placed(z[enters].mean(axis=0), again, int(enters.sum()))


def together(leagues: Sequence[League]) -> League:
    """The mean over several leagues of the same backbones, each counting as much as another."""
    z, drawn = (np.mean([getattr(one, name) for one in leagues], axis=0) for name in ("z", "drawn"))
    return _placed(z, drawn, sum(one.settings for one in leagues))


def _placed(z: Floats, drawn: Floats, settings: int) -> League:
    """Intervals lie between the 2.5 % and 97.5 % quantiles of the replicates: of each mean z by itself, and of the difference of each two
    for all pairs at once, from which the places follow. Where backbones differ by much less than noise, intervals of z, which measures
    in units of those differences, hold the truth in 80 to 90 of 100 runs; those of places hold it as often as everywhere."""
    z, drawn = np.round(z, DECIMALS) + 0.0, np.round(drawn, DECIMALS)
    low, high = _between(drawn, z)
    apart = z[:, None] - z[None, :]
    rank = ranks(z)
    best, worst = rank_limits(*for_all_pairs(*_between(drawn[:, :, None] - drawn[:, None, :], apart), apart, len(z)))
    return League(z, low, high, rank, np.minimum(best, rank), np.maximum(worst, rank), settings, drawn)


def _between(drawn: Floats, value: Floats) -> tuple[Floats, Floats]:
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return np.minimum(low, value), np.maximum(high, value)

"""Backbones side by side as people read them: where each stands, in which words, and what these do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audits.measures.ranks import FEWEST
from reports import numbers
from reports.claims import Claim, settings_of
from reports.rankings import Ranking, place_words, ranking_of, z_words
from reports.standings import Row, Standing, rows_of


@dataclass(frozen=True)
class Comparison:
    """The backbones of a run side by side: claim by claim, and by property.

    notes: what the numbers of the claims say and what they do not.
    """

    rows: tuple[Row, ...]
    ranking: Ranking
    notes: tuple[str, ...]


def of_run(run: dict[str, Any], claims: Sequence[Claim], backbones: Sequence[str]) -> Comparison:
    """The comparison of a run of several backbones."""
    rows = rows_of(settings_of(list(claims)), backbones, run.get("ranks", ()))
    return Comparison(tuple(rows), ranking_of(run), tuple(_notes(backbones, rows)))


def rank_words(standing: Standing) -> str:
    """`rank 2 (1 – 3), z +0.32`; what is sure has no brackets."""
    place = place_words(standing.rank, standing.best, standing.worst)
    return place + ("" if standing.z is None else f", z{numbers.NO_BREAK}{z_words(standing.z)}")


def _notes(backbones: Sequence[str], rows: Sequence[Row]) -> list[str]:
    ranked = [row for row in rows if row.standings]
    told = [
        "Ranks are read from the scores; in brackets stand all that these images leave possible: only differences that are sure, at 95 % "
        "for all pairs of a row together, are counted. Many rows are not allowed for: of twenty, one may be wrong. Nothing here is judged."
    ]
    if ranked:
        paired = sum(row.is_paired for row in ranked)
        by_image = "all ranked rows" if paired == len(ranked) else f"{paired or 'none'} of the {len(ranked)} ranked rows"
        rest = "" if paired == len(ranked) else "; elsewhere from the two intervals alone, which leaves more ranks possible"
        told.append(f"Differences are taken image by image on {by_image}{rest}.")
    if len(backbones) < FEWEST:
        return [*told, f"Rows have no z-scores: of {len(backbones)} backbones each is as far from their mean as the other."]
    told.append(
        "z: by how many standard deviations of these backbones' own scores one is better (+) or worse (−) than their mean. It says who is "
        "ahead, not whether that matters."
    )
    flat = sum(next(iter(row.standings.values())).z is None for row in ranked)
    return [*told, f"{flat} of the {len(ranked)} ranked rows have no z: there all are alike."] if flat else told

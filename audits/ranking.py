"""Where the backbones of a run stand among one another by task group, and what goes with that: reported, never judged.

A setting is an audit on a dataset under a view that was measured for all of them; a task group is a property. In each setting a backbone
has its z-score over the backbones of the run, turned so that higher is better; a group counts the mean over its settings (Goldblum et al.
2023). Intervals are those of the bootstrap over images, from what the run kept. numpy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from audits.measures.league import CONFIDENCE_LEVEL, League, league, together
from audits.measures.rank_correlation import FEWEST, chance_of, spearman
from audits.measures.ranks import Floats
from audits.measures.redrawn import redrawn
from reports.kept import Case, case_of, estimates_of, unpacked
from reports.record import Record

SMALL = 30.0  # million parameters: the league of small models of Goldblum et al. 2023 (Battle of the Backbones) is below
ALL = "all"
COST = "efficiency"  # its settings say what a backbone costs, and not what it can do: apart from all that is put together
PARAMETERS, PRETRAINING = "parameters", "pretraining_images"

Setting = tuple[Record, ...]  # one of each backbone, in their order


@dataclass(frozen=True)
class Standings:
    """Backbones in an order, the league of each task group and of all together, and on how many images these are known."""

    backbones: tuple[str, ...]
    leagues: dict[str, League]
    counted: tuple[str, ...]  # groups that make up all together
    images: dict[str, int]
    is_exact: dict[str, bool]


def ranked(
    records: Sequence[Record], contents: Sequence[bytes], backbones: Sequence[str], pretraining: Mapping[str, int]
) -> Iterator[Record]:
    """The records of a run of several backbones; none of one.

    contents: what the processes of the run kept; pretraining: how many images backbones have learned from, of those of which that is known.
    """
    measured = {case_of(record): record for record in records if _ranks(record)}
    parameters = _parameters(records)
    if len(backbones) < 2:
        return
    kept = estimates_of(measured.values(), unpacked(contents))
    wanted = {case for setting in _settings(measured, backbones) for case in map(case_of, setting)}
    small = tuple(name for name in backbones if parameters.get(name, SMALL) < SMALL)
    if 2 <= len(small) < len(backbones):
        wanted |= {case for setting in _settings(measured, small) for case in map(case_of, setting)}
    drawn = redrawn({case: kept[case] for case in sorted(wanted)})
    found = _standings(measured, kept, drawn, tuple(backbones))
    yield from _places(found, "", "the backbones of the run")
    if 2 <= len(small) < len(backbones):
        words = f"the backbones of the run that have fewer than {SMALL:g} million parameters"
        yield from _places(_standings(measured, kept, drawn, small), "_small", words)
    yield from _correlations(found, {PARAMETERS: parameters, PRETRAINING: pretraining})


def _ranks(record: Record) -> bool:
    """Whether backbones can be put in an order by it: no timing, better lies one way, and it is known how sure it is."""
    if record.verdict == "error" or record.timing or record.direction not in ("at_least", "at_most"):
        return False
    if record.value is None or record.low is None or record.high is None:
        return False
    return record.method == "exact" or record.low < record.high


def _parameters(records: Sequence[Record]) -> dict[str, float]:
    """Millions of parameters."""
    return {record.backbone: record.value for record in records if record.audit == "efficiency.parameters" and record.value is not None}


def _settings(measured: Mapping[Case, Record], backbones: Sequence[str]) -> list[Setting]:
    """What was measured for all of these backbones, in an order that does not depend on which worker was first."""
    found: dict[tuple[str, str, str], dict[str, Record]] = {}
    for (audit, backbone, dataset, view), record in measured.items():
        found.setdefault((audit, dataset, view), {})[backbone] = record
    return [tuple(of[name] for name in backbones) for _, of in sorted(found.items()) if all(name in of for name in backbones)]


def _standings(
    measured: Mapping[Case, Record], kept: Mapping[Case, Any], drawn: Mapping[Case, Floats], backbones: tuple[str, ...]
) -> Standings:
    groups: dict[str, list[Setting]] = {}
    for setting in _settings(measured, backbones):
        groups.setdefault(setting[0].property_name, []).append(setting)
    leagues = {name: found for name, own in groups.items() if (found := _league(own, drawn))}
    tasks = [name for name in leagues if name != COST]
    # A group in which nothing is sure is as far from the mean as others, by noise: it counts only where all are such.
    counted = tuple([name for name in tasks if leagues[name].is_sure] or tasks)
    groups = {name: groups[name] for name in leagues}
    if counted:
        leagues[ALL] = together([leagues[name] for name in counted])
        groups[ALL] = [setting for name in counted for setting in groups[name]]
    images = {name: _images(own, kept) for name, own in groups.items()}
    exact = {name: all(record.method == "exact" for setting in own for record in setting) for name, own in groups.items()}
    return Standings(backbones, leagues, counted, images, exact)


def _league(settings: Sequence[Setting], drawn: Mapping[Case, Floats]) -> League | None:
    signs = np.array([-1.0 if setting[0].direction == "at_most" else 1.0 for setting in settings])
    scores = np.array([[record.value for record in setting] for setting in settings], dtype=np.float64)
    again = np.stack([np.stack([drawn[case_of(record)] for record in setting], axis=1) for setting in settings])
    return league(scores * signs[:, None], again * signs[:, None, None])


def _images(settings: Sequence[Setting], kept: Mapping[Case, Any]) -> int:
    """Different images that the settings are about, as far as these were kept."""
    asked = [kept[case_of(record)].images for setting in settings for record in setting]
    distinct = {images.tobytes(): images for images in asked if images is not None}
    told = max(record.n for setting in settings for record in setting)
    return len(np.unique(np.concatenate(list(distinct.values())))) if distinct else told


def _places(found: Standings, league_name: str, among: str) -> Iterator[Record]:
    """A z-score and a rank of each backbone in each group."""
    for group, one in found.leagues.items():
        method = "exact" if found.is_exact[group] else "bootstrap"
        what = "all properties together" if group == ALL else group.replace("_", " ")
        detail: dict[str, Any] = {"settings": one.settings, "backbones": len(found.backbones), "sure": one.is_sure}
        if group == ALL:
            detail["groups"] = list(found.counted)
        for place, name in enumerate(found.backbones):
            blank = _blank(name, found.images[group], method, detail)
            yield replace(
                blank,
                audit=f"ranking.z_score{league_name}[{group}]",
                claim=f"How far a backbone is ahead of the mean of {among}, over {what}.",
                direction="at_least",
                value=float(one.z[place]),
                low=float(one.low[place]),
                high=float(one.high[place]),
            )
            yield replace(
                blank,
                audit=f"ranking.rank{league_name}[{group}]",
                claim=f"The place of a backbone among {among}, over {what}.",
                direction="at_most",
                value=int(one.rank[place]),
                low=int(one.best[place]),
                high=int(one.worst[place]),
            )


def _correlations(found: Standings, facts: Mapping[str, Mapping[str, float]]) -> Iterator[Record]:
    """Rank correlations over backbones: of each two task groups, and of each and all of them with what is known of backbones besides."""
    tasks = [name for name in found.leagues if name not in (ALL, COST)]
    everybody = list(range(len(found.backbones)))
    for one, other in combinations(tasks, 2):
        yield from _correlation(found, everybody, one, other, found.leagues[other].z, found.leagues[other].drawn)
    for one in (*tasks, ALL) if tasks else ():
        for fact, told in facts.items():
            known = [place for place in everybody if found.backbones[place] in told]
            numbers = np.array([told.get(name, 0) for name in found.backbones], dtype=np.float64)
            yield from _correlation(found, known, one, fact, numbers, numbers[None, :])


def _correlation(found: Standings, known: list[int], one: str, other: str, numbers: Floats, drawn: Floats) -> Iterator[Record]:
    """None of fewer than FEWEST backbones, or where all have the same number."""
    first = found.leagues[one]
    value = float(spearman(first.z[known], numbers[known]))
    if len(known) < FEWEST or np.isnan(value):
        return
    again = spearman(first.drawn[:, known], np.broadcast_to(drawn, first.drawn.shape)[:, known])
    tail = (1 - CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(np.nan_to_num(again, nan=0.0), [tail, 1 - tail], method="inverted_cdf")
    p, orders = chance_of(first.z[known], numbers[known])
    names = [found.backbones[place] for place in known]
    detail = {
        "p": p,
        "orders": orders,
        "of": {name: [float(first.z[place]), float(numbers[place])] for name, place in zip(names, known, strict=True)},
    }
    ahead, of = f"Whether the backbones of the run that are ahead in {one.replace('_', ' ')}", other.replace("_", " ")
    yield replace(
        _blank("", len(known), "bootstrap", detail),
        audit=f"ranking.spearman[{one}~{other}]",
        claim=f"{ahead} are ahead in {of}." if other in found.leagues else f"{ahead} are those of more {of}.",
        value=value,
        low=min(float(low), value),
        high=max(float(high), value),
    )


def _blank(backbone: str, n: int, method: str, detail: dict[str, Any]) -> Record:
    """What such records have in common. They are about no dataset in particular, correlations about no backbone either."""
    return Record(
        audit="ranking",
        claim="",
        backbone=backbone,
        dataset="",
        view="clean",
        verdict="reported",
        confidence_level=None if method == "exact" else CONFIDENCE_LEVEL,
        n=n,
        method=method,
        reason="where backbones of a run stand among one another is shown, not judged",
        detail=detail,
    )

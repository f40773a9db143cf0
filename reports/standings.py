"""Where the backbones of a run stand among one another on every claim that all of them were asked. Never judged.

How sure a rank is, is worked out once, when a run ends and what was kept of every image is at hand, and stands in run.json (`ranks`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from audits.measures.change import change
from audits.measures.estimate import Estimate
from audits.measures.ranks import FEWEST, difference_limits, for_all_pairs, rank_limits, ranks, z_scores
from reports.claims import Setting, claims_of, settings_of
from reports.kept import Arrays, Case, case_of, estimates_of, unpacked
from reports.record import Record


@dataclass(frozen=True)
class Standing:
    """Where one backbone stands by one score: its place, the best and worst that it may have, and its distance from the mean of all.

    z: in standard deviations of the scores of these backbones, better is positive; None of fewer than three, or without a spread.
    """

    rank: int
    best: int
    worst: int
    z: float | None


@dataclass(frozen=True)
class Row:
    """One claim on one dataset and one view for all backbones, with the standing of each; `why_not` says why it has none."""

    setting: Setting
    records: dict[str, Record]
    standings: dict[str, Standing]
    why_not: str
    is_paired: bool = False


def rows_of(settings: Sequence[Setting], backbones: Sequence[str], known: Sequence[Mapping[str, Any]] = ()) -> list[Row]:
    """A row for each setting, in their order; `known`: the ranks that the run itself has worked out (`ranks_for_run`)."""
    by_case = {(one["audit"], one["dataset"], one["view"]): one for one in known}
    return [_row(setting, backbones, by_case.get(_key(setting))) for setting in settings]


def ranks_for_run(records: Sequence[Record], properties: Iterable[str], contents: Sequence[bytes]) -> list[dict[str, Any]]:
    """The ranks of a run for run.json, differences taken image by image where what was kept (`contents`) allows it."""
    backbones = list(dict.fromkeys(record.backbone for record in records))
    if len(backbones) < 2:
        return []
    kept, told = unpacked(contents), []
    for setting in settings_of(claims_of(list(records), properties)):
        found = {name: record for name in backbones if (record := setting.shown(name))}
        if _why_not(found, backbones):
            continue
        limits = _paired_limits(found, kept)
        places = _places(found, limits)
        audit, dataset, view = _key(setting)
        told.append({"audit": audit, "dataset": dataset, "view": view, "paired": limits is not None, "ranks": places})
    return told


def _key(setting: Setting) -> tuple[str, str, str]:
    return setting.worst.audit, setting.worst.dataset, setting.worst.worst.variant


def _row(setting: Setting, backbones: Sequence[str], known: Mapping[str, Any] | None) -> Row:
    found = {name: record for name in backbones if (record := setting.shown(name))}
    if why_not := _why_not(found, backbones):
        return Row(setting, found, {}, why_not)
    places = known["ranks"] if known and set(known["ranks"]) == set(backbones) else _places(found, None)
    z = z_scores(_oriented(found))
    has_z = len(backbones) >= FEWEST and bool(np.isfinite(z).all())
    standings = {}
    for index, name in enumerate(backbones):
        rank, best, worst = places[name]
        standings[name] = Standing(rank, best, worst, float(z[index]) if has_z else None)
    return Row(setting, found, standings, "", bool(known and known.get("paired")))


def _why_not(found: Mapping[str, Record], backbones: Sequence[str]) -> str:
    """Why a row ranks nobody; empty where it ranks all."""
    if lacking := [name for name in backbones if name not in found or found[name].value is None or found[name].verdict == "error"]:
        return f"no score of {', '.join(lacking)}"
    records = list(found.values())
    if any(record.timing for record in records):
        return "a timing: of this machine under this load"
    if any(record.direction not in ("at_least", "at_most") for record in records):
        return "neither more nor less is better"
    return ""


def _oriented(found: Mapping[str, Record]) -> list[float]:
    """The scores, more is better."""
    return [(record.value or 0.0) * _sign(record) for record in found.values()]


def _sign(record: Record) -> int:
    return -1 if record.direction == "at_most" else 1


def _places(found: Mapping[str, Record], limits: tuple[np.ndarray, np.ndarray] | None) -> dict[str, list[int]]:
    """Rank, best and worst place of each, from limits of the differences of each two, or else from the intervals of the scores."""
    places = ranks(_oriented(found))
    lows, highs = limits or _limits_from_intervals(found)
    best, worst = rank_limits(lows, highs)
    return {
        name: [int(place), min(int(one), int(place)), max(int(other), int(place))]
        for name, place, one, other in zip(found, places, best, worst, strict=True)
    }


def _limits_from_intervals(found: Mapping[str, Record]) -> tuple[np.ndarray, np.ndarray]:
    """As if each backbone had been asked about other images: never too sure. What has no width, and is not exact, tells nobody apart."""
    ends = [(record.value, record.low, record.high) for record in found.values()]
    known = [
        record.method == "exact" or (low is not None and high is not None and low < high)
        for record, (_, low, high) in zip(found.values(), ends, strict=True)
    ]
    values, lows, highs = np.array(
        [[value if end is None else end for end in (value, low, high)] for value, low, high in ends], dtype=float
    ).T
    if _sign(next(iter(found.values()))) < 0:
        values, lows, highs = -values, -highs, -lows
    low, high = difference_limits(values, lows, highs)
    low, high = for_all_pairs(low, high, values[:, None] - values[None, :], len(values))
    unknown = ~np.array(known)
    unclear = unknown[:, None] | unknown[None, :]
    return np.where(unclear, -np.inf, low), np.where(unclear, np.inf, high)


def _paired_limits(found: Mapping[str, Record], kept: Mapping[Case, Arrays]) -> tuple[np.ndarray, np.ndarray] | None:
    """Of the same images; None where of some backbone nothing was kept that compares them, or they were asked about other images."""
    if any(case_of(record) not in kept for record in found.values()):
        return None
    estimates = estimates_of(found.values(), kept)
    each = [(estimates[case_of(record)], _sign(record)) for record in found.values()]
    lows, highs = np.zeros((len(each), len(each))), np.zeros((len(each), len(each)))
    try:
        for (i, (one, sign)), (j, (other, _)) in combinations(enumerate(each), 2):
            lows[i, j], highs[i, j] = _difference(one, other, sign, len(each))
            lows[j, i], highs[j, i] = -highs[i, j], -lows[i, j]
    except ValueError:
        return None
    return lows, highs


def _difference(one: Estimate, other: Estimate, sign: int, n: int) -> tuple[float, float]:
    found = change(one, other)
    ends = for_all_pairs(found.low, found.high, found.value, n)
    low, high = sorted(sign * float(end) for end in ends)
    return low, high

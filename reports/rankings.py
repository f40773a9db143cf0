"""Where the backbones of a run stand by property, as people read it: from the records that say so, none of it computed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reports import numbers
from reports.claims import all_records_of
from reports.record import RANKING, Record

ALL = "all"
SMALL = "_small"  # in the names of the audits of the league of small backbones
BACKBONES_SHOWN = 4
FEWEST_CORRELATED = 4
EXPLAINED = (
    "In every setting (an audit on a dataset under a view) that was measured for all of them, z says by how many standard deviations of "
    "these backbones' own scores one is better (+) or worse (−) than their mean. Shown are the mean over the settings of a property, what "
    "other images might have made of it (95 %), and the place; in brackets all places that these images leave possible, at 95 % for all "
    "backbones together. All properties: the mean over those with a sure difference, but for efficiency, which is a cost."
)
CORRELATED = (
    "Spearman's rank correlation over the backbones of this run; the interval is what other images might have made of it, and p how often "
    "backbones in a random order agree or disagree as much. Of few backbones nothing follows for others."
)


@dataclass(frozen=True)
class Row:
    """One property, or all of them (`name` is empty then): the z-score and the rank of each backbone that is in the league.

    settings: on how many it is known who is ahead. sure: whether any two backbones are surely apart.
    """

    name: str
    settings: int
    sure: bool
    z: dict[str, Record]
    rank: dict[str, Record]


@dataclass(frozen=True)
class Ranking:
    """All backbones, the small ones among themselves, and what goes with what. reach: the furthest z, where the axis of all bars ends."""

    rows: tuple[Row, ...] = ()
    small: tuple[Row, ...] = ()
    correlations: tuple[Record, ...] = ()
    reach: float = 1.0

    @property
    def tables(self) -> list[tuple[str, tuple[Row, ...], list[str]]]:
        """Each league that has rows, with its heading and the backbones that are in it."""
        named = (("Ranking", self.rows), ("Ranking of the small ones: fewer than 30 million parameters", self.small))
        return [(title, rows, list(rows[0].z)) for title, rows in named if rows]


def ranking_of(run: dict[str, Any]) -> Ranking:
    """The ranking of a run, properties in its own order; empty where it has none: of one backbone, or by an older suite."""
    return from_records(all_records_of(run), run["properties"])


def from_records(records: Iterable[Record], properties: Iterable[str] = ()) -> Ranking:
    own = [record for record in records if record.family in RANKING]
    rows, small = (_rows(own, league, list(properties)) for league in ("", SMALL))
    distances = [abs(record.value) for row in (*rows, *small) for record in row.z.values() if record.value is not None]
    return Ranking(rows, small, tuple(record for record in own if record.family == "ranking.spearman"), max([1.0, *distances]))


def _rows(records: Sequence[Record], league: str, properties: Sequence[str]) -> tuple[Row, ...]:
    z, rank = ({}, {})
    for record in records:
        for family, found in ((f"ranking.z_score{league}", z), (f"ranking.rank{league}", rank)):
            if record.family == family:
                found.setdefault(record.parameter, {})[record.backbone] = record
    order = {name: place for place, name in enumerate(properties)}
    groups = sorted(z, key=lambda group: (group == ALL, order.get(group, len(order)), group))
    tasks = [group for group in groups if group != ALL]
    shown = tasks if len(tasks) < 2 else groups  # of one property, all together say nothing new
    return tuple(_row("" if group == ALL else group, z[group], rank.get(group, {})) for group in shown)


def _row(name: str, z: dict[str, Record], rank: dict[str, Record]) -> Row:
    detail = next(iter(z.values())).detail or {}
    return Row(name, int(detail.get("settings", 0)), bool(detail.get("sure")), z, rank)


def z_words(z: float | None) -> str:
    """`+0.91`, `−1.20`; an en dash where there is none."""
    if z is None:
        return "–"
    shown = round(z, 2)
    return f"{'+' if shown > 0 else ''}{numbers.MINUS if shown < 0 else ''}{abs(shown):.2f}"


def between_words(record: Record) -> str:
    """`−0.12 to +0.70`; empty where both ends are the value."""
    if record.low is None or record.high is None or record.low == record.high:
        return ""
    return f"{z_words(record.low)} to {z_words(record.high)}"


def place_words(rank: int, best: int, worst: int) -> str:
    """`rank 2 (1 – 3)`; what is sure has no brackets."""
    return f"rank {rank}" + ("" if best == worst else f" ({best}{numbers.NO_BREAK}–{numbers.NO_BREAK}{worst})")


def rank_words(record: Record) -> str:
    return place_words(*(int(end or 0) for end in (record.value, record.low, record.high)))


def settings_words(row: Row) -> str:
    """`7 settings`, `1 setting; no sure difference`."""
    return f"{row.settings} setting{'s' * (row.settings != 1)}" + "; no sure difference" * (not row.sure)


def cell_words(row: Row, backbone: str) -> str:
    """`+0.48 (+0.10 to +0.70), rank 2 (1 – 3)`: a cell of text."""
    if (z := row.z.get(backbone)) is None:
        return "–"
    between, rank = between_words(z), row.rank.get(backbone)
    return z_words(z.value) + (f" ({between})" if between else "") + (f", {rank_words(rank)}" if rank else "")


def between_what(record: Record) -> str:
    """`accuracy and pretraining images`; `all properties and parameters`."""
    one, _, other = record.parameter.replace("_", " ").partition("~")
    return f"{'all properties' if one == ALL else one} and {other}"


def correlation_words(record: Record) -> str:
    """`accuracy and parameters: +0.80 (+0.40 to +1.00), p 0.333, 4 backbones`."""
    told = f"{z_words(record.value)} ({z_words(record.low)} to {z_words(record.high)})"
    return f"{between_what(record)}: {told}, p {chance_words(record)}, {record.n} backbones"


def chance_words(record: Record) -> str:
    """`0.333`: how often chance does as much; `<0.001` where hardly ever."""
    p = (record.detail or {}).get("p")
    return "–" if p is None else "<0.001" if p < 0.001 else f"{p:.3f}"


def line(records: Sequence[Record]) -> str:
    """Who is ahead, in one line: `Ranking, mean z over 5 properties: a +0.91 (+0.5 to +1.2), rank 1; b …`; empty for one backbone."""
    found = from_records(records)
    if not found.rows:
        return ""
    row = found.rows[-1]
    ahead = sorted(row.z, key=lambda name: -(row.z[name].value or 0.0))
    told = [f"{name} {cell_words(row, name)}" for name in ahead[:BACKBONES_SHOWN]]
    more = len(ahead) - BACKBONES_SHOWN
    over = row.name.replace("_", " ") or f"{len((next(iter(row.z.values())).detail or {}).get('groups', []))} properties"
    return f"Ranking, mean z over {over}: {'; '.join(told)}" + (f"; … and {more} more" if more > 0 else "")

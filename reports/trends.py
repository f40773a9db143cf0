"""How each score went from release to release: what can be put on one line, where the line breaks, what has moved, what became worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reports import since
from reports.claims import WORST_FIRST, Claim
from reports.compare import Side, apart, compared, load, lost
from reports.kept import Case, case_of
from reports.record import Record
from reports.releases import Release

_FAILING = ("violated", "error", "undecided", "waived")  # worst first; what is waived is violated, though it stops nothing


@dataclass(frozen=True)
class Trend:
    """One claim over the releases: a record for each, None where it has none.

    breaks: why the record of a place says nothing about the one before it. change: the newest record with what has become of its score
    since the release before, image by image; None where that could not be told.
    """

    records: tuple[Record | None, ...]
    breaks: Mapping[int, str]
    change: Record | None = None

    @cached_property
    def claim(self) -> Claim:
        """All its records as one claim, for its words, unit and axis."""
        newest = self.measured[-1] if self.measured else next(record for record in reversed(self.records) if record)
        return Claim(newest.audit, newest.backbone, newest.dataset, tuple(record for record in self.records if record))

    @property
    def measured(self) -> list[Record]:
        return [record for record in self.records if record and record.value is not None]

    @property
    def newest(self) -> Record:
        """Its last record, which need not be of the last release."""
        return next(record for record in reversed(self.records) if record)

    @property
    def ended(self) -> bool:
        """Whether the newest release has nothing of it."""
        return self.records[-1] is None

    @property
    def before(self) -> Record | None:
        """What the release before the newest has of it."""
        return self.records[-2] if len(self.records) > 1 else None

    @cached_property
    def moved(self) -> float:
        """By how many margins (or widths of its interval, where it has none) the newest score is worse than the one before, below 0 for
        better; 0 where the two cannot be compared."""
        now, then = self.records[-1], self.before
        if now is None or then is None or now.value is None or then.value is None or len(self.records) - 1 in self.breaks:
            return 0.0
        told = (self.change.baseline or {}) if self.change else {}
        change = told["change"] if told.get("change") is not None else now.value - then.value
        width = now.high - now.low if now.low is not None and now.high is not None else 0.0
        unit = now.margin or width or abs(then.value) or 1.0
        return (change if now.direction == "at_most" else -change) / unit

    @cached_property
    def fell(self) -> bool:
        """Whether it does not hold, and its verdict is worse than it was in the release before."""
        now, then = self.records[-1], self.before
        return bool(now and then and now.verdict in _FAILING and WORST_FIRST.index(now.verdict) < WORST_FIRST.index(then.verdict))

    @property
    def became(self) -> str:
        """What the paired comparison found, where the score is worse or may be; else empty. What cannot be compared is not called worse."""
        verdict = since.verdict_of(self.change) if self.change else ""
        return verdict if verdict in since.WORSE else ""

    @property
    def is_worse(self) -> bool:
        return self.fell or bool(self.became)

    @property
    def order(self) -> tuple[int, int, float]:
        """A sort key: what became worse first, then what does not hold, then what moved furthest."""
        verdict = _FAILING.index(self.newest.verdict) if self.newest.verdict in _FAILING else len(_FAILING)
        became = since.WORSE.index(self.became) if self.became else len(since.WORSE)
        return (verdict if self.fell else len(_FAILING) + became, verdict, -abs(self.moved))


@dataclass(frozen=True)
class Step:
    """From the release before to the newest one: the newest records with what became of them, what is no longer judged, backbones that are
    no longer there, and why images could not be compared (empty where they were)."""

    records: tuple[Record, ...]
    lost: tuple[str, ...]
    gone: tuple[str, ...]
    why_not: str


def step_of(before: Release, newest: Release) -> Step:
    """What the two runs say about each other image by image, from what they kept."""
    now, then = newest.side, before.side
    alone = len(now.backbones) == len(then.backbones) == 1
    gone = () if alone else tuple(name for name in then.backbones if name not in now.backbones)
    if not (shared := _shared(now, then)).records:
        return Step((), (), gone, f"{newest.name} has no backbone of {before.name}.")
    missing = tuple(lost(shared, then))
    try:
        later, earlier = load(newest.folder, newest.name), load(before.folder, before.name)
    except (OSError, ValueError) as error:
        return Step((), missing, gone, str(error))
    return Step(tuple(compared(_shared(later, earlier), earlier)), missing, gone, "")


def _shared(later: Side, earlier: Side) -> Side:
    """The later run, less the backbones that the earlier one has no counterpart for."""
    if len(later.backbones) == len(earlier.backbones) == 1:
        return later
    return Side(later.name, tuple(record for record in later.records if record.backbone in earlier.backbones), later.kept, later.manifests)


def trends_of(releases: Sequence[Release], step: Step | None) -> list[Trend]:
    """Every claim of the releases, in the order of the newest; where a run and the one before it have a single backbone each, these are
    taken for the same one, whatever they are called, as a comparison takes them."""
    lines = _lineages(releases)
    found: dict[Case, dict[int, Record]] = {}
    for place in reversed(range(len(releases))):
        for record in releases[place].side.records:
            audit, backbone, dataset, view = case_of(record)
            found.setdefault((audit, lines[place][backbone], dataset, view), {})[place] = record
    changes = {case_of(record): record for record in step.records} if step else {}
    return [_trend(releases, own, changes) for own in found.values()]


def _trend(releases: Sequence[Release], own: Mapping[int, Record], changes: Mapping[Case, Record]) -> Trend:
    records = tuple(own.get(place) for place in range(len(releases)))
    breaks: dict[int, str] = {}
    earlier: tuple[Side, Record] | None = None
    for place, record in enumerate(records):
        if record is None or record.value is None:
            continue
        side = releases[place].side
        if earlier and (why := apart(record, earlier[1], side, earlier[0])):
            breaks[place] = why
        earlier = side, record
    newest = records[-1]
    return Trend(records, breaks, changes.get(case_of(newest)) if newest else None)


def _lineages(releases: Sequence[Release]) -> list[dict[str, str]]:
    """For each release, under which name each backbone's line is kept: that of its newest release."""
    lines: list[dict[str, str]] = []
    for release in reversed(releases):
        own = release.side.backbones
        later = lines[-1] if lines else {}
        alone = len(own) == len(later) == 1
        lines.append({name: next(iter(later.values())) if alone else later.get(name, name) for name in own})
    return lines[::-1]

"""Records as a reader meets them: one claim about one backbone on one dataset, with the views and parameters it was tried with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reports.gate import JUDGED
from reports.numbers import axis_limits
from reports.record import RANKING, Record

WORST_FIRST = ("violated", "error", "undecided", "waived", "holds", "reported")
STOPPING = ("violated", "error", "undecided")
_NEEDED = ("provenance", "gate", "properties", "records", "left_out", "exhibits")
_OF_IMAGES = ("wilson", "newcombe", "clopper-pearson", "prediction", "t over draws and images")


@dataclass(frozen=True)
class Claim:
    """One audit, whatever its parameter, of one backbone on one dataset: all its records, clean first, families of views together."""

    audit: str
    backbone: str
    dataset: str
    records: tuple[Record, ...]

    @cached_property
    def worst(self) -> Record:
        """The record that a reader should see if only one can be shown."""
        return min(self.records, key=badness)

    @property
    def words(self) -> str:
        """What is claimed, as a heading; the audit's key where nobody wrote it down."""
        return self.worst.claim.strip().removesuffix(".") or self.audit

    @property
    def verdict(self) -> str:
        """The claim's verdict is that of its worst view."""
        return self.worst.verdict

    @property
    def property_name(self) -> str:
        return self.worst.property_name

    @property
    def stops(self) -> bool:
        """Whether a reader who lets releases through must look at it."""
        return self.verdict in STOPPING

    @cached_property
    def share(self) -> bool:
        """Whether the score is a share of images, and so reads better in percent."""
        return any(record.method.lower().startswith(_OF_IMAGES) for record in self.records)

    def axis(self, record: Record) -> tuple[float, float] | None:
        """One axis for all views that are measured in the same unit, so that they compare; None where nothing was measured."""
        alike = [one for one in self.records if unit_of(one) == unit_of(record)]
        numbers = [number for one in alike for number in (one.value, one.low, one.high, one.bound) if number is not None]
        return axis_limits(numbers, self.share) if numbers else None

    @property
    def parametrised(self) -> bool:
        """Whether its records differ in a parameter, and not in their views only."""
        return any(record.parameter for record in self.records)

    @property
    def judged(self) -> list[Record]:
        """The records that the policy has a bound for and that were measured."""
        return [record for record in self.records if record.verdict in JUDGED]

    @property
    def calm(self) -> list[Record]:
        """The records that nobody has to look at, in their own order."""
        return [record for record in self.records if record.verdict not in STOPPING]

    def of_verdict(self, *verdicts: str) -> list[Record]:
        """The records with one of these verdicts, worst first."""
        return sorted((record for record in self.records if record.verdict in verdicts), key=badness)


def records_of(run: dict[str, Any]) -> list[Record]:
    """The records of a whole run that are about a backbone on its own (`rankings.ranking_of` has the others).

    ValueError says what the run lacks, or which record is not one and why.
    """
    return [record for record in all_records_of(run) if record.family not in RANKING]


def all_records_of(run: dict[str, Any]) -> list[Record]:
    """Every record of a run; errors as `records_of`."""
    missing = [key for key in _NEEDED if key not in run]
    if missing:
        raise ValueError(f"the run has no {', '.join(map(repr, missing))}; a whole run.json has {', '.join(_NEEDED)}")
    records = []
    for place, entry in enumerate(run["records"]):
        try:
            records.append(Record.from_json(json.dumps(entry)))
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"record {place} of the run is not one: {error}") from error
    return records


def claims_of(records: list[Record], properties: Iterable[str] = ()) -> list[Claim]:
    """Every claim of a run: by property in the order given (others after them), then audits, backbones and datasets as they appear."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.family, record.backbone, record.dataset), []).append(record)
    claims = [Claim(*key, tuple(sorted(group, key=_place_of_view))) for key, group in groups.items()]
    order = {name: place for place, name in enumerate(properties)}
    audits = {audit: place for place, audit in enumerate(dict.fromkeys(record.family for record in records))}
    return sorted(claims, key=lambda claim: (order.get(claim.property_name, len(order)), claim.property_name, audits[claim.audit]))


def _place_of_view(record: Record) -> tuple[bool, str, float, str]:
    """Clean before all others, then families together, their numbers in order."""
    family, _, value = record.view.partition("=")
    try:
        return record.view != "clean", family, float(value), ""
    except ValueError:
        return record.view != "clean", family, 0.0, value


@dataclass(frozen=True)
class Setting:
    """One audit on one dataset, with the claim of each backbone: what can be compared, on one view for all."""

    claims: dict[str, Claim]

    @cached_property
    def worst(self) -> Claim:
        """The claim whose worst view all backbones are compared on: one view's number says nothing against another's."""
        return min(self.claims.values(), key=lambda claim: badness(claim.worst))

    def shown(self, backbone: str) -> Record | None:
        """The record of a backbone on that view; None where it has none."""
        claim = self.claims.get(backbone)
        return next((record for record in claim.records if record.variant == self.worst.worst.variant), None) if claim else None


def settings_of(claims: list[Claim]) -> list[Setting]:
    """What the backbones of a run were all asked, in the order of the claims."""
    found: dict[tuple[str, str], dict[str, Claim]] = {}
    for claim in claims:
        found.setdefault((claim.audit, claim.dataset), {})[claim.backbone] = claim
    return [Setting(of_backbone) for of_backbone in found.values()]


@dataclass(frozen=True)
class Stop:
    """What stops a release: a claim that does not hold of one backbone, and of which others it does not hold either.

    `remedy` is a record that says what one temperature would make of a calibration error, if the run has one.
    """

    claim: Claim
    likewise: tuple[Claim, ...]
    remedy: Record | None = None


def stops_of(claims: list[Claim]) -> list[Stop]:
    """One stop for each audit and dataset, worst first, each with its worst backbone in front."""
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in sorted((claim for claim in claims if claim.stops), key=lambda claim: badness(claim.worst)):
        groups.setdefault((claim.audit, claim.dataset), []).append(claim)
    return [Stop(group[0], tuple(group[1:]), _remedy(group[0], claims)) for group in groups.values()]


def _remedy(stop: Claim, claims: list[Claim]) -> Record | None:
    """The record of the same property, backbone, dataset and view whose detail holds a temperature, for a binned error without one."""
    binned = (stop.worst.detail or {}).get("bins")
    alike = (
        claim
        for claim in claims
        if (claim.property_name, claim.backbone, claim.dataset) == (stop.property_name, stop.backbone, stop.dataset)
    )
    others = (record for claim in alike if claim.audit != stop.audit for record in claim.records if record.view == stop.worst.view)
    record = next((record for record in others if (record.detail or {}).get("temperature")), None)
    mends = record is not None and (record.value is None or stop.worst.value is None or record.value < stop.worst.value)
    return record if binned and mends else None


def badness(record: Record) -> tuple[int, float]:
    """A sort key, worst first: by verdict, then by how far beyond its bound the value lies."""
    return WORST_FIRST.index(record.verdict), -excess(record)


def unit_of(record: Record) -> str:
    """What a score is measured in, where its audit says so: `degrees`; empty elsewhere."""
    return str((record.detail or {}).get("unit", ""))


def excess(record: Record) -> float:
    """How far beyond its bound a value lies, in units of what the bound allows (0 on the bound, negative inside).

    What a bound allows is its distance from perfect: an error of at most 0.05 allows 0.05, a share of at least 0.9 allows 0.1; so that
    an accuracy and a calibration error can be put in one order. Without a bound: how far the value lies on the worse side of 0.
    """
    if record.value is None:
        return 0.0
    if record.bound is None:
        return record.value if record.direction == "at_most" else -record.value
    if record.direction == "at_least":
        distance, allowed = record.bound - record.value, 1 - record.bound if 0 <= record.bound < 1 else abs(record.bound)
    else:
        distance, allowed = record.value - record.bound, abs(record.bound)
    return distance / max(allowed, 1e-9)

"""Charts on which the backbones of a run stand among others, or beside one another along the levels of a factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports import multiples, numbers, scatters, strips
from reports.claims import Claim
from reports.figure import Figure, about_words, point_of, score_words, subject_of, verdicts_of
from reports.record import Record


def on_a_strip(claim: Claim) -> Record | None:
    """The record whose detail says where others stand who were measured on the same images."""
    return next((record for record in claim.records if record.value is not None and (record.detail or {}).get("strip")), None)


def on_a_line(claim: Claim) -> Record | None:
    """The record whose detail says how other networks, measured on the same two datasets, lie along a line."""
    return next((record for record in claim.records if record.value is not None and (record.detail or {}).get("scatter")), None)


def scatter(group: list[Claim], key: str) -> Figure:
    """The backbones of a claim among those networks, which are the same for all of them."""
    found = [(claim, record, record.detail or {}) for claim in group if (record := on_a_line(claim))]
    spots = [
        scatters.Spot(claim.backbone, detail["accuracy_at_home"], detail["accuracy"], record.verdict) for claim, record, detail in found
    ]
    told = found[0][2]["scatter"]
    points = [f"{spot.name}: {numbers.score(spot.home, True)} and {numbers.score(spot.shifted, True)}" for spot in spots]
    svg = scatters.scatter(spots, told, key, f"{group[0].words}: {', '.join(points)} right on {told['x']} and {told['y']}")
    note = scatters.words([(claim.backbone, detail) for claim, _, detail in found])
    return Figure(group[0].words, about_words(group[0], backbone=len(group) == 1), svg, subject_of(group), note, verdicts_of(group))


def along(group: Sequence[Claim]) -> Iterator[list[tuple[Claim, Record]]]:
    """For each parameter of an audit the records whose detail tells a score along the levels of a factor, one a backbone."""
    found: dict[str, list[tuple[Claim, Record]]] = {}
    for claim in group:
        for record in claim.records:
            if record.value is not None and (record.detail or {}).get("curve"):
                found.setdefault(record.variant, []).append((claim, record))
    yield from found.values()


def levels(found: Sequence[tuple[Claim, Record]], key: str) -> Figure:
    """The backbones of an audit along one factor."""
    claim, record = found[0]
    title = record.parameter.replace("_", " ").capitalize() or claim.words
    curves = {other.backbone: (one.detail or {})["curve"] for other, one in found}
    svg, note = multiples.along(curves, key, title)
    worst = (record.detail or {}).get("worst") if len(found) == 1 else None
    lost = f" Largest drop: {numbers.score(record.value, True)}, at {worst}." if worst else ""
    about = " · ".join([record.audit, *([claim.backbone] if len(found) == 1 else []), claim.dataset])
    return Figure(title, about, svg, subject_of([one for one, _ in found]), f"Right at each level.{lost}{note}")


def strip(group: list[Claim], key: str) -> Figure:
    """The backbones of a claim among those others, which are the same for all of them."""
    found = [(claim, record) for claim in group if (record := on_a_strip(claim))]
    share = any(claim.share for claim, _ in found)
    points = [point_of(record, claim.backbone) for claim, record in found]
    told = (found[0][1].detail or {})["strip"]
    others = [strips.Other(str(one["name"]), one["value"], one.get("low"), one.get("high")) for one in told["others"]]
    others.sort(key=lambda other: (other.low is None, -other.value))
    listed = ", ".join(
        [*filter(None, [score_words(points, share)]), *(f"{other.name}: {numbers.score(other.value, share)}" for other in others)]
    )
    svg = strips.strip(points, others, told["ends"], share, key, f"{group[0].words}: {listed}")
    note = " ".join([*(_split(claim, record, len(found) > 1) for claim, record in found), _said_of(others, share)]).strip()
    return Figure(group[0].words, about_words(group[0], backbone=len(group) == 1), svg, subject_of(group), note, verdicts_of(group))


def _split(claim: Claim, record: Record, several: bool) -> str:
    """`Of 1,320 images: shape 886, texture 44, neither 390.`; empty where the detail counts none."""
    counts = (record.detail or {}).get("counts")
    if not counts:
        return ""
    words = ", ".join(f"{name} {numbers.count(count)}" for name, count in counts.items())
    return f"{claim.backbone}, of" * several + "Of" * (not several) + f" {numbers.count(sum(counts.values()))} images: {words}."


def _said_of(others: Sequence[strips.Other], share: bool) -> str:
    groups = [other for other in others if other.low is not None and other.high is not None]
    words = (
        f"{other.name}, {numbers.interval(other.low, other.high, share, 'to')}, mean {numbers.score(other.value, share)}."
        for other in groups
    )
    return "Field and bar: " * bool(groups) + " ".join(words)

"""Which charts a property gets: decided by the form of its records, so that an audit written tomorrow is drawn without a line here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports import charts, numbers, wording
from reports.claims import WORST_FIRST, Claim
from reports.record import Record

# Their shares stand at or near 100 %, where a bar from zero shows nothing.
_WITHOUT_BARS = ("determinism", "efficiency")
_BY_LOGARITHM = ("resolution",)


@dataclass(frozen=True)
class Figure:
    """A chart with what is written beside it.

    `subject` is its audit and backbone (each empty where there are several) and dataset, `verdicts` are those whose marks it shows.
    """

    title: str
    about: str
    svg: Markup
    subject: tuple[str, str, str]
    note: str = ""
    verdicts: tuple[str, ...] = ()


def figures_of(claims: Sequence[Claim], key: str) -> list[Figure]:
    """The charts of one property's claims, in the order of the claims; `key` begins their ids."""
    keys = (f"{key}-{number}" for number in itertools.count())
    figures = []
    for group in _by(claims, lambda claim: (claim.dataset,)):
        alone = [claim for claim in group if len(claim.records) == 1 and claim.share and claim.property_name not in _WITHOUT_BARS]
        figures += [_bars(alone, next(keys))] if alone else []
    for group in _by(claims, lambda claim: (claim.dataset, claim.audit)):
        family = _family(group)
        figures += [_curve(group, family, next(keys))] if family else []
        for claim in group:
            figures += _own_figures(claim, keys, listed=not family and len(claim.records) > 1)
    return figures


def _own_figures(claim: Claim, keys: Iterator[str], listed: bool) -> Iterator[Figure]:
    """The charts that a claim does not share with other backbones."""
    if listed:
        yield _views(claim, next(keys))
    binned, lowest = _binned(claim), _lowest(claim)
    if binned:
        yield _reliability(claim, binned, next(keys))
    if lowest:
        yield _groups(claim, lowest, next(keys))


def _by(claims: Sequence[Claim], kind: Callable[[Claim], tuple[str, ...]]) -> Iterator[list[Claim]]:
    groups: dict[tuple[str, ...], list[Claim]] = {}
    for claim in claims:
        groups.setdefault(kind(claim), []).append(claim)
    yield from groups.values()


def _family(group: Sequence[Claim]) -> str:
    """The family whose number all views of an audit carry, if there are at least three numbers of one family; else empty."""
    views = {record.view for claim in group for record in claim.records if record.view != "clean"}
    families = {view.partition("=")[0] for view in views}
    ordered = len(families) == 1 and len(views) >= 3 and all(_number(view) is not None for view in views)
    return families.pop() if ordered else ""


def _number(view: str) -> float | None:
    try:
        return float(view.partition("=")[2])
    except ValueError:
        return None


def _binned(claim: Claim) -> Record | None:
    """The record whose confidence bins are drawn: the clean one, or the worst where none is clean."""
    records = sorted((record for record in claim.records if (record.detail or {}).get("bins")), key=lambda record: record.view != "clean")
    return records[0] if records else None


def _lowest(claim: Claim) -> Record | None:
    """The record whose detail lists the lowest groups (classes, slices) with an accuracy each."""
    return next((record for record in claim.records if (record.detail or {}).get("lowest")), None)


def _bars(claims: list[Claim], key: str) -> Figure:
    several = len({claim.backbone for claim in claims}) > 1
    points, last = [], ""
    for claim in sorted(claims, key=lambda claim: [one.audit for one in claims].index(claim.audit)):
        if claim.worst.value is not None:
            audit = claim.audit.partition(".")[2].replace("_", " ")
            heading = audit if several and audit != last else ""
            points.append(_point(claim.worst, claim.backbone if several else audit, heading=heading))
            last = audit
    about = _about(claims[0], audit=False, backbone=not several)
    svg = charts.rows(points, True, True, key, _listed(points, True))
    return Figure("Scores with their intervals", about, svg, _subject(claims), verdicts=_verdicts(claims))


def _views(claim: Claim, key: str) -> Figure:
    points = [_point(record, _view_label(record.view)) for record in claim.records if record.value is not None]
    svg = charts.rows(points, claim.share, False, key, f"{claim.words}: {_listed(points, claim.share)}") if points else Markup("")
    return Figure(claim.words, _about(claim), svg, _subject([claim]), _unmeasured(claim), _verdicts([claim]))


def _curve(group: list[Claim], family: str, key: str) -> Figure:
    share = any(claim.share for claim in group)
    series = []
    for claim in group:
        found = [(record, _number(record.view)) for record in claim.records if record.value is not None]
        points = tuple(_point(record, record.view, x=number) for record, number in found if number is not None)
        if points:
            series.append(charts.Series(claim.backbone, points))
    halves = family in _BY_LOGARITHM and all(point.x > 0 for one in series for point in one.points)
    name = " ".join(f"{one.name}: {_listed(one.points, share)}." for one in series)
    svg = charts.curve(series, share, halves, wording.axis_words(family), key, f"{group[0].words}: {name}") if series else Markup("")
    about = _about(group[0], backbone=len(group) == 1)
    return Figure(group[0].words, about, svg, _subject(group), "Fields and lines through the points are 95 % intervals.", _verdicts(group))


def _reliability(claim: Claim, record: Record, key: str) -> Figure:
    bins = (record.detail or {})["bins"]
    total = sum(one["count"] for one in bins) or 1
    confidence, accuracy = (sum(one["count"] * (one[column] or 0) for one in bins) / total for column in ("confidence", "accuracy"))
    words = "overconfident" if confidence > accuracy else "underconfident"
    gap = numbers.score(abs(confidence - accuracy) * 100).removesuffix(".0")
    told = f"Mean confidence {numbers.score(confidence, True)}, right {numbers.score(accuracy, True)}: {words} by {gap} points."
    hollow = f" Hollow: fewer than {charts.FEW} images." if any(0 < one["count"] < charts.FEW for one in bins) else ""
    note = f"{_cooled(record)}{told} Dashed: more confident than right; pale: more right than confident.{hollow} Below: how images spread."
    svg = charts.reliability(bins, key, f"{claim.words}. Reliability diagram. {told}")
    return Figure(claim.words, _about(claim), svg, _subject([claim]), note)


def _cooled(record: Record) -> str:
    detail = record.detail or {}
    if not detail.get("temperature"):
        return ""
    before = f"; {numbers.score(detail['before'])} before" if detail.get("before") is not None else ""
    return f"At temperature {numbers.score(detail['temperature'])}{before}. "


def _groups(claim: Claim, record: Record, key: str) -> Figure:
    detail = record.detail or {}
    found = sorted(detail["lowest"], key=lambda one: one["accuracy"])
    points = [
        charts.Point(str(one["name"]), one["accuracy"], one.get("low"), one.get("high"), record.bound, record.direction) for one in found
    ]
    note = f"The lowest {len(points)} of {numbers.count(detail.get('compared', len(points)))}."
    small = detail.get("too_small_count", 0)
    note += f" {numbers.count(small)} more had too few images to compare." if small else ""
    svg = charts.rows(points, True, False, key, f"{claim.words}: {_listed(points, True)}")
    return Figure(claim.words, _about(claim), svg, _subject([claim]), note)


def _point(record: Record, name: str, x: float | None = None, heading: str = "") -> charts.Point:
    value = record.value if record.value is not None else 0.0
    return charts.Point(name, value, record.low, record.high, record.bound, record.direction, record.verdict, x or 0.0, heading)


def _view_label(view: str) -> str:
    return view.replace("=-", f" {numbers.MINUS}").replace("=", " ")


def _listed(points: Sequence[charts.Point], share: bool) -> str:
    return ", ".join(f"{_view_label(point.name)}: {numbers.score(point.value, share)}" for point in points)


def _about(claim: Claim, audit: bool = True, backbone: bool = True) -> str:
    return " · ".join([claim.audit] * audit + [claim.backbone] * backbone + [claim.dataset])


def _unmeasured(claim: Claim) -> str:
    views = [_view_label(record.view) for record in claim.records if record.value is None]
    return f"Not measured: {', '.join(views)}." if views else ""


def _subject(claims: Sequence[Claim]) -> tuple[str, str, str]:
    audits, backbones = {claim.audit for claim in claims}, {claim.backbone for claim in claims}
    return audits.pop() if len(audits) == 1 else "", backbones.pop() if len(backbones) == 1 else "", claims[0].dataset


def _verdicts(claims: Sequence[Claim]) -> tuple[str, ...]:
    shown = {record.verdict for claim in claims for record in claim.records if record.value is not None}
    return tuple(verdict for verdict in WORST_FIRST if verdict in shown)

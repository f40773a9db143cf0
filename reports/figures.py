"""Which charts a property gets: decided by the form of its records, so that an audit written tomorrow is drawn without a line here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from reports import among, charts, grids, ladders, numbers, reliability
from reports.claims import Claim, badness, unit_of
from reports.figure import Figure, about_words, label_of, point_of, score_words, subject_of, verdicts_of
from reports.record import Record
from reports.views import axis_words, way_words
from reports.wording import said_of

# Their shares stand at or near 100 %, where a bar from zero shows nothing.
_WITHOUT_BARS = ("determinism", "efficiency")
_BY_LOGARITHM = ("resolution",)


def figures_of(claims: Sequence[Claim], key: str) -> list[Figure]:
    """The charts of one property's claims, in the order of the claims; `key` begins their ids."""
    keys = (f"{key}-{number}" for number in itertools.count())
    figures = []
    for group in _by(claims, lambda claim: (claim.dataset,)):
        alone = [claim for claim in group if _has_bar(claim)]
        figures += [_bars(alone, next(keys))] if alone else []
    for group in _by(claims, lambda claim: (claim.dataset, claim.audit)):
        family = _family(group)
        figures += [_curve(group, family, next(keys))] if family else []
        figures += [among.strip(group, next(keys))] if any(map(among.on_a_strip, group)) else []
        figures += [among.scatter(group, next(keys))] if any(map(among.on_a_line, group)) else []
        figures += [among.levels(found, next(keys)) for found in among.along(group)]
        for claim in group:
            figures += _own_figures(claim, keys, listed=not family and len(claim.records) > 1)
    return figures


def _has_bar(claim: Claim) -> bool:
    """Whether a claim's only score says more as a bar beside others of its property than it would alone."""
    return (
        len(claim.records) == 1
        and claim.share
        and claim.property_name not in _WITHOUT_BARS
        and not (among.on_a_strip(claim) or among.on_a_line(claim))
    )


def _own_figures(claim: Claim, keys: Iterator[str], listed: bool) -> Iterator[Figure]:
    """The charts that a claim does not share with other backbones."""
    ways = _graded(claim)
    if ways:
        yield _ladders(claim, ways, next(keys))
    elif listed and not _in_several_units(claim):
        yield _views(claim, next(keys))
    binned, lowest = _binned(claim), _lowest(claim)
    if binned:
        yield _reliability(claim, binned, next(keys))
    if lowest:
        yield _groups(claim, lowest, next(keys))
    if counted := _in_units(claim):
        yield _ratios(claim, counted, next(keys))
    if table := _tabled(claim):
        yield _grid(claim, table, next(keys))


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


def _graded(claim: Claim) -> dict[str, list[Record]]:
    """The views of a claim by family, if there are at least three families of the same two or more numbers; else empty."""
    ways: dict[str, list[Record]] = {}
    for record in claim.records:
        if record.value is not None:
            ways.setdefault(record.view.partition("=")[0], []).append(record)
    steps = {tuple(_number(record.view) for record in records) for records in ways.values()}
    alike = len(steps) == 1 and len(ways) >= 3 and all(len(one) > 1 and None not in one for one in steps)
    return ways if alike else {}


def _number(view: str) -> float | None:
    try:
        return float(view.partition("=")[2])
    except ValueError:
        return None


def _in_several_units(claim: Claim) -> bool:
    """Degrees and pixels have no axis in common."""
    return len({unit_of(record) for record in claim.records if record.value is not None}) > 1


def _binned(claim: Claim) -> Record | None:
    """The record whose confidence bins are drawn: the clean one, or the worst where none is clean."""
    records = [record for record in claim.records if (record.detail or {}).get("bins")]
    return min(records, key=lambda record: (record.view != "clean", badness(record)), default=None)


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
            points.append(point_of(claim.worst, claim.backbone if several else audit, heading=heading))
            last = audit
    about = about_words(claims[0], audit=False, backbone=not several)
    svg = charts.rows(points, True, True, key, score_words(points, True))
    return Figure("Scores with their intervals", about, svg, subject_of(claims), verdicts=verdicts_of(claims))


def _views(claim: Claim, key: str) -> Figure:
    points = [point_of(record, label_of(record)) for record in claim.records if record.value is not None]
    svg = charts.rows(points, claim.share, False, key, f"{claim.words}: {score_words(points, claim.share)}") if points else Markup("")
    return Figure(claim.words, about_words(claim), svg, subject_of([claim]), _unmeasured(claim), verdicts_of([claim]))


def _ladders(claim: Claim, ways: dict[str, list[Record]], key: str) -> Figure:
    points = {
        way_words(way): [point_of(record, record.view, x=_number(record.view)) for record in records] for way, records in ways.items()
    }
    flat = [point for steps in points.values() for point in steps]
    steps = sorted({point.x for point in flat})
    told = (
        f"Marks: {' and '.join(numbers.limit(step) for step in steps)}, the larger the further."
        if len(steps) < 3
        else (f"Marks: steps {numbers.limit(steps[0])} to {numbers.limit(steps[-1])}, the larger the further.")
    )
    svg = ladders.ladders(points, claim.share, key, f"{claim.words}: {score_words(flat, claim.share)}")
    return Figure(claim.words, about_words(claim), svg, subject_of([claim]), f"{told} Thin lines: bounds.", verdicts_of([claim]))


def _curve(group: list[Claim], family: str, key: str) -> Figure:
    share = any(claim.share for claim in group)
    series = []
    for claim in group:
        found = [(record, _number(record.view)) for record in claim.records if record.value is not None]
        points = tuple(point_of(record, record.view, x=number) for record, number in found if number is not None)
        if points:
            series.append(charts.Series(claim.backbone, points))
    halves = family in _BY_LOGARITHM and all(point.x > 0 for one in series for point in one.points)
    name = " ".join(f"{one.name}: {score_words(one.points, share)}." for one in series)
    svg = charts.curve(series, share, halves, axis_words(family), key, f"{group[0].words}: {name}") if series else Markup("")
    about = about_words(group[0], backbone=len(group) == 1)
    return Figure(
        group[0].words, about, svg, subject_of(group), "Fields and lines through the points are 95 % intervals.", verdicts_of(group)
    )


def _reliability(claim: Claim, record: Record, key: str) -> Figure:
    bins = (record.detail or {})["bins"]
    total = sum(one["count"] for one in bins) or 1
    confidence, accuracy = (sum(one["count"] * (one[column] or 0) for one in bins) / total for column in ("confidence", "accuracy"))
    words = "overconfident" if confidence > accuracy else "underconfident"
    gap = numbers.score(abs(confidence - accuracy) * 100).removesuffix(".0")
    told = f"Mean confidence {numbers.score(confidence, True)}, right {numbers.score(accuracy, True)}: {words} by {gap} points."
    hollow = f" Hollow: fewer than {reliability.FEW} images." if any(0 < one["count"] < reliability.FEW for one in bins) else ""
    note = f"{_cooled(record)}{told} Dashed: more confident than right; pale: more right than confident.{hollow} Below: how images spread."
    svg = reliability.diagram(bins, key, f"{claim.words}. Reliability diagram. {told}")
    return Figure(claim.words, about_words(claim), svg, subject_of([claim]), note)


def _cooled(record: Record) -> str:
    detail = record.detail or {}
    if not detail.get("temperature"):
        return ""
    before = f"; {numbers.score(detail['before'])} before" if detail.get("before") is not None else ""
    return f"At temperature {numbers.score(detail['temperature'])}{before}. "


def _in_units(claim: Claim) -> Record | None:
    """The record whose detail tells what something is in units of another's, one by one."""
    return next((record for record in claim.records if (record.detail or {}).get("ratios")), None)


def _ratios(claim: Claim, record: Record, key: str) -> Figure:
    told = (record.detail or {})["ratios"]
    points = [charts.Point(str(one["name"]).replace("_", " "), one["value"], one.get("low"), one.get("high")) for one in told["values"]]
    svg = charts.rows(points, False, True, key, f"{claim.words}: {score_words(points, False)}", level=1)
    note = f"Dashed: as many {told['of']} as {told['to']}. {said_of(record)}"
    return Figure(claim.words, about_words(claim), svg, subject_of([claim]), note.strip())


def _tabled(claim: Claim) -> Record | None:
    """The record whose detail holds a number between each two of a list."""
    return next((record for record in claim.records if (record.detail or {}).get("grid")), None)


def _grid(claim: Claim, record: Record, key: str) -> Figure:
    told = (record.detail or {})["grid"]
    ends = f"{numbers.score(told['values'][0][-1])} between {told['of']} {told['names'][0]} and {told['names'][-1]}"
    most = f"{numbers.score(record.value)} between {told['of']} {(record.detail or {})['pair']}"
    svg = grids.grid(told["names"], told["values"], told["of"], key, f"{claim.words}: {ends}; {most}")
    return Figure(claim.words, about_words(claim), svg, subject_of([claim]), f"The darker, the more alike. {ends}; {most}.")


def _groups(claim: Claim, record: Record, key: str) -> Figure:
    detail = record.detail or {}
    found = sorted(detail["lowest"], key=lambda one: one["accuracy"])
    points = [
        charts.Point(str(one["name"]), one["accuracy"], one.get("low"), one.get("high"), record.bound, record.direction) for one in found
    ]
    note = f"The lowest {len(points)} of {numbers.count(detail.get('compared', len(points)))}."
    small = detail.get("too_small_count", 0)
    note += f" {numbers.count(small)} more had too few images to compare." if small else ""
    svg = charts.rows(points, True, False, key, f"{claim.words}: {score_words(points, True)}")
    return Figure(claim.words, about_words(claim), svg, subject_of([claim]), note)


def _unmeasured(claim: Claim) -> str:
    views = [label_of(record) for record in claim.records if record.value is None]
    return f"Not measured: {', '.join(views)}." if views else ""

"""The history of a backbone: one HTML file that says what became of every score over the releases that a folder keeps.

Made from stored runs, without torch, without script and without network; what became worse since the release before stands first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from reports import bars, moments, numbers, since, wording
from reports.gate import briefly, sentence_of
from reports.prose import read_prose
from reports.record import Record
from reports.releases import Release
from reports.trend_chart import chart
from reports.trends import Step, Trend, step_of, trends_of
from reports.views import shown_view

MOST_RELEASES = 24  # as many as can be told apart in a drawing
PAGE_BYTES = 2_500_000
_FIGURE_BYTES = 900  # what stands around a drawing
_ROWS_SHOWN = 12
_BREAKS_SHOWN = 3
_MOVED = 0.5  # of its margin: less is no news


@dataclass(frozen=True)
class Figure:
    """A drawing of one claim with what is written beside it."""

    anchor: str
    title: str
    about: str
    svg: Markup
    verdict: str
    note: str
    breaks: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One claim that became worse: where it is drawn, and both scores."""

    anchor: str
    title: str
    about: str
    verdict: str
    was: str
    since: tuple[str, str, str] | None
    then: str
    now: str
    change: str
    images: str


@dataclass(frozen=True)
class Section:
    """One property: the claims that moved or do not hold, and the others."""

    anchor: str
    title: str
    shown: tuple[Figure, ...]
    calm: tuple[Figure, ...]


def history_of(releases: Sequence[Release], folder: Path) -> tuple[list[str], str]:
    """What became of the newest release in a few sentences, and the page; the same runs give the same bytes."""
    drawn = releases[-MOST_RELEASES:]
    newest, before = drawn[-1], drawn[-2] if len(drawn) > 1 else None
    step = step_of(before, newest) if before else None
    trends = sorted(trends_of(drawn, step), key=lambda trend: trend.order)
    names = [release.name for release in drawn]
    several = len({trend.newest.backbone for trend in trends}) > 1
    figures, not_drawn = _figures(trends, names, several)
    worse = [_row(trend, figures.get(id(trend)), several) for trend in trends if trend.is_worse]
    sentences = _sentences(trends, step, before)
    title = ", ".join(newest.side.backbones) if 0 < len(newest.side.backbones) <= 3 else f"{len(newest.side.backbones)} backbones"
    page = {
        "title": title,
        "about": f"{numbers.count(len(releases))} {'release' if len(releases) == 1 else 'releases'} kept in {folder}",
        "newest": newest,
        "before": before,
        "why": sentence_of(newest.gate),
        "state": (str(newest.gate["state"]).replace(" ", "-"), str(newest.gate["state"])),
        "sentences": sentences,
        "worse": worse[:_ROWS_SHOWN],
        "more_worse": len(worse) - _ROWS_SHOWN if len(worse) > _ROWS_SHOWN else 0,
        "not_compared": _not_compared(step, several) if step else [],
        "lost": step.lost[:_ROWS_SHOWN] if step else (),
        "more_lost": max(0, len(step.lost) - _ROWS_SHOWN) if step else 0,
        "order": _order(releases, drawn),
        "releases": [(release, _counts(release)) for release in reversed(drawn)],
        "sections": _sections(trends, figures, newest),
        "not_drawn": not_drawn,
        "legend": [(verdict, meaning) for verdict, meaning in wording.MEANINGS.items() if any(_has(trend, verdict) for trend in trends)],
    }
    return [f"{newest.name}: {page['state'][1]}.", *sentences], _environment().get_template("history.html.jinja").render(page)


def _has(trend: Trend, verdict: str) -> bool:
    return any(record is not None and record.verdict == verdict for record in trend.records)


def _counts(release: Release) -> list[tuple[str, str]]:
    return [(verdict, wording.counted(verdict, n)) for verdict, n in wording.tally(release.side.records)]


def _sentences(trends: Sequence[Trend], step: Step | None, before: Release | None) -> list[str]:
    """What the newest release is beside the one before it."""
    if step is None or before is None:
        return ["It is the only release here: there is nothing to compare it with yet."]
    fell = [trend.newest for trend in trends if trend.fell]
    verdicts = wording.tally(fell)
    told = [f"Verdicts that fell since {before.name}: {', '.join(wording.counted(verdict, n) for verdict, n in verdicts)}."] if fell else []
    told.append(since.sentence(step.records) or f"It could not be compared with {before.name} image by image: {step.why_not}")
    told += [f"No longer there: {', '.join(step.gone)}."] if step.gone else []
    told += [f"{numbers.count(len(step.lost))} no longer judged."] if step.lost else []
    if not (any(trend.is_worse for trend in trends) or step.lost or step.gone or step.why_not):
        what = "Nothing that can be compared" if since.not_compared(step.records) else "Nothing"
        told.append(f"{what} became worse since {before.name}.")
    return told


def _not_compared(step: Step, several: bool) -> list[str]:
    """`64 scores: v2 has no score of it (accuracy.top1 · shapes, …)`: a line a reason, the first few scores of each by name."""
    reasons = since.not_compared(step.records)
    told = [
        f"{numbers.count(len(records))} {'score' if len(records) == 1 else 'scores'}: {why} "
        f"({briefly([_about(record, several) for record in records], _BREAKS_SHOWN)})"
        for why, records in reasons[:_ROWS_SHOWN]
    ]
    return told + [f"… and {numbers.count(len(reasons) - _ROWS_SHOWN)} more reasons"] * (len(reasons) > _ROWS_SHOWN)


def _order(releases: Sequence[Release], drawn: Sequence[Release]) -> list[str]:
    """How the releases were put in order, where that is not plain, and how many are not drawn."""
    undated = [release.name for release in releases if not release.begun]
    told = []
    if undated:
        told.append(f"Made by an older suite, which does not say when a run began, and so put first, by name: {', '.join(undated[:12])}.")
    if len(releases) > len(drawn):
        told.append(f"Drawn are the newest {len(drawn)} of {numbers.count(len(releases))}.")
    return told


def _figures(trends: Sequence[Trend], names: Sequence[str], several: bool) -> tuple[dict[int, Figure], int]:
    """The drawings by the identity of their trend, as many as a page can hold, and how many trends have none for that."""
    found: dict[int, Figure] = {}
    left = PAGE_BYTES
    measured = [trend for trend in trends if trend.measured]
    for number, trend in enumerate(measured):
        figure = _figure(trend, names, several, f"trend-{number}")
        left -= len(figure.svg.encode()) + _FIGURE_BYTES
        if left < 0:
            return found, len(measured) - number
        found[id(trend)] = figure
    return found, 0


def _figure(trend: Trend, names: Sequence[str], several: bool, anchor: str) -> Figure:
    newest, claim = trend.newest, trend.claim
    parts = [numbers.score(newest.value, claim.share), numbers.interval(newest.low, newest.high, claim.share)]
    note = " ".join([parts[0], f"({parts[1]})" if parts[1] and newest.low != newest.high else ""]).strip()
    if newest.bound is not None:
        note += f"; bound {wording.bound_sign(newest, claim.share)}"
    if trend.ended:
        last = max(place for place, record in enumerate(trend.records) if record)
        note += f"; last in {names[last]}"
    why = [f"≠ {names[place]}: {reason}" for place, reason in sorted(trend.breaks.items(), reverse=True)]
    more = [f"… and {len(why) - _BREAKS_SHOWN} more before"] if len(why) > _BREAKS_SHOWN else []
    return Figure(anchor, _title(newest), _about(newest, several), chart(trend, names), newest.verdict, note, (*why[:_BREAKS_SHOWN], *more))


def _title(record: Record) -> str:
    return record.claim.strip().removesuffix(".") or record.audit


def _about(record: Record, several: bool) -> str:
    backbone, view = record.backbone if several else "", "" if record.view == "clean" else shown_view(record)
    return " · ".join(filter(None, (record.audit, backbone, record.dataset, view)))


def _row(trend: Trend, figure: Figure | None, several: bool) -> Row:
    now, then, share = trend.newest, trend.before, trend.claim.share
    rows, _ = since.rows([trend.change], most=1) if trend.change and trend.change.baseline else ([], "")
    return Row(
        anchor=figure.anchor if figure else "",
        title=_title(now),
        about=_about(now, several),
        verdict=now.verdict,
        was=then.verdict if then else now.verdict,
        since=rows[0].chip if rows else None,
        then=numbers.score(then.value, share) if then else "–",
        now=numbers.score(now.value, share),
        change=rows[0].change if rows else "",
        images=rows[0].images if rows else "",
    )


def _sections(trends: Sequence[Trend], figures: dict[int, Figure], newest: Release) -> list[Section]:
    """A section a property, that with the worst news first; in each the drawings in the order of the trends."""
    groups: dict[str, list[Trend]] = {}
    for trend in trends:
        if id(trend) in figures:
            groups.setdefault(trend.newest.property_name, []).append(trend)
    sections = []
    for number, (name, own) in enumerate(groups.items()):
        shown = [figures[id(trend)] for trend in own if _is_news(trend)]
        calm = [figures[id(trend)] for trend in own if not _is_news(trend)]
        title = read_prose(name, newest.properties.get(name, "")).title
        sections.append(Section(f"property-{number}", title, tuple(shown), tuple(calm)))
    return sections


def _is_news(trend: Trend) -> bool:
    """Whether a reader of the newest release should see it without asking."""
    failing = trend.newest.verdict in ("violated", "undecided", "error", "waived") and not trend.ended
    return trend.is_worse or failing or abs(trend.moved) >= _MOVED or len(trend.records) - 1 in trend.breaks


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(count=numbers.count, moment=moments.words, mark=bars.mark)
    environment.globals.update(signs=wording.SIGNS, outlines=bars.outlines(), marks=bars.OUTLINES)
    return environment

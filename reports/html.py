"""The report: one HTML file that answers before it explains, made from a run alone, without script and without network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2

from reports import bars, budget, comparison, first_page, moments, noise, numbers, rankings, since, views, wording
from reports.claims import Claim, claims_of, records_of, stops_of
from reports.gate import sentence_of, state_of
from reports.record import Record
from reports.sections import left_out_of, leftover_exhibits, origins_of, plain, provenance_of, sections_of

_CARDS_SHOWN = 9
_CHANGES_SHOWN = 12
_MISSING_SHOWN = 12
_TAKEN = (
    "answer",
    "answer-title",
    "first-page",
    "stops",
    "since",
    "waived",
    "backbones",
    "claims",
    "comparison",
    "exhibits",
    "left-out",
    "meaning",
    "provenance",
)


def render(run: dict[str, Any]) -> str:
    """The report of a run (the dict of run.json) as one HTML document; the same run gives the same bytes.

    ValueError says what the run lacks or which record is not one.
    """
    records = records_of(run)
    claims = claims_of(records, run["properties"])
    anchors = _anchors(claim.property_name for claim in claims)
    sections = sections_of(run, claims, anchors)
    backbones = list(dict.fromkeys(record.backbone for record in records))
    stops = stops_of(claims)
    titles = {section.name: section.prose.title for section in sections}
    page = {
        "lists": first_page.lists_of(claims, anchors, titles, run.get("baseline"), len(run["gate"]["missing"])),
        "tally": wording.tally(records),
        "stops": stops[:_CARDS_SHOWN],
        "more_stops": stops[_CARDS_SHOWN:],
        "stale": [(claim, record) for claim in claims for record in claim.records if (record.waiver or {}).get("now_holds")],
        "waived": _waived(claims),
        "tables": [(backbone, _own(claims, backbone)) for backbone in backbones],
        "compared": comparison.of_run(run, claims, backbones) if len(backbones) > 1 else None,
        "sections": sections,
        "anchors": anchors,
        "titles": titles,
        "exhibits": leftover_exhibits(run, sections),
        "left_out": left_out_of(run),
        "since": _since(records),
    }
    return _environment().get_template("report.html.jinja").render(page | _frame(run, backbones))


def _waived(claims: list[Claim]) -> list[tuple[Claim, Record, list[str]]]:
    """Violations that are accepted, each once with the backbones that the same waiver covers, what ends first in front."""
    found: dict[tuple[str, ...], list[tuple[Claim, Record]]] = {}
    for claim in claims:
        for record in claim.of_verdict("waived"):
            terms = record.waiver or {}
            key = (str(terms.get("expires")), record.audit, record.dataset, record.view, json.dumps(terms, sort_keys=True))
            found.setdefault(key, []).append((claim, record))
    groups = [found[key] for key in sorted(found, key=lambda key: key[0])]
    return [(*group[0], [claim.backbone for claim, _ in group]) for group in groups]


def _since(records: list[Record]) -> dict[str, Any] | None:
    """What has changed since the baseline; None where there is none."""
    if not any(record.baseline for record in records):
        return None
    rows, more = since.rows(records)
    shown, folded = rows[:_CHANGES_SHOWN], rows[_CHANGES_SHOWN:]
    verdicts = since.counted(records)
    tally = [(since.CHIPS[verdict], n) for verdict, n in verdicts]
    legend = [(since.CHIPS[verdict], since.MEANINGS[verdict]) for verdict, _ in verdicts]
    return {"sentence": since.sentence(records), "rows": shown, "folded": folded, "more": more, "tally": tally, "legend": legend}


def _frame(run: dict[str, Any], backbones: list[str]) -> dict[str, Any]:
    """What stands at the head and at the foot of the page."""
    return {
        "outlines": bars.outlines(),
        "title": _title(backbones or list(run["provenance"].get("backbones") or {})),
        "backbones": backbones,
        "state": state_of(run["gate"]),
        "sentence": sentence_of(run["gate"]),
        "second_reading": budget.second_reading(run["budget"]) if run.get("budget") else "",
        "meaning": [*(budget.meaning(run["budget"]) if run.get("budget") else []), *noise.meaning(run)],
        "missing": run["gate"]["missing"][:_MISSING_SHOWN],
        "more_missing": run["gate"]["missing"][_MISSING_SHOWN:],
        "about": _about(run["provenance"]),
        "provenance": provenance_of(run),
        "origins": origins_of(run),
        "command": run["provenance"].get("command", ""),
    }


def _title(backbones: list[str]) -> str:
    """The backbones by name, or how many they are; a run that was stopped before its first score may know none."""
    return f"{len(backbones)} backbones" if len(backbones) > 3 else ", ".join(backbones) or "No scores"


def _about(provenance: dict[str, Any]) -> str:
    """One line under the title: when, which suite and policy, on what, how long."""
    parts = [begun] if (begun := moments.words(provenance.get("begun"))) else []
    for key in ("suite", "policy", "device", "precision"):
        value = provenance.get(key)
        if value:
            words = f"{value.get('name')} ({value.get('digest')})" if isinstance(value, dict) else plain(value)
            parts.append(f"{key} {words.removeprefix(f'{key} ')}" if key in ("suite", "policy") else words)
    seconds = provenance.get("seconds")
    return " · ".join([*parts, numbers.duration(seconds)] if isinstance(seconds, int | float) else parts)


def _own(claims: list[Claim], backbone: str) -> list[Claim]:
    return [claim for claim in claims if claim.backbone == backbone]


def _anchors(names: Iterable[str]) -> dict[str, str]:
    """An id for each name, safe in a link and used once."""
    anchors: dict[str, str] = {}
    for name in dict.fromkeys(names):
        anchor = base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "property"
        number = 2
        while anchor in anchors.values() or anchor in _TAKEN:
            anchor, number = f"{base}-{number}", number + 1
        anchors[name] = anchor
    return anchors


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        score=numbers.score, interval=wording.interval_cell, count=numbers.count, limit=numbers.limit,
        counted=wording.counted, tally=wording.tally, tally_words=wording.tally_words, view=views.view_words, shown=views.shown_view,
        bound=wording.bound_sign, finding=wording.finding, next=wording.what_next, others=wording.other_views,
        likewise=wording.likewise, remedy=wording.remedy, date=wording.date_words, actual=views.actual_words,
        which=wording.which_view, bounds=wording.bounds_of, stops=stops_of, bar=bars.interval_bar, legend=bars.mark, noun=wording.noun,
        said=wording.said_of, alone=wording.alone, z=rankings.z_words, rank=comparison.rank_words,
        away=bars.distance_bar, place=rankings.rank_words, between=rankings.between_words, settings=rankings.settings_words,
        what=rankings.between_what, chance=rankings.chance_words,
    )  # fmt: skip
    environment.globals.update(
        signs=wording.SIGNS,
        meanings=wording.MEANINGS,
        outside=wording.OUTSIDE,
        ranked=rankings.EXPLAINED,
        correlated=rankings.CORRELATED,
        fewest=rankings.FEWEST_CORRELATED,
    )
    environment.tests.update(outside=wording.lies_outside)
    return environment

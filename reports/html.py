"""The report: one HTML file that answers before it explains, made from a run alone, without script and without network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2

from reports import bars, numbers, wording
from reports.claims import Claim, claims_of, records_of, settings_of, stops_of
from reports.sections import left_out_of, leftover_exhibits, plain, provenance_of, sections_of

_CARDS_SHOWN = 9
_MISSING_SHOWN = 12
_TAKEN = ("answer", "answer-title", "stops", "waived", "backbones", "claims", "comparison", "exhibits", "left-out", "provenance")


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
    page = {
        "tally": wording.tally(records),
        "stops": stops[:_CARDS_SHOWN],
        "more_stops": stops[_CARDS_SHOWN:],
        "stale": [(claim, record) for claim in claims for record in claim.records if (record.waiver or {}).get("now_holds")],
        "waived": [(claim, record) for claim in claims for record in claim.of_verdict("waived")],
        "tables": [(backbone, _own(claims, backbone)) for backbone in backbones],
        "settings": settings_of(claims),
        "sections": sections,
        "anchors": anchors,
        "titles": {section.name: section.prose.title for section in sections},
        "exhibits": leftover_exhibits(run, sections),
        "left_out": left_out_of(run),
    }
    return _environment().get_template("report.html.jinja").render(page | _frame(run, backbones))


def _frame(run: dict[str, Any], backbones: list[str]) -> dict[str, Any]:
    """What stands at the head and at the foot of the page."""
    return {
        "outlines": bars.outlines(),
        "title": ", ".join(backbones) if 0 < len(backbones) <= 3 else f"{len(backbones)} backbones",
        "backbones": backbones,
        "state": state_of(run["gate"]),
        "sentence": sentence_of(run["gate"]),
        "missing": run["gate"]["missing"][:_MISSING_SHOWN],
        "more_missing": run["gate"]["missing"][_MISSING_SHOWN:],
        "about": _about(run["provenance"]),
        "provenance": provenance_of(run),
        "command": run["provenance"].get("command", ""),
    }


def state_of(gate: dict[str, Any]) -> tuple[str, str]:
    """The answer as a class for the style sheet and in words: ready, not ready, or not a gate (a partial run)."""
    return str(gate["state"]).replace(" ", "-"), str(gate["state"]).capitalize()


def sentence_of(gate: dict[str, Any]) -> str:
    """Why, without the answer itself, which stands above it."""
    why = str(gate["sentence"]).removeprefix(f"{state_of(gate)[1]}: ")
    return why[:1].upper() + why[1:]


def _about(provenance: dict[str, Any]) -> str:
    """One line under the title: which suite and policy, on what, how long."""
    parts = []
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
        counted=wording.counted, tally=wording.tally, tally_words=wording.tally_words, view=wording.view_words,
        bound=wording.bound_sign, finding=wording.finding, next=wording.what_next, others=wording.other_views,
        likewise=wording.likewise, remedy=wording.remedy, date=wording.date_words, actual=wording.actual_words,
        which=wording.which_view, bounds=wording.bounds_of, stops=stops_of, bar=bars.interval_bar, legend=bars.mark,
    )  # fmt: skip
    environment.globals.update(signs=wording.SIGNS, meanings=wording.MEANINGS, outside=wording.OUTSIDE)
    environment.tests.update(outside=wording.lies_outside)
    return environment

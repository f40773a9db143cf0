"""The parts of the page behind the verdict: a section a property, what was left out, where the run came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reports import numbers
from reports.claims import Claim
from reports.figures import Figure, figures_of
from reports.prose import Prose, read_prose
from reports.record import Record

# Pictures are the only part of a report that can grow without telling anything new.
PICTURE_BUDGET = 1_200_000
_EXHIBITS_BELONG_TO = "calibration"


@dataclass(frozen=True)
class Picture:
    """An image that was judged wrong; `image` is empty where the budget left it out."""

    image: str
    label: str
    said: str
    confidence: str
    name: str


@dataclass(frozen=True)
class Exhibit:
    """A strip of pictures under one heading."""

    title: str
    about: str
    subject: tuple[str, str]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Section:
    """One property: its words, its charts, its pictures, every record, and how class scores came about."""

    name: str
    anchor: str
    prose: Prose
    claims: tuple[Claim, ...]
    panels: tuple[Figure | Exhibit, ...]
    routes: tuple[tuple[str, str], ...]

    @property
    def records(self) -> list[Record]:
        return [record for claim in self.claims for record in claim.records]


def sections_of(run: dict[str, Any], claims: Sequence[Claim], anchors: dict[str, str]) -> list[Section]:
    """A section for every property that has records, in the order of the run's own list, others after it."""
    present = {claim.property_name for claim in claims}
    names = [name for name in run["properties"] if name in present]
    names += [name for name in dict.fromkeys(claim.property_name for claim in claims) if name not in names]
    exhibits = exhibits_of(run)
    sections = []
    for name in names:
        own = tuple(claim for claim in claims if claim.property_name == name)
        sections.append(
            Section(
                name,
                anchors[name],
                read_prose(name, run["properties"].get(name, "")),
                own,
                _panels(figures_of(own, f"{anchors[name]}-chart"), exhibits if name == _EXHIBITS_BELONG_TO else []),
                _routes(own),
            )
        )
    return sections


def leftover_exhibits(run: dict[str, Any], sections: Sequence[Section]) -> list[Exhibit]:
    """The pictures that no section shows, for a run without the property that they belong to."""
    return [] if any(section.name == _EXHIBITS_BELONG_TO for section in sections) else exhibits_of(run)


def exhibits_of(run: dict[str, Any]) -> list[Exhibit]:
    """The strips of pictures of a run, each with an even share of the budget; pictures beyond it keep their words."""
    exhibits = [exhibit for exhibit in run["exhibits"] if exhibit["items"]]
    share = PICTURE_BUDGET // max(1, len(exhibits))
    return [_exhibit(exhibit, share) for exhibit in exhibits]


def _exhibit(exhibit: dict[str, Any], budget: int) -> Exhibit:
    about = " · ".join(filter(None, (exhibit["backbone"], exhibit["dataset"], exhibit["view"])))
    return Exhibit(exhibit["title"], about, (exhibit["backbone"], exhibit["dataset"]), tuple(_pictures(exhibit, budget)))


def _panels(figures: Sequence[Figure], exhibits: Sequence[Exhibit]) -> tuple[Figure | Exhibit, ...]:
    """Charts with the pictures of the same backbone and dataset beside them; pictures without a chart come last."""
    left, panels = list(exhibits), []
    for figure in figures:
        beside = [exhibit for exhibit in left if exhibit.subject == figure.subject]
        left = [exhibit for exhibit in left if exhibit not in beside]
        panels += [figure, *beside]
    return (*panels, *left)


def _pictures(exhibit: dict[str, Any], budget: int) -> Iterator[Picture]:
    for item in exhibit["items"]:
        image = str(item["image"] or "")
        # anything else could make a reader's browser ask the network
        fits = image.startswith("data:image/") and len(image) <= budget
        budget -= len(image) if fits else 0
        confidence = numbers.score(item["confidence"], True)
        yield Picture(image if fits else "", str(item["label"]), str(item["said"]), confidence, str(item["id"]))


def _routes(claims: Sequence[Claim]) -> tuple[tuple[str, str], ...]:
    """How class scores came about and how images were prepared, once for each backbone and dataset."""
    found: dict[str, dict[str, None]] = {}
    for claim in claims:
        for record in claim.records:
            words = "; ".join(filter(None, (record.route, record.preprocessing, record.precision)))
            if words:
                found.setdefault(f"{record.backbone} on {record.dataset}", {})[words] = None
    return tuple((where, words) for where, several in found.items() for words in several)


def left_out_of(run: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """What was not audited, by reason: the reason, where it applies, and the audits."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for one in run["left_out"]:
        where = " on ".join(filter(None, (one.get("backbone"), one.get("dataset"))))
        groups.setdefault((one["reason"], where), {})[one["audit"]] = None
    return [(reason, where, list(audits)) for (reason, where), audits in groups.items()]


def provenance_of(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Everything that the run recorded about itself, a line each; the command stands apart."""
    return [line for key, value in run["provenance"].items() if key != "command" for line in _lines(key.replace("_", " "), value)]


def _lines(label: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values()):
        for key, inner in value.items():
            yield from _lines(f"{label}: {key}", inner)
    elif value not in (None, "", [], {}):
        yield label, plain(value)


def plain(value: Any) -> str:
    """A value of the JSON edge in words."""
    if isinstance(value, dict):
        return ", ".join(f"{str(key).replace('_', ' ')} {plain(inner)}" for key, inner in value.items() if inner not in (None, ""))
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return numbers.count(value) if abs(value) >= 10_000 else str(value)
    return numbers.score(value) if isinstance(value, float) else str(value)

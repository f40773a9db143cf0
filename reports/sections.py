"""The parts of the page behind the verdict: a section a property, what was left out, where the run came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reports import numbers
from reports.claims import Claim
from reports.figure import Figure
from reports.figures import figures_of
from reports.prose import Prose, read_prose
from reports.record import Record

# Pictures are the only part of a report that can grow without telling anything new.
PICTURE_BUDGET = 500_000
_MISTAKES_BELONG_TO = "calibration"
_LONGEST_NAME = 26
_COLUMNS = 3  # of the widest page; a chart takes one, pictures two


@dataclass(frozen=True)
class Picture:
    """An image and what was said of it; `image` is empty where the budget left it out.

    `before` is the same image as it is, where `image` shows what a view made of it, and `said_before` the answer to it.
    """

    image: str
    label: str
    said: str
    name: str
    before: str = ""
    said_before: str = ""

    @property
    def short_name(self) -> str:
        """The end of the image's name, which tells it from its neighbours."""
        name = self.name.replace("\\", "/").rpartition("/")[2]
        return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


@dataclass(frozen=True)
class Exhibit:
    """A strip of pictures under one heading; `subject` is the audit (empty for mistakes), the backbone and the dataset."""

    title: str
    about: str
    subject: tuple[str, str, str]
    pictures: tuple[Picture, ...]

    @property
    def property_name(self) -> str:
        return self.subject[0].partition(".")[0] or _MISTAKES_BELONG_TO


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
    def ends_alone(self) -> bool:
        """Whether the last chart would stand alone in its row."""
        column = 0
        for panel in self.panels:
            width = 2 if isinstance(panel, Exhibit) else 1
            column = column + width if column + width <= _COLUMNS else width
        return column == 1

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
                _panels(figures_of(own, f"{anchors[name]}-chart"), [exhibit for exhibit in exhibits if exhibit.property_name == name]),
                _routes(own),
            )
        )
    return sections


def leftover_exhibits(run: dict[str, Any], sections: Sequence[Section]) -> list[Exhibit]:
    """The pictures that no section shows, for a run without the property that they belong to."""
    shown = {section.name for section in sections}
    return [exhibit for exhibit in exhibits_of(run) if exhibit.property_name not in shown]


def exhibits_of(run: dict[str, Any]) -> list[Exhibit]:
    """The strips of pictures of a run, which share the budget: what a small one leaves, the larger have. Of a strip for which nothing is
    left the words are kept."""
    exhibits = [exhibit for exhibit in run["exhibits"] if exhibit["items"]]
    sizes = [sum(len(image) for item in exhibit["items"] for image in _images(item)) for exhibit in exhibits]
    left, shares = PICTURE_BUDGET, dict.fromkeys(range(len(exhibits)), 0)
    for place, index in enumerate(sorted(shares, key=sizes.__getitem__)):
        shares[index] = min(sizes[index], left // (len(exhibits) - place))
        left -= shares[index]
    return [_exhibit(exhibit, shares[index]) for index, exhibit in enumerate(exhibits)]


def _exhibit(exhibit: dict[str, Any], budget: int) -> Exhibit:
    subject = (str(exhibit.get("audit", "")), str(exhibit["backbone"]), str(exhibit["dataset"]))
    pictures = tuple(_pictures(exhibit, budget))
    shown, of = tuple(picture for picture in pictures if picture.image) or pictures, exhibit.get("of", 0)
    cut = f"{len(shown)} of {numbers.count(of)}" if of > len(shown) else ""
    about = " · ".join(filter(None, (*subject, exhibit["view"], cut)))
    return Exhibit(exhibit["title"], about, subject, shown)


def _panels(figures: Sequence[Figure], exhibits: Sequence[Exhibit]) -> tuple[Figure | Exhibit, ...]:
    """Charts with pictures of the same beside them first, since such a pair fills a row; then other charts, then other pictures."""
    left, pairs, others = list(exhibits), [], []
    for figure in figures:
        beside = [exhibit for exhibit in left if exhibit.subject in (figure.subject, ("", *figure.subject[1:]))]
        left = [exhibit for exhibit in left if exhibit not in beside]
        (pairs if beside else others).extend([figure, *beside])
    return (*pairs, *others, *left)


def _pictures(exhibit: dict[str, Any], budget: int) -> Iterator[Picture]:
    for item in exhibit["items"]:
        before, images = item.get("before") or {}, _images(item)
        size = sum(map(len, images))
        # anything but data could make a reader's browser ask the network
        fits = size <= budget and all(image.startswith("data:image/") for image in images if image)
        budget -= size if fits else 0
        image, unchanged = images if fits else ("", "")
        yield Picture(image, str(item["label"]), _said(item), str(item["id"]), unchanged, _said(before) if before else "")


def _images(item: dict[str, Any]) -> list[str]:
    """The picture of an item and that from before a change, either of them empty where there is none."""
    return [str(one.get("image") or "") for one in (item, item.get("before") or {})]


def _said(answer: dict[str, Any]) -> str:
    return f"{answer['said']}, {numbers.score(answer['confidence'], True)}"


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
    apart = ("command", "backbones")
    return [line for key, value in run["provenance"].items() if key not in apart for line in _lines(key.replace("_", " "), value)]


def origins_of(run: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Where each backbone comes from, a line for every fact that the run recorded about it."""
    told = run["provenance"].get("backbones") or {}
    return [(str(name), [*_facts(value)]) for name, value in told.items()]


def _facts(value: Any) -> Iterator[tuple[str, str]]:
    for key, inner in value.items() if isinstance(value, dict) else [("source", value)]:
        yield from _lines(str(key).replace("_", " "), inner)


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

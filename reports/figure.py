"""A chart with what is written beside it, and what all charts take from records: points, names, what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports import charts, numbers
from reports.claims import WORST_FIRST, Claim
from reports.record import Record


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


def point_of(record: Record, name: str, x: float | None = None, heading: str = "") -> charts.Point:
    """The mark of a record; one without a score stands at zero."""
    value = record.value if record.value is not None else 0.0
    return charts.Point(name, value, record.low, record.high, record.bound, record.direction, record.verdict, x or 0.0, heading)


def label_of(record: Record) -> str:
    """A view, or the parameter that an audit is put to, as the name of a row."""
    return record.parameter.replace("_", " ") if record.parameter and record.view == "clean" else _view_label(record.variant)


def _view_label(view: str) -> str:
    return view.replace("=-", f" {numbers.MINUS}").replace("=", " ")


def score_words(points: Sequence[charts.Point], share: bool) -> str:
    """Every mark with its score, for those who cannot see a drawing."""
    return ", ".join(f"{_view_label(point.name)}: {numbers.score(point.value, share)}" for point in points)


def about_words(claim: Claim, audit: bool = True, backbone: bool = True) -> str:
    """`accuracy.top1 · vit_b_clip · imagenet_val`, or only what all of a chart have in common."""
    return " · ".join([claim.audit] * audit + [claim.backbone] * backbone + [claim.dataset])


def subject_of(claims: Sequence[Claim]) -> tuple[str, str, str]:
    """Audit, backbone and dataset of the claims in one chart."""
    audits, backbones = {claim.audit for claim in claims}, {claim.backbone for claim in claims}
    return audits.pop() if len(audits) == 1 else "", backbones.pop() if len(backbones) == 1 else "", claims[0].dataset


def verdicts_of(claims: Sequence[Claim]) -> tuple[str, ...]:
    """The verdicts whose marks a chart of these claims shows, worst first."""
    shown = {record.verdict for claim in claims for record in claim.records if record.value is not None}
    return tuple(verdict for verdict in WORST_FIRST if verdict in shown)

"""Which charts a property gets, and what is written beside them."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from reports.claims import claims_of, records_of
from reports.figure import Figure
from reports.figures import figures_of
from reports.prose import read_prose
from reports.record import Record
from reports.sections import Exhibit, Section
from tests.reports.sample import BACKBONES, sample_run
from tests.reports.test_charts import TOLD


@pytest.fixture(scope="module")
def figures() -> dict[str, list[str]]:
    claims = claims_of(records_of(sample_run(BACKBONES[:2])))
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(claim.property_name for claim in claims):
        drawn = figures_of([claim for claim in claims if claim.property_name == name], name)
        found[name] = [f"{figure.title} | {figure.about}" for figure in drawn]
    return found


def test_views_over_one_number_share_a_curve_and_others_are_listed(figures: dict[str, list[str]]) -> None:
    assert "Accuracy survives a change of scale | invariance.scale · shapes" in figures["invariance"]
    consistency = [one for one in figures["invariance"] if "invariance.consistency" in one]
    assert consistency == [
        f"Predictions stay the same under mild changes | invariance.consistency · {name} · shapes" for name in BACKBONES[:2]
    ]


def test_bins_classes_and_slices_are_drawn_for_each_backbone(figures: dict[str, list[str]]) -> None:
    assert [one.partition(" | ")[0] for one in figures["calibration"]] == [
        *2 * ["Confidence matches how often the backbone is right"],
        *2 * ["One temperature would mend calibration"],
    ]
    assert [one.partition(" | ")[0] for one in figures["accuracy"]] == [
        "Scores with their intervals",
        *2 * ["No class is left behind"],
        *2 * ["No slice of the images is left behind"],
    ]
    assert figures["determinism"] == []


def test_what_a_chart_leaves_out_is_said_beside_it() -> None:
    claims = [claim for claim in claims_of(records_of(sample_run())) if claim.audit in ("accuracy.worst_class", "calibration.temperature")]

    groups, cooled = (figure for figure in figures_of(claims, "key") if figure.note)

    assert groups.note == "The lowest 5 of 12. 2 more had too few images to compare."
    assert cooled.note.startswith("At temperature 1.31; 0.0542 before. Mean confidence")


def test_a_view_that_could_not_be_measured_is_named_beside_its_chart() -> None:
    claims = [claim for claim in claims_of(records_of(sample_run())) if claim.audit == "invariance.consistency"]

    (figure,) = figures_of(claims, "key")

    assert figure.note == "Not measured: blur 2."


def test_backbones_stand_among_others_on_one_strip(figures: dict[str, list[str]]) -> None:
    assert figures["shape_bias"] == [
        "Where shape and texture disagree, shape decides | shape_bias.cue_conflict · shapes",
        "The backbone errs where people err | shape_bias.error_consistency · shapes",
    ]
    run = sample_run(BACKBONES[:2])
    claims = [claim for claim in claims_of(records_of(run)) if claim.audit == "shape_bias.cue_conflict"]

    (figure,) = figures_of(claims, "key")

    words = re.sub(r"[\d,]+ images: shape \d+, texture \d+, neither \d+", "…", figure.note).replace("\N{NO-BREAK SPACE}", " ")
    assert words == f"{BACKBONES[0]}, of …. {BACKBONES[1]}, of …. Field and bar: people (10), 91.9 to 98.7 %, mean 95.8 %."
    assert "alexnet: 42.9" in str(figure.svg)


def test_backbones_stand_among_other_networks_with_what_was_foretold() -> None:
    detail = {
        "scatter": TOLD, "predicted": 0.6, "accuracy": 0.65, "accuracy_at_home": 0.76, "networks": 978, "cohort": "timm.csv",
        "extrapolated": False, "own_row": "",
    }  # fmt: skip
    record = Record(
        "robustness.effective", "Others lose too.", "one", "imagenet_v2", "clean", "holds", 0.05, 0.03, 0.07, 0.95, 10_000, "prediction",
        -0.05, "at_least", detail=detail,
    )  # fmt: skip
    other = replace(record, backbone="two", detail=detail | {"extrapolated": True, "own_row": "two at 224 px, crop 0.9"})

    (figure,) = figures_of(claims_of([record, other]), "key")

    assert figure.about == "robustness.effective · imagenet_v2"
    assert figure.note.replace("\N{NO-BREAK SPACE}", " ") == (
        "one: of 76.0 % at home the line makes 60.0 %; measured 65.0 %. two: of 76.0 % at home the line makes 60.0 %; measured 65.0 %. "
        "That is outside the others' range at home: the line is drawn on. The row of two at 224 px, crop 0.9 was left out. "
        "Line through 978 other networks (4 shown), from timm.csv; in the band lie 95 of 100 of their kind. "
        "Hollow: networks trained otherwise, which make no part of it."
    )
    assert figure.verdicts == ("holds",)


@pytest.mark.parametrize(("widths", "alone"), [("1", True), ("11", False), ("111", False), ("1111", True), ("121", True), ("1212", False)])
def test_a_chart_alone_in_its_row_is_known(widths: str, alone: bool) -> None:
    figure, exhibit = Figure("", "", Markup(""), ("", "", "")), Exhibit("", "", ("", "", ""), ())
    panels = tuple(figure if width == "1" else exhibit for width in widths)

    assert Section("", "", read_prose("", ""), (), panels, ()).ends_alone is alone


def along_factors(backbones: tuple[str, ...]) -> dict[str, Figure]:
    claims = [claim for claim in claims_of(records_of(sample_run(backbones))) if claim.audit == "synthetic.factor"]
    return {figure.title: figure for figure in figures_of(claims, "key")}


def test_each_factor_is_drawn_along_its_levels() -> None:
    figures = along_factors(BACKBONES[:1])

    root = ElementTree.fromstring(str(figures["Texture"].svg))
    assert [text.text for text in root.iter("text")][:3] == ["own", "plain", "checkered"]
    assert figures["Texture"].about == "synthetic.factor[texture] · shapes_vit_sup · shapes"
    assert re.fullmatch(
        r"Right at each level\. Largest drop: \d.*, at (plain|checkered)\. Dashed: what the others are compared with\.",
        figures["Texture"].note.replace("\N{NO-BREAK SPACE}", " "),
    )
    assert {"Rotation", "Texture", "Worlds"} < set(figures)


def test_many_levels_without_an_order_are_listed_lowest_first() -> None:
    worlds = along_factors(BACKBONES[:1])["Worlds"]

    assert "Dashed" not in worlds.note
    assert worlds.note.endswith("Shown: the lowest 9 of 9.")


def test_several_backbones_share_the_chart_of_a_factor() -> None:
    rotation = along_factors(BACKBONES)["Rotation"]

    texts = [text.text for text in ElementTree.fromstring(str(rotation.svg)).iter("text")]
    assert set(BACKBONES) < set(texts)
    assert rotation.about == "synthetic.factor[rotation] · shapes"


def test_errors_in_units_of_anothers_are_drawn_one_by_one_with_what_their_unit_is() -> None:
    values = [
        {"name": name, "value": value, "low": value - 0.1, "high": value + 0.1} for name, value in (("fog", 1.2), ("glass_blur", 0.4))
    ]
    detail = {
        "ratios": {"of": "mistakes", "to": "alexnet", "values": values},
        "said": "in units of the mistakes of alexnet; published figures compare",
    }
    record = Record(
        "robustness.mce", "Few beside another's.", "one", "imagenet_val", "clean", "violated", 0.8, 0.7, 0.9, 0.95, 100, "bootstrap", 0.6,
        "at_most", detail=detail,
    )  # fmt: skip

    (figure,) = figures_of(claims_of([record]), "key")

    assert figure.about == "robustness.mce · one · imagenet_val"
    assert figure.note == "Dashed: as many mistakes as alexnet. In units of the mistakes of alexnet; published figures compare."
    assert {"fog", "glass blur", "1"} < {text.text for text in ElementTree.fromstring(str(figure.svg)).iter("text")}
    assert "fog: 1.20, glass blur: 0.400" in str(figure.svg)

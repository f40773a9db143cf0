"""Records gathered into claims, worst first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reports import wording
from reports.claims import Claim, claims_of, excess, records_of, settings_of, stops_of
from reports.numbers import MINUS, NO_BREAK
from reports.record import Record
from reports.views import actual_words, view_words
from tests.reports.sample import sample_run


def record(verdict: str = "holds", view: str = "clean", **more: Any) -> Record:
    given: dict[str, Any] = {"audit": "accuracy.top1", "claim": "It is right", "backbone": "a", "dataset": "shapes"} | more
    return Record(view=view, verdict=verdict, **given)


def test_a_claim_shows_its_worst_view() -> None:
    views = [
        record("holds", "blur=1", value=0.95, bound=0.9, direction="at_least"),
        record("violated", "blur=2", value=0.85, bound=0.9, direction="at_least"),
        record("violated", "blur=3", value=0.5, bound=0.9, direction="at_least"),
        record("undecided", "blur=4", value=0.9, bound=0.9, direction="at_least"),
    ]

    (claim,) = claims_of(views)

    assert claim.worst.view == "blur=3"
    assert claim.verdict == "violated"
    assert [one.view for one in claim.of_verdict("violated", "undecided")] == ["blur=3", "blur=2", "blur=4"]
    assert [one.view for one in claim.calm] == ["blur=1"]


def test_an_audit_of_several_parameters_is_one_claim() -> None:
    texture = record("violated", audit="mistakes.error_ratio[texture]", value=2.0, bound=1.5, direction="at_most", method="score")
    blocking = replace(texture, audit="mistakes.error_ratio[object_blocking]", value=1.8, bound=2.5, verdict="holds")
    other = replace(texture, audit="mistakes.error_ratio[style]", backbone="b", value=1.0, verdict="holds")

    claim, alone = claims_of([blocking, texture, other])
    (setting,) = settings_of([claim, alone])

    assert (claim.audit, claim.worst.variant, alone.worst.variant) == ("mistakes.error_ratio", "texture", "style")
    assert wording.finding(texture) == "2.00 (0 images) on shapes, for texture; the policy allows at most 1.5."
    assert wording.noun(claim, 2) == "cases"
    assert wording.bounds_of(replace_reasons(claim)) == [(f"≤{NO_BREAK}2.5", "object_blocking", "r"), (f"≤{NO_BREAK}1.5", "texture", "r")]
    assert setting.shown("b") is None
    assert setting.shown("a") == texture


def replace_reasons(claim: Claim) -> Claim:
    return replace(claim, records=tuple(replace(one, reason="r") for one in claim.records))


def view(name: str, value: float | None, bound: float | None = None, direction: str = "at_least", verdict: str = "") -> Record:
    return record(verdict or ("holds" if bound is not None else "reported"), name, value=value, bound=bound, direction=direction)


@pytest.mark.parametrize(
    ("views", "shown", "words", "cell"),
    [
        (
            [view("clean", 0.9), view("a", 0.3, 0.1), view("b", 0.5, 0.45), view("c", 0.1)],
            "b", "nearest to its bound, of 2 judged; 2 reported", "(2 of 2; 2 reported)",
        ),
        (
            [view("a", 0.8, 0.9, verdict="violated"), view("b", 0.7, 0.9, verdict="violated"), view("c", 0.95, 0.9)],
            "b", "furthest beyond its bound, of 3 judged", "(2 of 3)",
        ),
        ([view("a", 0.9, 0.9, verdict="undecided"), view("b", 0.95, 0.9)], "a", "across its bound, of 2 judged", "(1 of 2)"),
        ([view("a", None, verdict="error"), view("b", 0.95, 0.9)], "a", "not measured, of 1 judged", "(1 of 2)"),
        ([view("clean", 0.9), view("a", 0.2), view("b", 0.4)], "a", "the lowest of 3 reported", "(3)"),
        ([view("clean", 0.1, direction="at_most"), view("a", 0.4, direction="at_most")], "a", "the highest of 2 reported", "(2)"),
        ([view("a", 0.95, 0.9)], "a", "", ""),
    ],
)  # fmt: skip
def test_the_shown_view_decides_the_claim_and_is_called_what_it_is(views: list[Record], shown: str, words: str, cell: str) -> None:
    (claim,) = claims_of(views)

    assert claim.worst.view == shown
    assert wording.which_view(claim) == words
    assert wording.tally_cell(claim) == cell


def test_backbones_are_compared_on_one_view() -> None:
    scores = {"a": {"blur=1": 0.95, "hue=1": 0.80}, "b": {"blur=1": 0.85, "hue=1": 0.97}, "c": {"blur=1": 0.99}}
    found = [
        record("holds" if value > 0.9 else "violated", name, backbone=backbone, value=value, bound=0.9, direction="at_least")
        for backbone, values in scores.items()
        for name, value in values.items()
    ]

    (setting,) = settings_of(claims_of(found))

    shown = {backbone: setting.shown(backbone) for backbone in scores}
    assert {backbone: one and (one.view, one.value) for backbone, one in shown.items()} == {
        "a": ("hue=1", 0.80), "b": ("hue=1", 0.97), "c": None,
    }  # fmt: skip


def test_every_bound_of_a_claim_is_given_with_its_views_and_its_reason() -> None:
    views = [replace(view(f"rotation={angle}", 0.9, 0.75), reason="corners are filled in") for angle in (-20, -10, 10, 20)]
    views += [replace(view("blur=1", 0.9, 0.85), reason="six times in seven"), replace(view("hue=1", 0.2), reason="no bound for it")]

    (claim,) = claims_of(views)

    assert wording.bounds_of(claim) == [
        (f"≥{NO_BREAK}0.85", "blur=1", "six times in seven"),
        (f"≥{NO_BREAK}0.75", "rotation=-20, rotation=-10, rotation=10 and 1 more", "corners are filled in"),
    ]


@pytest.mark.parametrize(
    ("name", "actual", "words"),
    [
        ("translation=5", {"input_px": 64, "shift_px": 1}, "images moved by 5 of 224 px (here 1 px)"),
        ("translation=-5", {"input_px": 224, "shift_px": -5}, f"images moved by {MINUS}5 of 224 px"),
        ("blur=2", {"input_px": 64, "sigma_px": 2 * 64 / 224}, "images blurred by 2 of 224 px (here 0.571 px)"),
        ("resolution=336", {"input_px": 96, "resize_px": 110}, "images at 336 of 224 px (here 96 px)"),
        ("rotation=-20", {"input_px": 64, "angle_degrees": -20.0}, f"images turned by {MINUS}20°"),
        ("clean", {"input_px": 64}, "images as they are"),
    ],
)
def test_pixels_are_those_of_the_protocol_and_those_really_used(name: str, actual: dict[str, Any], words: str) -> None:
    assert view_words(record(view=name, actual=actual)).replace(NO_BREAK, " ") == words


def test_the_amounts_really_used_come_with_their_units() -> None:
    actual = {"input_px": 64, "sigma_px": 2 * 64 / 224, "angle_degrees": -20.0, "direction": "horizontal"}
    made = {"severity": 3, "instrument": "some views version 1"}

    assert actual_words(actual) == f"input 64 px, sigma 0.571 px, angle {MINUS}20 degrees, direction horizontal"
    assert actual_words(made) == "severity 3, instrument some views version 1"


@pytest.mark.parametrize(
    ("n", "depth", "ways"),
    [
        (1000, {"images_per_view": 1000, "limit": None}, "raise images_per_view (policy, [depth]) or give a larger dataset"),
        (5000, {"images_per_view": 1000, "limit": None}, "give a larger dataset"),
        (300, {"images_per_view": 1000, "limit": 300}, "leave out --audit-limit or give a larger dataset"),
        (300, None, "give a larger dataset"),
    ],
)
def test_an_undecided_claim_says_how_to_decide_it(n: int, depth: dict[str, Any] | None, ways: str) -> None:
    undecided = record("undecided", value=0.9, n=n, depth=depth, decides_at=2100)

    assert wording.what_next(undecided).endswith(f"About 2,100 images would: {ways}.")


def test_a_score_outside_its_interval_says_why() -> None:
    ece = record("holds", value=0.031, low=0.0, high=0.024, n=300, bound=0.05, direction="at_most", method="inverted bins")

    assert wording.OUTSIDE in wording.finding(ece)
    assert wording.interval_cell(ece).endswith("*")
    assert wording.OUTSIDE not in wording.finding(replace(ece, value=0.02))
    assert not wording.interval_cell(replace(ece, value=0.02)).endswith("*")


def test_what_a_search_found_is_told_with_the_finding() -> None:
    found = {"said": "mildest failure: turned 14.0° clockwise", "unit": "degrees"}
    radius = record("violated", audit="invariance.radius[rotation]", value=14, low=12, high=14.5, n=150, bound=15, direction="at_least")

    assert wording.finding(replace(radius, detail=found)).endswith(
        "the policy asks for at least 15. Mildest failure: turned 14.0° clockwise."
    )
    assert wording.finding(radius).endswith("asks for at least 15.")


def test_views_stand_in_the_order_of_their_numbers() -> None:
    (claim,) = claims_of([record(view=view) for view in ("scale=10", "scale=2", "flip=horizontal", "clean", "scale=1.5", "scale=-1")])

    assert [one.view for one in claim.records] == ["clean", "flip=horizontal", "scale=-1", "scale=1.5", "scale=2", "scale=10"]


def test_claims_follow_the_order_of_the_properties_and_then_that_of_the_run() -> None:
    found = claims_of([record(audit=audit) for audit in ("accuracy.top5", "zeal.b", "odd.x", "accuracy.best")], ["zeal", "accuracy"])

    assert [claim.audit for claim in found] == ["zeal.b", "accuracy.top5", "accuracy.best", "odd.x"]


@pytest.mark.parametrize(
    ("direction", "value", "bound", "expected"),
    [("at_least", 0.8, 0.9, 1.0), ("at_most", 0.1, 0.05, 1.0), ("at_most", 0.05, 0.05, 0.0), ("at_least", 0.95, 0.9, -0.5)],
)
def test_excess_is_in_units_of_what_the_bound_allows(direction: str, value: float, bound: float, expected: float) -> None:
    assert excess(record(value=value, bound=bound, direction=direction)) == pytest.approx(expected)


def test_an_error_stops_and_an_undecided_claim_stops_but_a_waived_one_does_not() -> None:
    verdicts = ("holds", "waived", "reported", "undecided", "error", "violated")

    stops = stops_of(claims_of([record(verdict, audit=f"accuracy.{verdict}") for verdict in verdicts]))

    assert [stop.claim.verdict for stop in stops] == ["violated", "error", "undecided"]


def test_one_audit_that_fails_for_several_backbones_is_one_stop() -> None:
    scores = {"a": 0.8, "b": 0.6, "c": 0.7}
    found = [record("violated", backbone=name, value=value, bound=0.9, direction="at_least") for name, value in scores.items()]

    (stop,) = stops_of(claims_of(found))

    assert [stop.claim.backbone, *(claim.backbone for claim in stop.likewise)] == ["b", "c", "a"]


def test_a_calibration_error_comes_with_the_temperature_that_would_mend_it() -> None:
    ece = record("violated", audit="calibration.ece", value=0.1, bound=0.05, direction="at_most", detail={"bins": [{"count": 1}]})
    other = record("violated", audit="calibration.nll", value=0.9, bound=0.05, direction="at_most")
    mended = record("reported", audit="calibration.temperature", value=0.02, detail={"temperature": 1.31})

    stops = stops_of(claims_of([ece, other, mended]))

    assert {stop.claim.audit: wording.remedy(stop) for stop in stops} == {
        "calibration.ece": "A temperature of 1.31, fitted on other images, would bring it to 0.0200.",
        "calibration.nll": "",
    }


def test_a_temperature_that_mends_nothing_is_no_remedy() -> None:
    ece = record("undecided", audit="calibration.ece", value=0.045, bound=0.05, direction="at_most", detail={"bins": [{"count": 1}]})
    worse = record("undecided", audit="calibration.temperature", value=0.072, bound=0.05, detail={"temperature": 0.949})

    assert {wording.remedy(stop) for stop in stops_of(claims_of([ece, worse]))} == {""}


def test_another_backbone_that_fails_on_another_view_says_on_which() -> None:
    found = [
        record("violated", name, backbone=backbone, value=value, bound=0.9, direction="at_least")
        for backbone, name, value in (("a", "hue=1", 0.5), ("b", "hue=1", 0.6), ("c", "blur=1", 0.7))
    ]

    (stop,) = stops_of(claims_of(found))

    assert wording.likewise(stop) == "Likewise b (0.600, violated) and c (0.700 at blur=1, violated)."


def test_only_shares_of_images_are_shares() -> None:
    assert claims_of([record(method="wilson")])[0].share
    assert not claims_of([record(method="bootstrap")])[0].share


def test_what_is_no_record_is_named() -> None:
    run = sample_run(pictures=False)

    with pytest.raises(ValueError, match="record 1 of the run is not one"):
        records_of(run | {"records": [vars(record()), {"audit": "accuracy.top1"}]})
    with pytest.raises(ValueError, match="verdict 'fine' is none of"):
        records_of(run | {"records": [vars(record()) | {"verdict": "fine"}]})


def test_what_a_measure_says_about_its_number_stands_beside_it() -> None:
    detail = {"said": "in units of the mistakes of alexnet", "over": "15 corruptions"}
    found = record("violated", value=0.8, n=100, bound=0.6, direction="at_most", detail=detail)

    assert wording.finding(found) == (
        "0.800 (100 images) on shapes, over 15 corruptions; the policy allows at most 0.6. In units of the mistakes of alexnet."
    )
    assert wording.finding(replace(found, bound=None)) == (
        "0.800 (100 images) on shapes, over 15 corruptions. In units of the mistakes of alexnet."
    )

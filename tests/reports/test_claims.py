"""Records gathered into claims, worst first."""

from __future__ import annotations

from typing import Any

import pytest

from reports import wording
from reports.claims import claims_of, excess, records_of, stops_of
from reports.record import Record
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


def test_views_stand_in_the_order_of_their_numbers() -> None:
    (claim,) = claims_of([record(view=view) for view in ("scale=10", "scale=2", "flip=horizontal", "clean", "scale=1.5", "scale=-1")])

    assert [one.view for one in claim.records] == ["clean", "flip=horizontal", "scale=-1", "scale=1.5", "scale=2", "scale=10"]


def test_claims_follow_the_order_of_the_properties() -> None:
    found = claims_of([record(audit=audit) for audit in ("zeal.b", "accuracy.top5", "odd.x", "accuracy.top1")], ["zeal", "accuracy"])

    assert [claim.audit for claim in found] == ["zeal.b", "accuracy.top1", "accuracy.top5", "odd.x"]


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


def test_only_shares_of_images_are_shares() -> None:
    assert claims_of([record(method="wilson")])[0].share
    assert not claims_of([record(method="bootstrap")])[0].share


def test_what_is_no_record_is_named() -> None:
    run = sample_run(pictures=False)

    with pytest.raises(ValueError, match="record 1 of the run is not one"):
        records_of(run | {"records": [vars(record()), {"audit": "accuracy.top1"}]})
    with pytest.raises(ValueError, match="verdict 'fine' is none of"):
        records_of(run | {"records": [vars(record()) | {"verdict": "fine"}]})

"""What the report says, and in which order: the answer, what stops it, every claim with its reasons and pictures."""

from __future__ import annotations

import pytest

from reports import numbers
from reports.html import render
from reports.wording import OUTSIDE, SIGNS
from tests.reports.pages import Page, read_page
from tests.reports.sample import BACKBONES, ready_run, sample_run

ONE = sample_run()


@pytest.fixture(scope="module")
def one() -> Page:
    return read_page(render(ONE))


@pytest.fixture(scope="module")
def ready() -> Page:
    return read_page(render(ready_run()))


def test_every_verdict_is_a_word_and_a_sign(one: Page) -> None:
    for verdict, sign in SIGNS.items():
        assert f"{sign} {verdict}" in one.text


def test_the_answer_comes_first(one: Page, ready: Page) -> None:
    not_ready = one.text

    assert "Not ready" in not_ready[:200]
    assert not_ready.index("Not ready") < not_ready.index("What stops it") < not_ready.index("The first answer is right")
    assert "What stops it" not in ready.text
    assert "Ready All 4" in ready.text


def test_a_partial_run_is_no_gate_and_names_what_is_missing() -> None:
    gate = {"state": "not a gate", "sentence": "Not a gate: a partial run (-k).", "missing": ["calibration.ece of a on shapes"]}

    page = read_page(render(ready_run() | {"gate": gate}))

    assert "Not a gate A partial run (-k). Required, but not judged: calibration.ece of a on shapes" in page.text


def test_what_is_missing_is_cut_and_says_so() -> None:
    run = ready_run() | {"gate": ONE["gate"] | {"missing": [f"accuracy.top{number}" for number in range(30)]}}

    assert "accuracy.top11 … and 18 more accuracy.top12" in read_page(render(run)).text


def test_a_claim_of_several_bounds_gives_the_reason_of_each() -> None:
    run = sample_run()
    for record in run["records"]:
        if record["view"] == "translation=100":
            record |= {"bound": 0.17, "verdict": "holds", "reason": "half of the image is gone"}

    text = read_page(render(run)).text.replace(numbers.NO_BREAK, " ")

    assert "≥ 17 % for translation=100: half of the image is gone" in text


def test_backbones_side_by_side_are_shown_on_one_view_and_what_fails_elsewhere_is_named() -> None:
    run = sample_run(BACKBONES[:2])
    run["records"] = [one for one in run["records"] if one["audit"] == "invariance.consistency" and one["view"] in ("blur=1", "hue=0.05")]
    for record in run["records"]:
        fails = (record["view"] == "blur=1") == (record["backbone"] == BACKBONES[0])
        value = 0.7 if fails and record["backbone"] == BACKBONES[0] else 0.8 if fails else 0.95
        record |= {"value": value, "low": value - 0.02, "high": value + 0.02, "verdict": "violated" if fails else "holds"}

    text = read_page(render(run)).text.replace(numbers.NO_BREAK, " ")

    row = text[text.rindex("Side by side") : text.rindex("All claims")]
    assert "invariance.consistency · shapes · blur=1" in row
    assert f"{BACKBONES[0]} 70.0 % 68.0 – 72.0 % ✕ violated" in row
    assert f"{BACKBONES[1]} 95.0 % 93.0 – 97.0 % ✓ holds ✕ violated at hue=0.05" in row


def test_a_picture_carries_the_name_of_its_file() -> None:
    run = sample_run()
    name = "val/n01440764/a_very_long_folder/ILSVRC2012_val_with_a_longer_name_00000293.JPEG"
    run["exhibits"][0]["items"][0]["id"] = name

    page = read_page(render(run))

    assert name in page.values("title")
    assert "…longer_name_00000293.JPEG" in page.text
    assert run["exhibits"][0]["items"][1]["id"] in page.text
    assert "shapes_vit_sup · shapes · clean · 8 of 214" in page.text


def test_answers_that_a_view_changed_are_shown_beside_what_was_said_before(one: Page) -> None:
    item = ONE["exhibits"][1]["items"][0]

    assert "Answers that the view has changed invariance.consistency · shapes_vit_sup · shapes · rotation=20 · 8 of 93" in one.text
    told = f"{item['label']} said {item['label']}, 97.0 %, then {item['said']}, 99.9 %"
    assert told in one.text.replace(numbers.NO_BREAK, " ")


def test_a_score_outside_its_interval_has_a_star_and_a_note() -> None:
    run = sample_run()
    (cooled,) = (record for record in run["records"] if record["method"] == "inverted bins")
    assert OUTSIDE not in read_page(render(run)).text

    cooled["value"] = cooled["high"] + 0.01
    text = read_page(render(run)).text.replace(numbers.NO_BREAK, " ")

    assert "0.00400 – 0.0210*" in text
    assert text.count(f"* {OUTSIDE}") == 2


def test_a_failing_audit_is_one_card_and_says_how_many_more_views_fail(one: Page) -> None:
    verdicts = [record["verdict"] for record in ONE["records"] if record["audit"] == "invariance.resolution"]
    violated, undecided = verdicts.count("violated") - 1, verdicts.count("undecided")

    assert min(violated, undecided) > 0
    assert one.text.count("Does not hold: Accuracy survives a change of resolution") == 1
    assert f"… and {violated + undecided} more views: {violated} violated, {undecided} undecided." in one.text


def test_failures_are_open_and_the_rest_is_closed(one: Page, ready: Page) -> None:
    assert not any("open" in attributes for tag, attributes in ready.tags if tag == "details")
    assert any("open" in attributes for tag, attributes in one.tags if tag == "details")


def test_a_waiver_says_owner_end_and_limit_and_a_needless_one_stops() -> None:
    run = sample_run()
    run["records"][0]["waiver"] = {"now_holds": True, "reason": "now holds: delete the waiver"}
    share = next(record for record in run["records"] if record["verdict"] == "violated" and record["direction"] == "at_least")
    share |= {"verdict": "waived", "waiver": {"owner": "a team", "reason": "soon", "expires": "2027-01-31", "limit": 0.1}}

    text = read_page(render(run)).text

    assert "waived until 31 Jan 2027" in text
    assert "Waived by vision team until 31 Jan 2027, up to 0.09: confidence is recalibrated downstream" in text
    assert "Waived by a team until 31 Jan 2027, down to " in text
    assert "A waiver is no longer needed: The first answer is right often enough" in text
    assert "now holds: delete the waiver. Until it is deleted, it could hide a later violation." in text


def test_every_record_its_provenance_and_what_was_left_out_are_there(one: Page) -> None:
    rows = [record for record in ONE["records"] if record["value"] is not None]

    for record in rows:
        assert f"{record['audit']} {record['dataset']} {record['view']}" in one.text
        assert numbers.score(record["value"], record["method"] in ("wilson", "newcombe", "clopper-pearson")) in " ".join(one.pieces)
    for words in (ONE["provenance"]["command"], "3f9c5a17c0e1", "it needs several labels an image (ReaL)", "images 5000"):
        assert words in one.text
    assert "shapes_vit_sup source embedded shapes_vit_sup weights 3f9c5a17c0e1" in one.text

"""The report as a document: valid, closed to the network, the same each time, and saying what must be said."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports import numbers
from reports.html import render
from reports.record import VERDICTS
from reports.wording import OUTSIDE, SIGNS
from tests.reports.pages import Page, read_page
from tests.reports.sample import BACKBONES, ready_run, sample_run

HOSTILE = "<script>alert(1)</script>\"'&$\\frac{1}{2}$\n\x00</style>|`{{ 7*7 }}"


def hostile_run() -> dict[str, Any]:
    """A run in which every name and text tries to get out of its place."""
    run = sample_run()
    for record in run["records"]:
        for key in ("claim", "backbone", "dataset", "view", "reason", "route", "preprocessing", "method", "precision"):
            record[key] = f"{record[key]}{HOSTILE}"
        record["audit"] += HOSTILE
        record["actual"] = {HOSTILE: HOSTILE}
        if record["waiver"]:
            record["waiver"] = dict.fromkeys(("owner", "reason", "expires"), HOSTILE) | {"limit": 0.5}
        for groups in (record["detail"] or {}).values():
            for group in groups if isinstance(groups, list) else ():
                if "name" in group:
                    group["name"] += HOSTILE
    run["properties"] = {f"{name}{HOSTILE}": HOSTILE for name in run["properties"]}
    run["provenance"] |= {"command": HOSTILE, HOSTILE: {HOSTILE: HOSTILE}}
    run["gate"] |= {"sentence": HOSTILE, "missing": [HOSTILE]}
    run["left_out"] = [dict.fromkeys(("audit", "backbone", "dataset", "reason"), HOSTILE)]
    for exhibit in run["exhibits"]:
        exhibit |= dict.fromkeys(("backbone", "dataset", "view", "title"), HOSTILE)
        for item in exhibit["items"]:
            item |= {"id": HOSTILE, "label": HOSTILE, "said": HOSTILE}
        exhibit["items"][0]["image"] = "https://example.org/pixel.png"
        exhibit["items"][1]["image"] = 'data:image/png;base64,AAAA" onerror="alert(1)'
    return run


RUNS = {
    "one": sample_run(),
    "several": sample_run(BACKBONES[:2], ("shapes", "shapes_shifted")),
    "ready": ready_run(),
    "hostile": hostile_run(),
    "empty": sample_run() | {"records": [], "left_out": [], "exhibits": [], "properties": {}, "provenance": {}},
}


@pytest.fixture(scope="module", params=RUNS)
def document(request: pytest.FixtureRequest) -> str:
    return render(RUNS[request.param])


@pytest.fixture
def page(document: str) -> Page:
    return read_page(document)


@pytest.fixture(scope="module")
def one() -> Page:
    return read_page(render(RUNS["one"]))


@pytest.fixture(scope="module")
def ready() -> Page:
    return read_page(render(RUNS["ready"]))


def test_tags_are_balanced(page: Page) -> None:
    assert page.faults == []
    assert page.open == []


def test_ids_are_unique_and_every_link_leads_somewhere(page: Page) -> None:
    ids = page.ids
    assert len(ids) == len(set(ids))
    links = page.values("href") + [f"#{name}" for name in page.values("aria-labelledby")]
    assert links
    for link in links:
        assert link.startswith("#")
        assert link[1:] in ids


def test_references_within_drawings_lead_somewhere(page: Page) -> None:
    for _, attributes in page.tags:
        for reference in re.findall(r"url\(#([^)]+)\)", " ".join(attributes.values())):
            assert reference in page.ids


def test_nothing_is_fetched_and_nothing_runs(document: str, page: Page) -> None:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert [one["content"] for _, one in page.tags if one.get("http-equiv") == "Content-Security-Policy"] == [policy]
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "iframe", "object", "embed", "link", "form", "base"})
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    style = re.search(r"<style>(.*?)</style>", document, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_same_run_gives_the_same_bytes() -> None:
    written = json.dumps(RUNS["one"])

    assert render(json.loads(written)) == render(json.loads(written))
    assert render(json.loads(written)) == render(RUNS["one"])


def test_hostile_names_are_shown_and_not_obeyed() -> None:
    page = read_page(render(RUNS["hostile"]))

    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "https://example.org/pixel.png" not in page.values("src")


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

    page = read_page(render(RUNS["ready"] | {"gate": gate}))

    assert "Not a gate A partial run (-k). Required, but not judged: calibration.ece of a on shapes" in page.text


def test_what_is_missing_is_cut_and_says_so() -> None:
    run = RUNS["ready"] | {"gate": RUNS["one"]["gate"] | {"missing": [f"accuracy.top{number}" for number in range(30)]}}

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

    row = text[text.index("Side by side", 500) : text.index("All claims", 500)]
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
    item = RUNS["one"]["exhibits"][1]["items"][0]

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
    verdicts = [record["verdict"] for record in RUNS["one"]["records"] if record["audit"] == "invariance.resolution"]
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
    rows = [record for record in RUNS["one"]["records"] if record["value"] is not None]

    for record in rows:
        assert f"{record['audit']} {record['dataset']} {record['view']}" in one.text
        assert numbers.score(record["value"], record["method"] in ("wilson", "clopper-pearson")) in " ".join(one.pieces)
    for words in (RUNS["one"]["provenance"]["command"], "3f9c5a17c0e1", "it needs several labels an image (ReaL)", "images 5000"):
        assert words in one.text


@pytest.mark.slow
def test_four_backbones_stay_below_three_megabytes() -> None:
    datasets = ("imagenet_val", "imagenet_v2", "imagenet_a", "imagenet_r", "imagenet_sketch", "shapes")

    assert len(render(sample_run(BACKBONES)).encode()) < 1_000_000
    assert len(render(sample_run(BACKBONES, datasets)).encode()) < 3_000_000


def test_pictures_stay_within_their_budget() -> None:
    run = RUNS["ready"] | {"exhibits": sample_run(BACKBONES)["exhibits"]}
    for exhibit in run["exhibits"]:
        for item in exhibit["items"]:
            item["image"] = "data:image/png;base64," + "A" * 60_000

    html = render(run)

    assert 0 < html.count("data:image/png") <= 12
    assert len(html.encode()) < 3_000_000
    assert html.count("said ") >= 64


def test_colours_can_be_read() -> None:
    """Text has at least the contrast of WCAG 2.1 AA (4.5 to 1) on paper and on cards, in light and in dark."""
    css = (Path(__file__).resolve().parents[2] / "reports" / "templates" / "report.css").read_text(encoding="utf-8")
    themes = [dict(re.findall(r"--([\w-]+):(#[0-9a-f]+)", block)) for block in re.findall(r":root\{(.*?)\}", css)]

    assert len(themes) == 2
    for theme in themes:
        for name in ("ink", "soft", *VERDICTS):
            for ground in ("paper", "card"):
                assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)


def contrast(one: str, other: str) -> float:
    first, second = sorted((luminance(one), luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) > 4 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_run_that_is_none_says_what_it_lacks() -> None:
    with pytest.raises(ValueError, match="the run has no 'gate', 'exhibits'"):
        render({key: value for key, value in RUNS["one"].items() if key not in ("gate", "exhibits")})


@pytest.mark.parametrize(
    ("module", "absent"), [("reports.record", "matplotlib"), ("reports.__main__", "matplotlib"), ("reports.html", "torch")]
)
def test_imports_stay_light(module: str, absent: str) -> None:
    code = f"import sys, {module}; sys.exit('{absent}' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

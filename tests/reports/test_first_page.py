"""The first page: what fails, what is undecided and how many images would decide it, what has changed, what is waived until when."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from reports.claims import claims_of, records_of
from reports.first_page import lists_of
from reports.html import render
from reports.prose import read_prose
from tests.reports.browser import browse, needs_browser
from tests.reports.pages import read_page
from tests.reports.sample import BACKBONES, ready_run, sample_run

TITLES = ("What fails", "What has changed", "What is undecided", "What is waived")
CHANGE = {"name": "v1", "backbone": BACKBONES[0], "value": 0.92, "change": -0.035, "low": -0.046, "high": -0.024, "margin": 0.01}


def compared(run: dict[str, Any], audit: str = "accuracy.top1", view: str = "clean", **told: Any) -> dict[str, Any]:
    """The run beside a baseline: one score has become something, all others are not worse."""
    for record in run["records"]:
        calm = {**CHANGE, "verdict": "holds", "change": 0.001, "low": -0.004, "high": 0.006}
        record["baseline"] = calm if record["verdict"] not in ("error", "reported") else None
        if (record["audit"], record["view"]) == (audit, view):
            record["baseline"] = {**CHANGE, **told}
    return run


def first_page(run: dict[str, Any]) -> dict[str, str]:
    """What stands under each heading of the first page, folded or not."""
    claims = claims_of(records_of(run), run["properties"])
    names = {claim.property_name for claim in claims}
    titles = {name: read_prose(name, run["properties"].get(name, "")).title for name in names}
    told = {}
    for one in itertools.chain(
        *lists_of(claims, dict(zip(names, names, strict=True)), titles, run.get("baseline"), len(run["gate"]["missing"]))
    ):
        items = (" ".join((*item.chip[1:], item.words, item.told, item.where)) for item in one.items)
        told[one.title] = " ".join((one.lead, *items, one.more)).strip().replace("\N{NO-BREAK SPACE}", " ")
    return told


def test_the_page_begins_with_all_four_and_folds_what_is_more() -> None:
    text = read_page(render(compared(sample_run(), verdict="regressed"))).text
    places = [text.index(title) for title in TITLES]

    assert places == sorted(places)
    assert places[-1] < text.index("What stops it")
    assert "✕ worse The first answer is right often enough" in text[places[1] : places[2]]
    assert re.search(r"… and \d+ more", text[places[0] : places[1]])
    assert "… and" not in text[places[1] : places[2]]


def test_what_fails_is_named_with_its_numbers_and_its_property() -> None:
    told = first_page(sample_run())["What fails"]

    assert re.match(r"\d+ violated, 1 error, in \d+ audits\.", told)
    assert "✕ violated Accuracy survives a change of resolution" in told
    assert re.search(r"\d\d\.\d % \(\d\d\.\d – \d\d\.\d %\), asked: at least 80 % Invariance · shapes, images at 56 of 224 px", told)


def test_what_is_undecided_says_how_many_images_would_decide_it() -> None:
    run = sample_run()
    needed = sorted(record["decides_at"] for record in run["records"] if record["verdict"] == "undecided")
    told = first_page(run)["What is undecided"]

    assert len(needed) > 3
    assert told.startswith(f"{len(needed)} claims: about ")
    assert "images each would decide half of them" in told
    assert re.search(r"about [\d,]+ images would decide it \(5,000 were seen\)", told)


def test_what_no_number_of_images_decides_is_said_to_be_so() -> None:
    run = sample_run()
    for record in run["records"]:
        record["decides_at"] = None

    assert re.match(r"\d+ claims: no number of images would decide them\.", first_page(run)["What is undecided"])


def test_how_more_images_are_measured_is_said() -> None:
    run = sample_run()
    for record in run["records"]:
        record["depth"] = {"limit": 200}

    assert "To see more: leave out --audit-limit" in first_page(run)["What is undecided"]


def test_a_planted_regression_is_named_with_before_after_interval_and_margin() -> None:
    planted = {"verdict": "regressed", "fixes": 5, "breaks": 180, "images": 5000}
    told = first_page(compared(ready_run(), "accuracy.top5", **planted))["What has changed"]

    assert told.startswith("Compared with v1: 1 worse, ")
    assert "✕ worse The right answer is among the first five" in told
    assert "92.0 % → 99.5 %: −3.5 points (−4.6 to −2.4), margin 1 point; 5 mended, 180 broken of 5,000 Accuracy · shapes" in told


def test_what_may_be_worse_says_how_many_images_would_tell() -> None:
    told = first_page(compared(sample_run(), verdict="undecided", change=-0.005, low=-0.015, high=0.005, images=1000))["What has changed"]

    assert "? may be worse The first answer is right often enough" in told
    assert "about 4,000 images would tell" in told


def test_what_was_compared_with_nothing_says_so() -> None:
    assert "Compared with no baseline" in first_page(sample_run())["What has changed"]
    assert "A first release" in first_page(sample_run() | {"baseline": {"name": "", "first": True}})["What has changed"]


def test_a_release_that_is_not_worse_says_nothing_else() -> None:
    told = first_page(compared(ready_run(), audit="none"))["What has changed"]

    assert re.fullmatch(r"Compared with v1: \d+ not worse\.", told)


def test_what_is_waived_says_until_when_by_whom_and_of_how_many() -> None:
    told = first_page(sample_run(BACKBONES))["What is waived"]

    assert told.startswith("4 accepted for now; the first ends 31 Jan 2027. ◷ until 31 Jan 2027 Confidence matches accuracy within every")
    assert "waived by vision team, up to 0.09: confidence is recalibrated downstream" in told
    assert told.endswith("and 3 more, of 4 backbones")


def waive(record: dict[str, Any], owner: str, expires: str, value: float) -> None:
    terms = {"owner": owner, "expires": expires, "limit": 0.5, "reason": f"{owner} knows", "covers": "violated"}
    record |= {"verdict": "waived", "waiver": terms, "value": value, "low": value - 0.01, "high": value + 0.01}


def test_each_waiver_of_an_audit_is_a_line_and_a_needless_one_is_not_counted_as_accepted() -> None:
    run = ready_run()
    first, second, *_ = (record for record in run["records"] if record["audit"] == "invariance.consistency")
    waive(first, "Bob", "2026-12-01", 0.88)
    waive(second, "Cid", "2027-06-01", 0.55)
    run["records"][0]["waiver"] = {"now_holds": True, "reason": "accuracy.top1 now holds: delete the waiver of Ann"}
    told = first_page(run)["What is waived"]

    assert told.startswith("2 accepted for now; the first ends 1 Dec 2026; 1 waiver is no longer needed. ◷ until 1 Dec 2026")
    assert (
        told.index("◷ until 1 Dec 2026")
        < told.index("waived by Bob")
        < told.index("◷ until 1 Jun 2027")
        < told.index("waived by Cid")
        < told.index("✓ holds again")
    )
    assert "55.0 %" in told


def test_of_waivers_that_end_on_one_day_the_worse_violation_is_named_first() -> None:
    run = ready_run()
    top1, top5 = (next(record for record in run["records"] if record["audit"] == audit) for audit in ("accuracy.top1", "accuracy.top5"))
    waive(top1, "Bob", "2026-12-01", 0.84)
    waive(top5, "Cid", "2026-12-01", 0.52)
    told = first_page(run)["What is waived"]

    assert told.index("waived by Cid") < told.index("waived by Bob")


def test_what_fails_says_what_may_be_chance_and_how_far_its_waiver_reaches() -> None:
    run = ready_run()
    waiver = {"owner": "Dee", "expires": "2027-01-01", "limit": 0.41, "reason": "a new camera"}
    violated = {"verdict": "violated", "value": 0.3, "low": 0.28, "high": 0.39, "p_violated": 0.02, "violated_after_holm": False}
    run["records"][0] |= {**violated, "waiver": waiver}
    told = first_page(run)["What fails"]

    assert "; violated on its own (p = 0.02), not after Holm's correction. The waiver of Dee reaches only down to 41 %. Accuracy" in told


def test_what_clears_its_bound_by_less_than_the_noise_says_so() -> None:
    run = ready_run()
    record = next(record for record in run["records"] if record["audit"] == "accuracy.top1")
    within = {"value": record["bound"] + 0.01, "low": record["bound"] + 0.0015, "high": record["bound"] + 0.02, "decides_at": None}
    record |= {**within, "verdict": "undecided", "envelope": 0.005}
    several = json.loads(json.dumps(run))
    several["records"].append({**record, "view": "flip"})

    alone = "no number of images decides it; it clears the bound by less than the numerical noise (0.5 %)"
    assert alone in first_page(run)["What is undecided"]
    assert "them; 2 of them clear the bound by less than the numerical noise" in first_page(several)["What is undecided"]


def test_where_nothing_was_judged_no_sentence_reassures() -> None:
    run = ready_run()
    run["records"] = [record | {"verdict": "reported", "bound": None} for record in run["records"]]
    run["gate"]["missing"] = ["accuracy.top1 on imagenet", "calibration.ece on imagenet"]
    found = first_page(run)

    nothing = "Nothing was judged; 2 required audits are missing (above)."
    assert (found["What fails"], found["What is undecided"]) == (nothing, nothing)
    assert first_page(run | {"records": []})["What fails"] == nothing


def test_a_run_that_a_regression_stops_says_so_where_nothing_else_fails() -> None:
    fails = first_page(compared(ready_run(), "accuracy.top5", verdict="regressed"))["What fails"]
    undecided = first_page(compared(ready_run(), "accuracy.top5", verdict="undecided"))["What is undecided"]

    assert fails == "No bound is violated; 1 score is worse than the baseline's: see What has changed."
    assert undecided.endswith("all that was judged; 1 score may be worse than the baseline's: see What has changed.")


def test_a_run_that_was_stopped_before_its_first_score_is_named_by_its_backbones() -> None:
    run = sample_run(BACKBONES[:2], pictures=False) | {"records": [], "exhibits": []}
    nameless: dict[str, Any] = json.loads(json.dumps(run))
    nameless["provenance"]["backbones"] = {}

    assert f"<h1>{', '.join(BACKBONES[:2])}</h1>" in render(run)
    assert "0 backbones" not in render(nameless)


def test_one_waiver_for_several_backbones_is_one_card() -> None:
    text = read_page(render(sample_run(BACKBONES[:2], pictures=False))).text

    assert text.count("Waived by vision team") == 1
    assert f"Likewise {BACKBONES[1]}." in text


def test_that_nothing_fails_is_said_too() -> None:
    found = first_page(ready_run())

    assert found["What fails"] == "Nothing that was judged is violated."
    assert found["What is undecided"] == "Nothing: these images settle all that was judged."
    assert found["What is waived"] == "Nothing: no violation is accepted for now."


def test_no_margin_is_named_where_there_is_none() -> None:
    run = ready_run()
    run["records"][0]["baseline"] = {"name": "v1", "verdict": "not comparable", "why": "other images"}
    text = read_page(render(run)).text

    assert "then – now" in text
    assert "margin" not in text[text.index("then – now") : text.index("All claims", text.index("then – now"))]


def test_many_regressions_are_folded_after_twelve() -> None:
    run = sample_run()
    for record in run["records"]:
        record["baseline"] = {**CHANGE, "verdict": "regressed"}

    assert f"… and {len(run['records']) - 12} more that stop it" in read_page(render(run)).text


PROBE = """<!doctype html><body style="margin:0"><iframe id="page" src="report.html" style="border:0;width:1280px;height:900px"></iframe>
<script>
onload = () => {
  const page = document.getElementById("page").contentDocument;
  const heads = [...page.querySelectorAll("#answer-title, #first-page h3, #first-page ul, #first-page p")];
  document.title = "bottoms: " + Math.max(...heads.filter(one => !one.closest("details")).map(one => one.getBoundingClientRect().bottom));
};
</script>"""


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("backbones", [1, 4])
def test_the_first_page_is_one_screen(backbones: int, tmp_path: Path) -> None:
    """Everything that is asked first, with a regression and waivers in it, stands above the fold of a laptop's window."""
    run = compared(sample_run(BACKBONES[:backbones]), verdict="regressed", fixes=5, breaks=180, images=5000)
    (tmp_path / "report.html").write_text(render(json.loads(json.dumps(run))), encoding="utf-8")
    (tmp_path / "probe.html").write_text(PROBE, encoding="utf-8")

    page = browse(
        tmp_path / "profile", "--allow-file-access-from-files", "--window-size=1280,900", "--dump-dom", (tmp_path / "probe.html").as_uri()
    )

    found = re.search(r"bottoms: ([\d.]+)", page)
    assert found is not None
    assert float(found[1]) <= 900

"""The verdicts as Markdown."""

from __future__ import annotations

from reports.markdown import render
from reports.record import VERDICTS
from tests.reports.sample import BACKBONES, ready_run, sample_run


def test_the_answer_stands_above_a_table_worst_first() -> None:
    lines = render(sample_run()).splitlines()

    assert lines[0] == "## Not ready"
    rows = [line for line in lines if line.startswith("|")]
    assert all(line.count("|") == 8 for line in rows)
    assert "violated" in rows[2]
    assert "reported" in rows[-1]
    assert all(any(verdict in row for row in rows) for verdict in VERDICTS)


def test_what_stops_it_is_a_sentence() -> None:
    text = render(sample_run())

    assert "images at 56 of 224 px (here 16 px); the policy asks for at least 80" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_it_says_what_the_run_was_compared_with() -> None:
    run = ready_run()
    for record in run["records"]:
        record["baseline"] = {"name": "v1", "verdict": "identical", "value": record["value"], "change": 0.0, "low": 0.0, "high": 0.0}

    assert f"\nCompared with v1: {len(run['records'])} same answers.\n" in render(run)
    assert "Compared with no baseline" in render(ready_run())
    assert "A first release" in render(ready_run() | {"baseline": {"name": "", "first": True}})


def test_a_waiver_is_a_line_with_who_accepts_what_until_when() -> None:
    lines = [line for line in render(sample_run(BACKBONES)).splitlines() if "waived until" in line]

    assert len(lines) == 1
    assert lines[0].startswith("* ◷ **waived until 31 Jan 2027: Confidence matches accuracy within every class** ")
    assert "waived by vision team, up to 0.09: confidence is recalibrated downstream" in lines[0].replace("\N{NO-BREAK SPACE}", " ")


def test_hostile_names_stay_in_their_cell() -> None:
    run = sample_run()
    for record in run["records"]:
        record["backbone"] = "a|b\n<img src=x>[link](http://x)`@team"

    rows = [line for line in render(run).splitlines() if line.startswith("|")]

    assert all(line.replace("\\|", "").count("|") == 8 for line in rows)
    assert "a\\|b \\<img src=x\\>\\[link\\](http://x)\\`\\@team" in rows[2]


def test_long_runs_are_cut_and_say_so() -> None:
    text = render(sample_run(BACKBONES, ("shapes", "shapes_shifted")))

    assert "… and 84 more, none worse than these: see report.html." in text
    assert len(text) < 60_000


def test_what_is_missing_and_what_is_no_longer_needed_is_listed_and_cut() -> None:
    run = sample_run()
    run["gate"]["missing"] = [f"accuracy.top{number}" for number in range(14)]
    run["records"][0]["waiver"] = {"now_holds": True, "reason": "accuracy.top1 now holds: delete the waiver of vision team"}

    text = render(run)

    assert "* missing: accuracy.top9\n* … and 4 more\n" in text
    assert "accuracy.top1 now holds: delete the waiver of vision team" in text

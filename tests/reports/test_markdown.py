"""The verdicts as Markdown."""

from __future__ import annotations

from reports.markdown import render
from reports.record import VERDICTS
from tests.reports.sample import BACKBONES, sample_run


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


def test_hostile_names_stay_in_their_cell() -> None:
    run = sample_run()
    for record in run["records"]:
        record["backbone"] = "a|b\n<img src=x>[link](http://x)`@team"

    rows = [line for line in render(run).splitlines() if line.startswith("|")]

    assert all(line.replace("\\|", "").count("|") == 8 for line in rows)
    assert "a\\|b \\<img src=x\\>\\[link\\](http://x)\\`\\@team" in rows[2]


def test_long_runs_are_cut_and_say_so() -> None:
    text = render(sample_run(BACKBONES, ("shapes", "shapes_shifted")))

    assert "… and 60 more, none worse than these: see report.html." in text
    assert len(text) < 60_000


def test_what_is_missing_and_what_is_no_longer_needed_is_listed_and_cut() -> None:
    run = sample_run()
    run["gate"]["missing"] = [f"accuracy.top{number}" for number in range(14)]
    run["records"][0]["waiver"] = {"now_holds": True, "reason": "accuracy.top1 now holds: delete the waiver of vision team"}

    text = render(run)

    assert "* missing: accuracy.top9\n* … and 4 more\n" in text
    assert "accuracy.top1 now holds: delete the waiver of vision team" in text

"""When a run began: written so that it sorts, read so that people understand it, and the same again where that is asked for."""

from __future__ import annotations

import pytest

from reports import moments
from reports.html import render
from reports.markdown import render as markdown
from tests.reports.pages import read_page
from tests.reports.sample import sample_run

STAMP = "2026-11-22T07:08:44Z"


def test_a_moment_is_universal_time_to_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(moments.REPRODUCED, raising=False)

    assert moments.stamp(1795331324.9) == STAMP
    assert moments.words(STAMP) == moments.words("2026-11-22T09:08:44+02:00") == "22 Nov 2026, 07:08 UTC"


@pytest.mark.parametrize(
    ("asked", "told"), [("0", "1970-01-01T00:00:00Z"), ("", STAMP), ("yesterday", STAMP), ("-1", STAMP), ("9" * 30, STAMP)]
)
def test_bytes_can_be_reproduced(asked: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(moments.REPRODUCED, asked)

    assert moments.stamp(1795331324.9) == told


@pytest.mark.parametrize("begun", [None, 7, "", "last week", "2026-11-22", "2026-11-22T07:08:44", {}])
def test_a_run_that_does_not_say_when_it_began_still_has_a_report(begun: object) -> None:
    run = sample_run()
    run["provenance"]["begun"] = begun

    assert moments.words(begun) == ""
    assert "suite 2026.11 · policy default" in read_page(render(run)).text
    assert "Run of" not in markdown(run)


def test_reports_say_when_the_run_began() -> None:
    run = sample_run()

    assert "22 Nov 2026, 07:08 UTC · suite 2026.11" in read_page(render(run)).text
    assert "\nRun of 22 Nov 2026, 07:08 UTC.\n" in markdown(run)

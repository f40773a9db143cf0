"""What has changed since a baseline, in words: what is counted as what, and in which unit."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.__main__ import main
from reports.compare import compared, load
from reports.html import render
from reports.record import Record, read_run
from reports.since import not_compared, rows
from tests.reports.kept_runs import keep
from tests.reports.pages import read_page

NEW = {f"invariance.new{number}": 50 for number in range(3)}


@pytest.fixture
def later(tmp_path: Path) -> list[Record]:
    """Fourteen scores that moved within their margin, one with the same answers, three that are the first of their kind."""
    then = {f"accuracy.top{number}": 60 for number in range(14)}
    before = keep(tmp_path, "v1", wrong={**then, "invariance.flip": 50})
    after = keep(tmp_path, "v2", wrong={**dict.fromkeys(then, 61), "invariance.flip": 50, **NEW})
    return compared(load(after), load(before, "v1"), first_is_meant=True)


def test_what_is_first_of_its_kind_is_not_said_to_be_not_worse(later: list[Record], tmp_path: Path) -> None:
    shown, others = rows(later)
    run = read_run(tmp_path / "v2" / "run.json")
    run["records"] = [vars(record) for record in later]

    assert len(shown) == 12
    assert others == "3 more are not worse; 3 are the first of their kind."
    assert rows(later, most=14)[1] == "1 more is not worse; 3 are the first of their kind."
    text = read_page(render(run)).text
    assert others in text
    assert "lists all" not in text


def test_a_change_of_a_share_is_told_in_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = keep(tmp_path, "v1"), keep(tmp_path, "v2", wrong={"accuracy.top1": 92, "invariance.flip": 50})

    assert main(["compare", str(before), str(after)]) == 1
    told = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    assert "94.0 % then, 90.8 % now; −3.2 points (−4.4 to −2.1), margin 2 points; 0 mended, 32 broken of 1,000" in told


def test_reasons_why_nothing_is_compared_stand_once(tmp_path: Path) -> None:
    before, after = keep(tmp_path, "v1"), keep(tmp_path, "v2", wrong={"accuracy.top1": 60, **NEW})
    records = compared(load(after), load(before, "v1"))

    assert [(why, len(found)) for why, found in not_compared(records)] == [("v1 has no score of it", 3)]
    assert {row.verdict for row in rows(records, most=0)[0]} == {"not comparable"}

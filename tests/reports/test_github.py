"""What GitHub Actions is told of a run: read back as its runner reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from reports import github
from reports.__main__ import main
from reports.claims import WORST_FIRST
from reports.record import write_run
from tests.reports.sample import BACKBONES, ready_run, sample_run

ROOT = Path(__file__).resolve().parents[2]
REPORT = Path("audit-report/report.html")


def told(run: dict[str, Any], root: Path = ROOT, **environment: str) -> list[tuple[str, dict[str, str], str]]:
    """Level, properties and message of each annotation, taken apart as a runner does: at the first `::`, at commas, at the first `=`."""
    found = []
    for line in github.announce(run, environment, REPORT, root):
        match = re.fullmatch(r"::(error|warning|notice) ([^\r\n]*?)::([^\r\n]*)", line)
        assert match, line
        pairs = (pair.split("=", 1) for pair in match[2].split(","))
        found.append((match[1], {key: unquote(value) for key, value in pairs}, unquote(match[3])))
    return found


def of(run: dict[str, Any], *verdicts: str) -> dict[str, Any]:
    """The run with only records of these verdicts."""
    return run | {"records": [record for record in run["records"] if record["verdict"] in verdicts]}


def test_there_are_at_most_ten_and_the_last_counts_the_others() -> None:
    found = told(sample_run(BACKBONES, ("shapes", "shapes_shifted")))

    assert len(found) == 10
    assert re.fullmatch(r"\d+ more are in the step summary and in audit-report/report\.html: .+ and \d+ more\.", found[-1][2])


def test_what_stops_the_release_comes_first_and_worst_first() -> None:
    found = told(sample_run())
    levels, verdicts = [level for level, _, _ in found], [properties["title"].split(":")[0] for _, properties, _ in found]

    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    assert verdicts == sorted(verdicts, key=WORST_FIRST.index)
    assert {"violated", "error", "undecided", "waived"} == set(verdicts)
    assert found[0][1]["title"] == "violated: invariance.resolution of shapes_vit_sup on shapes"
    assert "the policy asks for at least 80" in found[0][2]


def test_undecided_is_an_error_or_a_warning_as_the_policy_says() -> None:
    run = of(sample_run(), "undecided", "holds")
    run["gate"] |= {"ready": True, "state": "ready", "exit": 0}
    assert {level for level, _, _ in told(run)} == {"error"}
    run["provenance"]["policy"]["undecided"] = "warn"

    assert {level for level, _, _ in told(run)} == {"warning"}


def test_a_waiver_is_a_notice_with_owner_and_end() -> None:
    ((level, properties, message),) = told(of(ready_run(), "waived") | {"records": of(sample_run(), "waived")["records"]})

    assert (level, properties["title"]) == ("notice", "waived: calibration.classwise of shapes_vit_sup on shapes")
    assert "Waived by vision team until 31 Jan 2027: confidence is recalibrated downstream" in message


def test_a_run_in_which_all_holds_says_nothing() -> None:
    assert told(ready_run()) == []


@pytest.mark.parametrize(("red", "level"), [(1, "error"), (0, "warning")])
def test_what_is_no_gate_says_so_however_well_it_went(red: int, level: str) -> None:
    run = ready_run()
    run["gate"] |= {"ready": False, "state": "not a gate", "exit": red, "sentence": "Not a gate: a partial run (-k)."}

    assert told(run) == [(level, {"title": "Not a gate"}, "Not a gate: a partial run (-k).")]


def test_a_red_run_has_an_error_whatever_made_it_red() -> None:
    run = ready_run()
    run["gate"] |= {"ready": False, "state": "not ready", "exit": 1, "sentence": "Not ready: nothing was judged."}
    assert told(run) == [("error", {"title": "Not ready"}, "Not ready: nothing was judged.")]
    run["gate"]["missing"] = ["accuracy.top1 of a on b", "accuracy.top5 of a on b"]
    run["records"][0]["waiver"] = {"now_holds": True, "reason": "now holds: delete the waiver of Ada"}

    missing, stale = told(run)
    assert missing == ("error", {"title": "2 required audits are missing"}, "accuracy.top1 of a on b, accuracy.top5 of a on b.")
    assert (stale[0], stale[2]) == ("error", "now holds: delete the waiver of Ada")


def test_nothing_in_a_name_or_a_reason_ends_an_annotation_or_begins_another() -> None:
    run = of(sample_run(), "error")
    hostile = "50 %0A, a=b\r\n::error title=x::y"
    run["records"][0] |= {"backbone": hostile, "reason": hostile, "nodeid": ""}

    ((_, properties, message),) = told(run)

    assert properties["title"].endswith(f"of {hostile} on shapes")
    assert hostile in message
    assert set(properties) == {"title"}


def test_an_annotation_stands_at_the_audit() -> None:
    run = of(sample_run(), "error")
    run["records"][0]["nodeid"] = "audits/test_invariance.py::test_objects_are_recognised_at_any_size[a-b-blur=2]"
    source = (ROOT / "audits" / "test_invariance.py").read_text().splitlines()

    ((_, properties, _),) = told(run)
    ((_, nested, _),) = told(run, GITHUB_WORKSPACE=str(ROOT.parent))
    ((_, outside, _),) = told(run, GITHUB_WORKSPACE=str(ROOT / "tests"))

    assert properties["file"] == "audits/test_invariance.py"
    assert source[int(properties["line"]) - 1].startswith("def test_objects_are_recognised_at_any_size(")
    assert nested["file"] == f"{ROOT.name}/audits/test_invariance.py"
    assert "file" not in outside


def test_the_summary_is_cut_after_a_whole_row_and_says_where_the_others_are() -> None:
    run = sample_run(BACKBONES, ("shapes", "shapes_shifted"))
    whole = github.step_summary(run, github.SUMMARY_BYTES, "audit-report/report.html")
    cut = github.step_summary(run, 16_000, "audit-report/report.html")
    rows = [line for line in cut.splitlines() if line.startswith("|")]

    assert whole.startswith("## Not ready\n")
    assert "more, none worse" not in whole
    assert len(cut.encode()) <= 16_000
    assert rows == [line for line in whole.splitlines() if line.startswith("|")][: len(rows)]
    left_out = len([line for line in whole.splitlines() if line.startswith("|")]) - len(rows)
    assert cut.endswith(f"… and {left_out} more, none worse than these: see audit-report/report.html.\n")


def test_the_summary_says_what_is_waived_and_what_the_run_was_compared_with() -> None:
    text = github.step_summary(sample_run(), github.SUMMARY_BYTES, "report.html")

    assert text.index("**waived until 31 Jan 2027: ") < text.index("Compared with no baseline") < text.index("| Verdict |")


def test_a_summary_never_grows_beyond_what_a_step_may_write(tmp_path: Path) -> None:
    run, path = sample_run(BACKBONES), tmp_path / "summary.md"
    path.write_text("x" * (github.SUMMARY_BYTES - 12_000))

    assert github.write_summary(run, path, "report.html") == []
    assert github.SUMMARY_BYTES - 5_000 < path.stat().st_size <= github.SUMMARY_BYTES
    path.write_text("x" * (github.SUMMARY_BYTES - 500))
    (warning,) = github.write_summary(run, path, "report.html")
    assert warning.startswith("::warning title=No step summary::")
    assert "no room is left in it" in warning
    assert path.stat().st_size <= github.SUMMARY_BYTES


def test_a_summary_is_added_to_what_others_have_written(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("## Lint\n\nfine")
    github.write_summary(ready_run(), path, "report.html")

    assert path.read_text().startswith("## Lint\n\nfine\n\n## Ready\n")


def test_the_same_is_made_later_from_a_stored_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sample_run()
    write_run(tmp_path / "run.json", run)
    summary = github.step_summary(run, github.SUMMARY_BYTES, str(tmp_path / "report.html"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))

    assert main(["github", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == github.announce(run, {}, tmp_path / "report.html", Path.cwd())
    assert (tmp_path / "step.md").read_text() == summary
    assert main(["github", str(tmp_path), "-o", str(tmp_path / "other.md")]) == 0
    assert (tmp_path / "other.md").read_text() == summary
    assert (tmp_path / "step.md").read_text() == summary


def test_a_summary_that_cannot_be_written_is_a_warning_and_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "run.json", ready_run())
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "nowhere" / "step.md"))

    assert main(["github", str(tmp_path)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::warning title=No step summary::The summary could not be written to")
    assert "No such file or directory" in line

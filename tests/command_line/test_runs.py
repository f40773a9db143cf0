"""A run from its first test to its report: what is written, where, and that it is the same however it was made."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import datetime

import pyarrow.parquet as pq
import pytest

from reports.html import render
from tests.command_line.conftest import FIRST, IMPOSSIBLE, ROOT, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytest_plugins = ["pytester"]

QUICK = ("-k", "first_answer or confidence_matches or everyday")
NAME = "tests.command_line.subjects:tiny"
OTHER = "--backbone=tests.command_line.subjects:other"


@pytest.mark.slow
def test_a_run_leaves_records_report_and_evidence(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    result = audit(TINY, pictures, policy(), "--junit-xml=audit.xml")
    run = run_file(pytester.path)
    records = {(record["audit"], record["view"]): record for record in run["records"]}

    assert result.ret == 0
    result.stdout.fnmatch_lines(["*accuracy.top1*pictures*", "Not a gate: a partial run (--audit-dataset)*", "report: *report.html"])
    assert run["schema_version"] == 1
    assert run["provenance"]["backbones"][NAME]["weights"]
    assert 0 <= time.time() - datetime.fromisoformat(run["provenance"]["begun"]).timestamp() < 3600
    top1 = records["accuracy.top1", "clean"]
    assert (top1["backbone"], top1["dataset"], top1["n"], top1["verdict"], top1["bound"]) == (NAME, "pictures", 48, "holds", 0.0)
    assert top1["low"] <= top1["value"] <= top1["high"]
    assert {"route", "preprocessing", "seconds", "direction", "confidence_level"} <= top1.keys()
    assert records["invariance.consistency", "rotation=10"]["n"] == 24
    assert records["invariance.consistency", "rotation=10"]["actual"]["angle_degrees"] == 10
    assert (records["calibration.nll", "clean"]["verdict"], records["calibration.nll", "clean"]["p_violated"]) == ("reported", None)
    assert (top1["p_violated"], top1["violated_after_holm"]) == (1.0, False)
    judged = [record for record in run["records"] if record["verdict"] != "reported"]
    assert run["budget"] == {"false_red": 0.05, "judged": len(judged), "violated": 0, "violated_after_holm": 0}
    (left_out,) = [one for one in run["left_out"] if one["audit"] == "accuracy.real"]
    assert "needs several labels an image (ReaL)" in left_out["reason"]
    table = pq.read_table(next((pytester.path / "audit-report" / "evidence").rglob("clean.parquet"))).to_pydict()
    assert {"file", "label", "prediction", "confidence", "factor_weather"} <= table.keys()
    assert sum(table["correct"]) / 48 == pytest.approx(top1["value"])
    html = (pytester.path / "audit-report" / "report.html").read_text()
    assert html == render(run), "the same run gives the same bytes"
    cases = list(ElementTree.parse(pytester.path / "audit.xml").iter("testcase"))
    assert not any(case.find("properties") is not None and "audit_record" in ElementTree.tostring(case, "unicode") for case in cases)


@pytest.mark.slow
def test_changing_a_bound_costs_no_forward_pass(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    audit(TINY, pictures, policy(), *QUICK)
    first = run_file(pytester.path)
    result = audit(TINY, pictures, policy(IMPOSSIBLE), *QUICK)
    second = run_file(pytester.path)

    assert first["provenance"]["forward_passes"] > 5
    assert second["provenance"]["forward_passes"] == 0
    assert [record["value"] for record in second["records"]] == [record["value"] for record in first["records"]]
    assert result.ret == 0


@pytest.mark.slow
def test_a_limited_run_never_answers_for_a_full_one(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    audit(TINY, pictures, policy(), "-k", "first_answer", "--audit-limit=24")
    limited = run_file(pytester.path)
    audit(TINY, pictures, policy(), "-k", "first_answer")
    full = run_file(pytester.path)

    assert limited["records"][0]["n"] == 24
    assert not limited["gate"]["ready"]
    assert full["records"][0]["n"] == 48
    assert full["provenance"]["forward_passes"] == 1 + 5  # in other ways of asking, a few of them


@pytest.mark.slow
def test_serial_and_two_workers_give_the_same_records(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    both = (TINY, OTHER, pictures, policy(), *QUICK)
    serial = audit(*both, "--audit-cache=one")
    one = run_file(pytester.path)
    parallel = audit(*both, "--audit-cache=two", "-n", "2")
    two = run_file(pytester.path)

    assert serial.ret == parallel.ret == 0
    assert len(one["records"]) == len(two["records"]) > 20
    for first, second in zip(one["records"], two["records"], strict=True):
        for key in first.keys() - {"seconds"}:
            assert first[key] == (pytest.approx(second[key], abs=1e-6) if isinstance(first[key], float) else second[key]), key
    assert one["exhibits"] == two["exhibits"]
    assert one["ranks"] == two["ranks"]
    first = one["ranks"][0]
    assert (first["audit"], set(first["ranks"]), first["paired"]) == ("accuracy.top1", {NAME, OTHER.partition("=")[2]}, True)
    assert (
        one["provenance"]["backbones"].keys() == two["provenance"]["backbones"].keys() == {record["backbone"] for record in one["records"]}
    )
    assert list(dict.fromkeys(record["audit"] for record in one["records"])) == [
        "accuracy.top1",
        "calibration.ece",
        "invariance.consistency",
        *(f"ranking.{kind}[{group}]" for group in ("accuracy", "calibration", "invariance", "all") for kind in ("z_score", "rank")),
    ]
    assert two["provenance"]["forward_passes"] == one["provenance"]["forward_passes"]
    assert two["provenance"]["processes"] == 2


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_a_plan_says_what_would_run_and_runs_nothing(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str], workers: tuple[str, ...]
) -> None:
    before = audit(TINY, pictures, policy(), *QUICK, "--audit-plan", *workers)
    assert not (pytester.path / "audit-report").exists()
    assert before.ret == 0
    before.stdout.fnmatch_lines(["*passes*images*cached 0*", "*forward passes to do:*", "*disk*", "*time, from a short trial*"])
    audit(TINY, pictures, policy(), *QUICK)

    after = audit(TINY, pictures, policy(), *QUICK, "--audit-plan", *workers)

    after.stdout.fnmatch_lines(["*forward passes to do: 0*"])


@pytest.mark.slow
def test_a_plan_counts_what_is_asked_besides_evidence(audit: Audit) -> None:
    asked = ("--backbone=shapes_convnext_sup", "--audit-dataset=shapes", "--audit-limit=40", "-k", "similarity or efficiency")

    result = audit(*asked, "--audit-plan")

    result.stdout.fnmatch_lines([
        "*shapes_convnext_sup on shapes: 2 passes, 80 images; cached 0; to do 2 passes, 80 images",
        "*of these, to compare layers: 40 images (to do)",
        "*besides these: what an answer takes, tried by at least * images (to do)",
        "*forward passes to do: 2; images to do: 80; *",
    ])  # fmt: skip


@pytest.mark.slow
def test_a_lost_worker_is_not_green(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    result = audit("--backbone=tests.command_line.subjects:crashing", TINY, pictures, policy(), "-k", "first", "-n", "2")

    assert result.ret != 0
    assert not json.loads((pytester.path / "audit-report" / "run.json").read_text())["gate"]["ready"]


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_evidence_in_the_report_is_that_of_its_own_run(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str], workers: tuple[str, ...]
) -> None:
    evidence = pytester.path / "audit-report" / "evidence"
    audit(TINY, OTHER, pictures, policy(), *FIRST, *workers)
    (evidence / "notes.txt").write_text("somebody's own")
    assert len(list(evidence.rglob("*.parquet"))) == 2
    audit(OTHER, pictures, policy(), *FIRST, *workers)

    (left,) = evidence.rglob("*.parquet")
    assert "other" in str(left)
    assert {path.name for path in evidence.iterdir()} == {left.parts[-3], "notes.txt"}


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_only_listing_tests_leaves_the_last_report_alone(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str], workers: tuple[str, ...]
) -> None:
    audit(TINY, pictures, policy(), *FIRST)
    files = {path: path.read_bytes() for path in (pytester.path / "audit-report").rglob("*") if path.is_file()}
    result = audit(TINY, pictures, policy(), *FIRST, "--collect-only", *workers)

    assert result.ret == 0
    assert {path: path.read_bytes() for path in (pytester.path / "audit-report").rglob("*") if path.is_file()} == files


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_paths_of_the_ini_file_are_relative_to_it(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str], workers: tuple[str, ...]
) -> None:
    policy()
    (pytester.path / "settings").mkdir()
    (pytester.path / "gate.toml").rename(pytester.path / "settings" / "gate.toml")
    (pytester.path / "settings" / "pytest.ini").write_text(
        "[pytest]\naudit_policy = gate.toml\naudit_report = left\naudit_cache = ../kept\n"
    )
    audit("-c", "settings/pytest.ini", f"--rootdir={ROOT}", TINY, pictures, *FIRST, *workers)

    assert (pytester.path / "settings" / "left" / "run.json").is_file()
    assert (pytester.path / "kept" / "evidence").is_dir()


@pytest.mark.slow
def test_a_run_needs_no_terminal_plugin(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    assert audit(TINY, pictures, policy(), *FIRST, "-p", "no:terminal").ret == 0
    assert run_file(pytester.path)["records"]

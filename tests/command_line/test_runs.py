"""A run from its first test to its report: what is written, what is said, with which exit status."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.command_line.conftest import SERIAL_AND_WORKERS, TINY, Audit, run_file

pytest_plugins = ["pytester"]

QUICK = ("-k", "first_answer or confidence_matches or everyday")
NAME = "tests.command_line.subjects:tiny"
IMPOSSIBLE = '[bounds."accuracy.top5"]\nbound = 0.999\nreason = "more than a random network can"\n'


def test_a_run_leaves_records_report_and_evidence(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str]
) -> None:
    result = audit(TINY, pictures, policy(), "--junit-xml=audit.xml")
    run = run_file(pytester.path)
    records = {(record["audit"], record["view"]): record for record in run["records"]}

    assert result.ret == 0
    result.stdout.fnmatch_lines(["*accuracy.top1*pictures*", "Not a gate: a partial run (--audit-dataset)*", "report: *report.html"])
    assert run["schema_version"] == 1
    assert run["provenance"]["backbones"][NAME]["weights"]
    top1 = records["accuracy.top1", "clean"]
    assert (top1["backbone"], top1["dataset"], top1["n"], top1["verdict"], top1["bound"]) == (NAME, "pictures", 48, "holds", 0.0)
    assert top1["low"] <= top1["value"] <= top1["high"]
    assert {"route", "preprocessing", "seconds", "direction", "confidence_level"} <= top1.keys()
    assert records["invariance.consistency", "rotation=10"]["n"] == 24
    assert records["invariance.consistency", "rotation=10"]["actual"]["angle_degrees"] == 10
    assert records["calibration.nll", "clean"]["verdict"] == "reported"
    (left_out,) = [one for one in run["left_out"] if one["audit"] == "accuracy.real"]
    assert "needs real labels" in left_out["reason"]
    table = pq.read_table(next((pytester.path / "audit-report" / "evidence").rglob("clean.parquet"))).to_pydict()
    assert {"file", "label", "prediction", "confidence", "factor_weather"} <= table.keys()
    assert sum(table["correct"]) / 48 == pytest.approx(top1["value"])
    html = (pytester.path / "audit-report" / "report.html").read_text()
    assert "default-src 'none'" in html
    cases = list(ElementTree.parse(pytester.path / "audit.xml").iter("testcase"))
    assert not any(case.find("properties") is not None and "audit_record" in ElementTree.tostring(case, "unicode") for case in cases)


def test_a_violated_claim_is_red_and_says_why(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str]) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE), "-k", "first", "--junit-xml=audit.xml")
    failures = [failure.get("message") or "" for failure in ElementTree.parse(pytester.path / "audit.xml").iter("failure")]

    assert result.ret == 1
    result.stdout.fnmatch_lines(["*accuracy.top5 = 0.* must be at least 0.999: violated [[]*pictures, clean]*"])
    assert len(failures) == 1
    assert "must be at least 0.999: violated" in failures[0]
    assert "def test_" not in result.stdout.str()


def test_changing_a_bound_costs_no_forward_pass(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str]
) -> None:
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
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str]
) -> None:
    audit(TINY, pictures, policy(), "-k", "first_answer", "--audit-limit=24")
    limited = run_file(pytester.path)
    audit(TINY, pictures, policy(), "-k", "first_answer")
    full = run_file(pytester.path)

    assert limited["records"][0]["n"] == 24
    assert not limited["gate"]["ready"]
    assert full["records"][0]["n"] == 48
    assert full["provenance"]["forward_passes"] == 1


@pytest.mark.slow
def test_serial_and_two_workers_give_the_same_records(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str]
) -> None:
    both = (TINY, "--backbone=tests.command_line.subjects:other", pictures, policy(), *QUICK)
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
    assert two["provenance"]["forward_passes"] == one["provenance"]["forward_passes"]
    assert two["provenance"]["processes"] == 2


@SERIAL_AND_WORKERS
def test_no_numbers_for_an_answer_is_an_error_of_every_case(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str], workers: tuple[str, ...]
) -> None:
    result = audit("--backbone=tests.command_line.subjects:broken", pictures, policy(), "-k", "first", "--junit-xml=audit.xml", *workers)
    run = run_file(pytester.path)

    assert result.ret == 1
    assert {record["verdict"] for record in run["records"]} == {"error"}
    assert all("NaN or infinity for" in record["reason"] and ".png" in record["reason"] for record in run["records"])
    assert len(list(ElementTree.parse(pytester.path / "audit.xml").iter("error"))) == 2
    assert not list(ElementTree.parse(pytester.path / "audit.xml").iter("failure"))


@SERIAL_AND_WORKERS
def test_images_that_cannot_be_read_are_all_named_before_any_forward_pass(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str], workers: tuple[str, ...]
) -> None:
    for name in ("03.png", "40.png"):
        file = pytester.path / "pictures" / name
        Image.effect_noise((90, 90), 60).save(file)
        file.write_bytes(file.read_bytes()[:3000])
    result = audit(TINY, pictures, policy(), "-k", "first", *workers)
    run = run_file(pytester.path)

    assert result.ret == 1
    assert run["provenance"]["forward_passes"] == 0
    assert all(record["verdict"] == "error" and "03.png" in record["reason"] and "40.png" in record["reason"] for record in run["records"])


REQUIRED = '[[required]]\naudits = ["accuracy.*", "calibration.ece"]\ndatasets = ["pictures"]\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ((), 0, ""),
        (("-k", "first_answer"), 1, "required, not judged: calibration.ece"),
        (("-k", "first_answer", "--audit-partial"), 0, "Not a gate"),
    ],
    ids=["all", "left out", "meant"],
)
def test_leaving_out_something_required_is_not_green(
    audit: Audit, pictures: str, policy: Callable[[str], str], more: tuple[str, ...], status: int, words: str
) -> None:
    result = audit(TINY, pictures, policy(REQUIRED), *(more or ("-k", "first_answer or confidence_matches")))

    assert result.ret == status
    assert words in result.stdout.str()


@pytest.mark.slow
def test_collecting_one_file_leaves_the_others_out(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str]
) -> None:
    from tests.command_line.conftest import ROOT

    policy(REQUIRED)
    result = pytester.runpytest_subprocess(
        "-c",
        ROOT / "pyproject.toml",
        ROOT / "audits" / "test_accuracy.py",
        TINY,
        pictures,
        "--audit-policy=gate.toml",
        "-p",
        "no:cacheprovider",
    )

    assert result.ret == 1
    assert "required, not judged: calibration.ece" in result.stdout.str()


@pytest.mark.slow
def test_nothing_judged_is_not_green(audit: Audit, pytester: pytest.Pytester, pictures: str) -> None:
    (pytester.path / "empty.toml").write_text("")
    result = audit(TINY, pictures, "--audit-policy=empty.toml", "-k", "first")

    assert result.ret == 1
    assert "nothing was judged" in result.stdout.str()
    assert {record["verdict"] for record in run_file(pytester.path)["records"]} == {"reported"}


WAIVER = '[[waivers]]\naudit = "accuracy.top5"\nbackbone = "*"\nowner = "Ada"\nreason = "known"\nexpires = 2999-01-01\nlimit = {}\n'


@SERIAL_AND_WORKERS
def test_a_waiver_covers_a_violation(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.01)), "-k", "first", *workers)
    (record,) = [record for record in run_file(pytester.path)["records"] if record["audit"] == "accuracy.top5"]

    assert result.ret == 0
    assert record["verdict"] == "waived"
    assert record["waiver"]["owner"] == "Ada"


@pytest.mark.slow
def test_a_waiver_does_not_help_beyond_its_limit(audit: Audit, pictures: str, policy: Callable[[str], str]) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.99)), "-k", "first")

    assert result.ret == 1
    result.stdout.fnmatch_lines(["*the waiver of Ada reaches only to 0.990*"])


@pytest.mark.slow
def test_a_waiver_that_is_not_needed_must_go(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str]) -> None:
    easy = IMPOSSIBLE.replace("0.999", "0.0")
    result = audit(TINY, pictures, policy(easy + WAIVER.format(0.0)), "-k", "first")

    assert result.ret == 1
    assert "now holds: delete the waiver of Ada" in result.stdout.str()
    assert not run_file(pytester.path)["gate"]["ready"]


@pytest.mark.slow
def test_an_undecided_claim_may_only_warn(audit: Audit, pictures: str, policy: Callable[[str], str]) -> None:
    across = IMPOSSIBLE.replace("0.999", "0.42")

    assert audit(TINY, pictures, policy(across), "-k", "first").ret == 1
    assert audit(TINY, pictures, policy('undecided = "warn"\n' + across), "-k", "first").ret == 0


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_a_plan_says_what_would_run_and_runs_nothing(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str], workers: tuple[str, ...]
) -> None:
    before = audit(TINY, pictures, policy(), *QUICK, "--audit-plan", *workers)
    assert not (pytester.path / "audit-report").exists()
    assert before.ret == 0
    before.stdout.fnmatch_lines(["*passes*images*cached 0*", "*forward passes to do:*", "*disk*", "*time, from a short trial*"])
    audit(TINY, pictures, policy(), *QUICK)

    after = audit(TINY, pictures, policy(), *QUICK, "--audit-plan", *workers)

    after.stdout.fnmatch_lines(["*forward passes to do: 0*"])


@pytest.mark.slow
def test_a_lost_worker_is_not_green(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str]) -> None:
    result = audit("--backbone=tests.command_line.subjects:crashing", TINY, pictures, policy(), "-k", "first", "-n", "2")

    assert result.ret != 0
    assert not json.loads((pytester.path / "audit-report" / "run.json").read_text())["gate"]["ready"]

"""A run against an earlier one: what is the same passes, what is worse stops, and what cannot be compared is not green."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line.conftest import ROOT, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

ACCURACY = ("-k", "first", "--audit-partial")
HOLDS = '[bounds."accuracy.top5"]\nbound = 0.0\nreason = "always holds"\n'
OTHER = TINY.replace(":tiny", ":other")
V1 = "--audit-baseline=v1"


@pytest.fixture
def first(audit: Audit, policy: Callable[[str], str], pictures: str) -> tuple[str, str]:
    """What a run is put to, the first of which was kept as v1."""
    asked = (policy(HOLDS), pictures)
    result = audit(TINY, *asked, *ACCURACY, "--audit-save=v1")

    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["kept for later runs: *audit-baselines/v1 (--audit-baseline=v1)*"])
    return asked


def since(folder: Path) -> dict[str, str]:
    return {record["audit"]: (record["baseline"] or {}).get("verdict") for record in run_file(folder)["records"]}


@SERIAL_AND_WORKERS
def test_the_same_backbone_has_not_changed(
    audit: Audit, pytester: pytest.Pytester, first: tuple[str, str], workers: tuple[str, ...]
) -> None:
    result = audit(TINY, *first, *ACCURACY, V1, *workers)

    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(["Compared with v1: 2 same answers."])
    assert since(pytester.path) == {"accuracy.top1": "identical", "accuracy.top5": "identical"}
    assert "Since the baseline" in (pytester.path / "audit-report" / "report.html").read_text()


def test_a_worse_backbone_is_stopped_though_every_bound_holds(audit: Audit, pytester: pytest.Pytester, first: tuple[str, str]) -> None:
    result = audit(OTHER, *first, *ACCURACY, V1)
    record = run_file(pytester.path)["records"][1]

    assert result.ret == 1
    assert {one["verdict"] for one in run_file(pytester.path)["records"]} == {"holds"}
    assert set(since(pytester.path).values()) <= {"regressed", "undecided"}
    assert record["baseline"]["breaks"] > 0
    assert record["baseline"]["flips"] == record["baseline"]["breaks"] / 48
    assert "worse than the baseline's" in run_file(pytester.path)["gate"]["sentence"]


def test_a_margin_of_the_command_line_allows_more(audit: Audit, pytester: pytest.Pytester, first: tuple[str, str]) -> None:
    result = audit(OTHER, *first, *ACCURACY, V1, "--audit-margin=1")

    assert result.ret == 0, result.stdout.str()
    assert set(since(pytester.path).values()) == {"holds"}
    assert {record["margin"] for record in run_file(pytester.path)["records"]} == {1.0}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"preprocessing": "999 px"}, "another preprocessing: now 32 px"),
        ({"version": 7}, "another version of the audit: now 1, then 7"),
        ({"label_space": "letters 00000000"}, "another classes: now shapes"),
    ],
)
def test_what_cannot_be_compared_is_not_green(
    audit: Audit, pytester: pytest.Pytester, first: tuple[str, str], changed: dict[str, object], words: str
) -> None:
    file = pytester.path / "audit-baselines" / "v1" / "run.json"
    run = json.loads(file.read_text())
    run["records"] = [record | changed for record in run["records"]]
    file.write_text(json.dumps(run))

    result = audit(TINY, *first, *ACCURACY, V1)

    assert result.ret == 1
    assert set(since(pytester.path).values()) == {"not comparable"}
    assert words in result.stdout.str()


def test_other_images_cannot_be_compared(audit: Audit, pytester: pytest.Pytester, first: tuple[str, str]) -> None:
    shutil.copyfile(pytester.path / "pictures" / "00.png", pytester.path / "pictures" / "01.png")
    result = audit(TINY, *first, *ACCURACY, V1)

    assert result.ret == 1
    assert set(since(pytester.path).values()) == {"not comparable"}
    assert "another images (digest)" in result.stdout.str()


def test_a_score_without_an_earlier_one_passes_only_if_that_is_meant(
    audit: Audit, pytester: pytest.Pytester, policy: Callable[[str], str], pictures: str
) -> None:
    audit(TINY, policy(HOLDS), pictures, "-k", "test_first_answer", "--audit-partial", "--audit-save=v1")
    refused, meant = (audit(TINY, policy(HOLDS), pictures, *ACCURACY, V1, *more) for more in ((), ("--audit-first",)))

    assert (refused.ret, meant.ret) == (1, 0)
    assert since(pytester.path) == {"accuracy.top1": "identical", "accuracy.top5": "first"}
    assert run_file(pytester.path)["baseline"] == {"name": "v1", "first": True}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--audit-baseline=v2",), "*no run named 'v2' in *audit-baselines (it has v1)*"),
        (("--audit-save=v1",), "*--audit-save: *v1 is there already*"),
        (("--audit-save=a/b",), "*--audit-save: got 'a/b', wanted a name without slashes*"),
        (("--audit-margin=much",), "*--audit-margin: got much, wanted a number of at least 0*"),
    ],
)
def test_a_baseline_that_is_none_is_refused(audit: Audit, first: tuple[str, str], options: tuple[str, ...], words: str) -> None:
    result = audit(TINY, *first, *ACCURACY, *options)

    assert result.ret == 4
    result.stderr.fnmatch_lines([words])


def test_without_what_was_kept_a_run_is_no_baseline(audit: Audit, pytester: pytest.Pytester, first: tuple[str, str]) -> None:
    (pytester.path / "audit-baselines" / "v1" / "kept.npz").unlink()
    result = audit(TINY, *first, *ACCURACY, V1)

    assert result.ret == 4
    result.stderr.fnmatch_lines(["*v1 cannot be compared with: *kept.npz is not there*"])


def test_a_policy_may_require_a_baseline(audit: Audit, policy: Callable[[str], str], pictures: str) -> None:
    asked = (policy('undecided = "fail"\nbaseline = "required"\n' + HOLDS), pictures, *ACCURACY)
    refused, meant = audit(TINY, *asked), audit(TINY, *asked, "--audit-first")

    assert (refused.ret, meant.ret) == (4, 0)
    refused.stderr.fnmatch_lines(['*requires a baseline (baseline = "required"), and none is given: --audit-baseline=RUN*--audit-first*'])


def test_stored_runs_are_compared_without_torch(audit: Audit, pytester: pytest.Pytester, first: tuple[str, str]) -> None:
    audit(OTHER, *first, *ACCURACY, "--audit-save=v2")
    folder = pytester.path / "audit-baselines"
    told = {}
    for name, (earlier, later, *more) in {
        "same": ("v1", "v1"), "worse": ("v1", "v2", "--margin=0.001"), "allowed": ("v1", "v2", "--margin=1"),
    }.items():  # fmt: skip
        command = [sys.executable, "-X", "importtime", "-m", "reports", "compare", str(folder / earlier), str(folder / later), *more]
        told[name] = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert told["same"].returncode == told["allowed"].returncode == 0
    assert "2 same answers" in told["same"].stdout
    assert told["worse"].returncode in (1, 2)
    assert "worse" in told["worse"].stdout
    assert " torch" not in told["worse"].stderr

"""A gate is tried: everything that was broken must turn red, what did not is named, and nothing of a real run is touched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line.conftest import FIRST, ROOT, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

SABOTAGES = (
    "shuffled_labels", "wrong_normalisation", "swapped_channels", "noisy_weights", "frozen_output", "wrong_temperature", "texture_only",
)  # fmt: skip
NAME = "tests.command_line.subjects:tiny"
TRY = "--audit-sabotage"


def told(folder: Path) -> dict[str, Any]:
    """The sabotage.json that a trial has left below a folder."""
    return json.loads((folder / "audit-report" / "sabotage.json").read_text())


@SERIAL_AND_WORKERS
def test_bounds_that_anything_keeps_are_found_out(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str], workers: tuple[str, ...]
) -> None:
    result = audit(TINY, pictures, policy(), TRY, *workers)
    trial = told(pytester.path)
    frozen = next(one for one in trial["sabotages"] if one["sabotage"] == "frozen_output")

    assert result.ret == 1
    assert (trial["caught"], trial["gate"], trial["images"]) == (False, False, 500)
    assert [one["sabotage"] for one in trial["sabotages"]] == list(SABOTAGES)
    assert not any(one["caught"] or one["turned_red"] for one in trial["sabotages"])
    assert (frozen["expected"], frozen["control"]) == (["accuracy.top1"], {"accuracy.top1": "holds"})
    assert frozen["why"][0].startswith("accuracy.top1: did not turn red: ")
    assert frozen["not_put"] == {"accuracy.top5": "the policy gate has no bound for it on pictures"}
    result.stdout.fnmatch_lines(
        [
            "*NO *frozen_output*accuracy.top1*0 of 1*holds",
            "*accuracy.top5: the policy gate has no bound*",
            "Not caught: 7 of 7 sabotages (7 did not *). Not a gate.",
        ]
    )
    result.stdout.fnmatch_lines(["*accuracy.top1 did not notice that every image has the label of another one: *"])


def test_a_bound_that_the_backbone_does_not_keep_catches_nothing(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    """Everything is red, and so is the control."""
    strict = '[bounds."accuracy.top1"]\nbound = 1.0\nreason = "more than a random network can"\n'
    result = audit(TINY, pictures, policy(base=strict), TRY)
    trial = told(pytester.path)

    assert result.ret == 1
    assert {verdict for one in trial["sabotages"] for verdict in one["control"].values()} == {"violated"}
    assert not any(one["caught"] for one in trial["sabotages"])
    result.stdout.fnmatch_lines(["*the backbone as it is must hold, or red means nothing: *"])


def test_a_policy_that_judges_nothing_is_not_green(audit: Audit, pytester: pytest.Pytester, pictures: str) -> None:
    (pytester.path / "empty.toml").write_text("")
    result = audit(TINY, pictures, "--audit-policy=empty.toml", TRY)

    assert result.ret == 1
    assert not told(pytester.path)["caught"]
    assert all("none of the audits that are named" in one["why"][0] for one in told(pytester.path)["sabotages"])


def test_the_evidence_and_the_report_of_a_real_run_stay_as_they_are(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    def files(folder: str) -> dict[Path, tuple[int, bytes]]:
        found = [path for path in (pytester.path / folder).rglob("*") if path.is_file() and path.suffix != ".lock"]
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in found if path.name != "sabotage.json"}

    audit(TINY, pictures, policy(), *FIRST)
    report, evidence, run = files("audit-report"), files("cache/backbone-audits/evidence"), run_file(pytester.path)
    audit(TINY, pictures, policy(), TRY)
    tried = files("cache/backbone-audits/evidence")

    assert files("audit-report") == report
    assert {path: tried[path] for path in evidence} == evidence
    assert len(tried) > len(evidence) > 0
    audit(TINY, pictures, policy(), *FIRST)
    again = run_file(pytester.path)
    assert again["provenance"]["forward_passes"] == 0
    assert [one["value"] for one in again["records"]] == [one["value"] for one in run["records"]]
    assert {one["backbone"] for one in again["records"]} == {NAME}


def test_a_real_run_after_a_trial_is_that_of_the_sound_backbone(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    audit(TINY, pictures, policy(), TRY)
    audit(TINY, pictures, policy(), *FIRST)
    after = run_file(pytester.path)
    audit(TINY, pictures, policy(), *FIRST, "--audit-cache=fresh")

    assert [one["value"] for one in after["records"]] == [one["value"] for one in run_file(pytester.path)["records"]]


@SERIAL_AND_WORKERS
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--audit-limit=50",), "--audit-limit contradicts it"),
        (("--audit-partial",), "--audit-partial contradicts it"),
        (("--audit-search-passes=3",), "--audit-search-passes contradicts it"),
        (("-k", "accuracy.top1"), "-k contradicts it"),
        (("--deselect", "audits/test_accuracy.py"), "--deselect contradicts it"),
    ],
)
def test_what_contradicts_a_trial_is_refused(audit: Audit, arguments: tuple[str, ...], words: str, workers: tuple[str, ...]) -> None:
    result = audit(TINY, TRY, *arguments, *workers)
    text = result.stdout.str() + result.stderr.str()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert words in text
    assert "INTERNALERROR" not in text
    assert len([line for line in text.splitlines() if line.strip()]) <= 2


def test_a_part_of_the_audits_tries_no_gate(pytester: pytest.Pytester, audit: Audit) -> None:
    file = ROOT / "audits" / "test_accuracy.py"
    result = pytester.runpytest_subprocess("-c", ROOT / "pyproject.toml", file, TINY, TRY)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "test_accuracy.py contradicts it" in result.stderr.str()


def test_a_trial_can_be_planned(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    result = audit(TINY, pictures, policy(), TRY, "--audit-plan")

    assert result.ret == 0
    result.stdout.fnmatch_lines([f"*{NAME}+frozen_output on pictures: 1 passes, 48 images*"])
    assert not (pytester.path / "audit-report").exists()


def test_a_trial_that_ends_early_leaves_no_answer_of_an_earlier_one(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    (pytester.path / "audit-report").mkdir()
    (pytester.path / "audit-report" / "sabotage.json").write_text('{"caught": true}')
    result = audit("--backbone=tests.command_line.subjects:crashing", pictures, policy(), TRY)

    assert result.ret != 0
    assert not (pytester.path / "audit-report" / "sabotage.json").exists()


@pytest.mark.parametrize(
    ("name", "workers"), [("shapes_convnext_sup", ()), ("shapes_vit_clip", ("-n", "2"))], ids=["convnext-serial", "vit-workers"]
)
def test_the_shipped_gate_notices_everything_within_five_minutes(
    audit: Audit, pytester: pytest.Pytester, name: str, workers: tuple[str, ...]
) -> None:
    begun = time.monotonic()
    result = audit(f"--backbone={name}", TRY, *workers)
    trial = told(pytester.path)

    assert result.ret == 0
    assert trial["caught"]
    assert [one["sabotage"] for one in trial["sabotages"]] == list(SABOTAGES)
    for one in trial["sabotages"]:
        assert one["caught"]
        assert one["expected"] == one["turned_red"]
        assert one["not_put"] == {}
        assert set(one["control"].values()) == {"holds"}
        assert {case["verdict"] for case in one["cases"] if "+" in case["backbone"]} == {"violated"}
    assert time.monotonic() - begun < 300
    result.stdout.fnmatch_lines(["Caught: all 7 sabotages. Not a gate: *"])
    assert not (pytester.path / "audit-report" / "run.json").exists()


def test_a_worker_that_dies_catches_nothing(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    result = audit("--backbone=tests.command_line.subjects:crashing", pictures, policy(), TRY, "-n", "2")

    assert result.ret != 0
    assert not any(one["caught"] for one in told(pytester.path)["sabotages"])

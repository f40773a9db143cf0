"""What an unattended run leaves for those who look at it afterwards: annotations and a summary on GitHub, JUnit for any service."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line.conftest import ACROSS, FIRST, IMPOSSIBLE, ROOT, SERIAL_AND_WORKERS, TINY, Audit

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

WAIVER = '[[waivers]]\naudit = "accuracy.top5"\ndataset = "pictures"\nowner = "Ada"\nreason = "known"\nexpires = 2999-01-01\nlimit = {}\n'


@pytest.fixture
def summary(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a step's summary, in an environment as GitHub Actions sets it."""
    path = pytester.path / "step_summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(ROOT))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def commands(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if line.startswith(("::error ", "::warning ", "::notice "))]


def first_five(path: Path) -> list[ElementTree.Element]:
    """What a JUnit file says of the case of `accuracy.top5`."""
    name = "test_right_answer_is_among_the_first_five["
    (case,) = [case for case in ElementTree.parse(path).iter("testcase") if str(case.get("name")).startswith(name)]
    return list(case)


@SERIAL_AND_WORKERS
def test_a_red_run_is_annotated_and_summed_up(
    audit: Audit, summary: Path, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE), *FIRST, *workers)
    whole, claim = commands(result)

    assert result.ret == 1
    assert whole.startswith("::error title=Not a gate::Not a gate: a partial run")
    assert claim.startswith("::error file=audits/test_accuracy.py,line=")
    assert ",title=violated%3A accuracy.top5 of tests.command_line.subjects%3Atiny on pictures::" in claim
    assert "the policy asks for at least 99.9\N{NO-BREAK SPACE}%25." in claim
    assert summary.read_text().startswith("## Not a gate\n")
    assert "| ✕ violated | accuracy.top5 |" in summary.read_text()


def test_a_waived_violation_is_a_notice(audit: Audit, summary: Path, pictures: str, policy: Callable[[str], str]) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.01)), *FIRST)
    whole, claim = commands(result)

    assert result.ret == 0
    assert whole.startswith("::warning title=Not a gate::")
    assert claim.startswith("::notice file=audits/test_accuracy.py,line=")
    assert claim.endswith("Waived by Ada until 1 Jan 2999: known")


def test_a_summary_that_cannot_be_written_changes_no_exit_status(
    audit: Audit, summary: Path, pictures: str, policy: Callable[[], str]
) -> None:
    summary.mkdir()
    result = audit(TINY, pictures, policy(), *FIRST)

    assert result.ret == 0
    assert commands(result)[-1].startswith("::warning title=No step summary::The summary could not be written to")
    assert "Is a directory" in commands(result)[-1]


def test_elsewhere_nothing_is_annotated(
    audit: Audit, summary: Path, pictures: str, policy: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    result = audit(TINY, pictures, policy(IMPOSSIBLE), *FIRST)

    assert commands(result) == []
    assert not summary.exists()


@pytest.mark.parametrize(("bound", "verdict"), [(IMPOSSIBLE, "violated"), (ACROSS, "undecided")])
def test_in_junit_a_failure_is_its_sentence(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], bound: str, verdict: str
) -> None:
    audit(TINY, pictures, policy(bound), *FIRST, "--junit-xml=audit.xml")
    (child,) = first_five(pytester.path / "audit.xml")

    assert child.tag == "failure"
    assert str(child.get("message")).startswith("accuracy.top5 = 0.")
    assert f": {verdict} [" in str(child.get("message"))


@SERIAL_AND_WORKERS
def test_in_junit_what_is_waived_is_skipped_and_says_how_bad_it_is(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.01)), *FIRST, "--junit-xml=audit.xml", *workers)
    (child,) = first_five(pytester.path / "audit.xml")

    assert (child.tag, child.get("type")) == ("skipped", "pytest.xfail")
    assert str(child.get("message")).startswith("accuracy.top5 = 0.")
    assert str(child.get("message")).endswith("pictures, clean]; waived by Ada until 2999-01-01: known")

"""An accepted violation: as long as it is needed and inside its limit it stops nothing, and no option of pytest changes what it means."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.command_line.conftest import ACROSS, FIRST, IMPOSSIBLE, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

WAIVER = '[[waivers]]\naudit = "accuracy.top5"\ndataset = "pictures"\nowner = "Ada"\nreason = "known"\nexpires = 2999-01-01\nlimit = {}\n'


@SERIAL_AND_WORKERS
def test_a_waiver_covers_a_violation(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.01)), *FIRST, *workers)
    (record,) = [record for record in run_file(pytester.path)["records"] if record["audit"] == "accuracy.top5"]

    assert result.ret == 0
    assert record["verdict"] == "waived"
    assert record["waiver"]["owner"] == "Ada"
    result.stdout.fnmatch_lines(["*1 passed*1 xfailed*"])


def test_a_waiver_does_not_help_beyond_its_limit(audit: Audit, pictures: str, policy: Callable[[str], str]) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.99)), *FIRST)

    assert result.ret == 1
    result.stdout.fnmatch_lines(["*the waiver of Ada reaches only down to 0.990*"])


@SERIAL_AND_WORKERS
@pytest.mark.parametrize("option", [(), ("--runxfail",)], ids=["", "runxfail"])
def test_a_waiver_that_is_not_needed_must_go(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], option: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    easy = IMPOSSIBLE.replace("0.999", "0.0")
    result = audit(TINY, pictures, policy(easy + WAIVER.format(0.0)), *FIRST, *option, *workers)
    run = run_file(pytester.path)

    assert result.ret == 1
    assert "accuracy.top5 on pictures now holds: delete the waiver of Ada (known; until 2999-01-01)" in result.stdout.str()
    assert "1 waiver is no longer needed" in run["gate"]["sentence"]
    assert not run["gate"]["ready"]


def test_a_waiver_of_what_is_undecided_is_not_called_needless(audit: Audit, pictures: str, policy: Callable[[str], str]) -> None:
    result = audit(TINY, pictures, policy('undecided = "warn"\n' + ACROSS + WAIVER.format(0.0)), *FIRST)

    assert result.ret == 0
    assert "now holds" not in result.stdout.str()


def test_what_is_waived_is_waived_with_every_option_of_pytest(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str]
) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.01)), *FIRST, "--runxfail", "-rx", "--junit-xml=audit.xml")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["XFAIL *waived by Ada until 2999-01-01: known*"])
    assert "waived by Ada" in (pytester.path / "audit.xml").read_text()


VIEWS = '[[bounds."invariance.consistency".only]]\nview = "{}"\nbound = 0.999\n'
CONSISTENT = WAIVER.replace("accuracy.top5", "invariance.consistency").format(0.0)
NEEDLESS = "invariance.consistency on pictures now holds: delete the waiver of Ada"


def everyday(audit: Audit, pictures: str, policy: Callable[[str], str], bounds: str, *more: str) -> pytest.RunResult:
    """The everyday changes, of which the waiver covers all."""
    return audit(TINY, pictures, policy(bounds + CONSISTENT), "-k", "test_everyday_changes", *more)


@SERIAL_AND_WORKERS
def test_a_waiver_is_needed_as_long_as_one_of_its_views_needs_it(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    result = everyday(audit, pictures, policy, VIEWS.format("rotation=10"), *workers)
    counts = run_file(pytester.path)["gate"]["counts"]

    assert result.ret == 0, result.stdout.str()
    assert counts["waived"] == 1
    assert counts["holds"] > 5
    assert "now holds" not in result.stdout.str()


@SERIAL_AND_WORKERS
def test_a_waiver_that_none_of_its_views_needs_is_told_once(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    result = everyday(audit, pictures, policy, "", *workers)
    run = run_file(pytester.path)

    assert result.ret == 1
    assert result.stdout.str().count(NEEDLESS) == 1
    assert "1 waiver is no longer needed" in run["gate"]["sentence"]
    assert len([record for record in run["records"] if record["waiver"]]) == 1
    assert "delete the waiver of Ada" in (pytester.path / "audit-report" / "report.html").read_text()


@pytest.mark.parametrize(("chosen", "dataset"), [("flip", "pictures"), ("test_everyday_changes", "*")])
def test_a_run_of_a_part_of_what_is_waived_calls_no_waiver_needless(
    audit: Audit, pictures: str, policy: Callable[[str], str], chosen: str, dataset: str
) -> None:
    """Views left out by `-k`, or the datasets of the backbone's entry by `--audit-dataset`, may still need it."""
    result = audit(TINY, pictures, policy(CONSISTENT.replace("pictures", dataset)), "-k", chosen)

    assert result.ret == 0, result.stdout.str()
    assert "now holds" not in result.stdout.str()

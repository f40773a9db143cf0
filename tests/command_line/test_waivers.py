"""An accepted violation: as long as it is needed and inside its limit it stops nothing, and no option of pytest changes what it means."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.command_line.conftest import ACROSS, FIRST, IMPOSSIBLE, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytest_plugins = ["pytester"]

WAIVER = '[[waivers]]\naudit = "accuracy.top5"\nbackbone = "*"\nowner = "Ada"\nreason = "known"\nexpires = 2999-01-01\nlimit = {}\n'


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


@pytest.mark.slow
def test_a_waiver_does_not_help_beyond_its_limit(audit: Audit, pictures: str, policy: Callable[[str], str]) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.99)), *FIRST)

    assert result.ret == 1
    result.stdout.fnmatch_lines(["*the waiver of Ada reaches only to 0.990*"])


@pytest.mark.slow
@SERIAL_AND_WORKERS
@pytest.mark.parametrize("option", [(), ("--runxfail",)], ids=["", "runxfail"])
def test_a_waiver_that_is_not_needed_must_go(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], option: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    easy = IMPOSSIBLE.replace("0.999", "0.0")
    result = audit(TINY, pictures, policy(easy + WAIVER.format(0.0)), *FIRST, *option, *workers)
    run = run_file(pytester.path)

    assert result.ret == 1
    assert "accuracy.top5 now holds: delete the waiver of Ada (known; until 2999-01-01)" in result.stdout.str()
    assert "1 waiver is no longer needed" in run["gate"]["sentence"]
    assert not run["gate"]["ready"]


@pytest.mark.slow
def test_a_waiver_of_what_is_undecided_is_not_called_needless(audit: Audit, pictures: str, policy: Callable[[str], str]) -> None:
    result = audit(TINY, pictures, policy('undecided = "warn"\n' + ACROSS + WAIVER.format(0.0)), *FIRST)

    assert result.ret == 0
    assert "now holds" not in result.stdout.str()


@pytest.mark.slow
def test_what_is_waived_is_waived_with_every_option_of_pytest(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str]
) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE + WAIVER.format(0.01)), *FIRST, "--runxfail", "-rx", "--junit-xml=audit.xml")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["XFAIL *waived by Ada until 2999-01-01: known*"])
    assert "waived by Ada" in (pytester.path / "audit.xml").read_text()

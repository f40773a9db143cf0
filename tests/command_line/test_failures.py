"""How a case that did not go well is shown: what is the backbone's as FAILED, what is ours or the images' as ERROR, in one sentence."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from PIL import Image

from tests.command_line.conftest import ACROSS, FIRST, IMPOSSIBLE, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest cuts the lines of its short summary to the width of the terminal."""
    monkeypatch.setenv("COLUMNS", "400")


@SERIAL_AND_WORKERS
def test_a_violated_claim_is_red_and_says_why(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    result = audit(TINY, pictures, policy(IMPOSSIBLE), *FIRST, "--junit-xml=audit.xml", *workers)
    failures = [failure.get("message") or "" for failure in ElementTree.parse(pytester.path / "audit.xml").iter("failure")]

    assert result.ret == 1
    result.stdout.fnmatch_lines(["accuracy.top5 = 0.* must be at least 0.999: violated [[]*pictures, clean]*"])
    result.stdout.fnmatch_lines(["FAILED *pictures[]] - accuracy.top5 = 0.* must be at least 0.999: violated [[]*pictures, clean]*"])
    assert len(failures) == 1
    assert "must be at least 0.999: violated" in failures[0]
    assert "def test_" not in result.stdout.str()


@SERIAL_AND_WORKERS
def test_no_numbers_for_an_answer_is_an_error_of_every_case(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str], workers: tuple[str, ...]
) -> None:
    result = audit("--backbone=tests.command_line.subjects:broken", pictures, policy(), *FIRST, "--junit-xml=audit.xml", *workers)
    run = run_file(pytester.path)

    assert result.ret == 1
    assert {record["verdict"] for record in run["records"]} == {"error"}
    assert all("NaN or infinity for" in record["reason"] and ".png" in record["reason"] for record in run["records"])
    assert len(list(ElementTree.parse(pytester.path / "audit.xml").iter("error"))) == 2
    assert not list(ElementTree.parse(pytester.path / "audit.xml").iter("failure"))
    result.stdout.fnmatch_lines(["ERROR *pictures[]] - *NaN or infinity for*.png*"])
    assert "fixtures/" not in result.stdout.str()  # no traceback through the inside of the suite


@SERIAL_AND_WORKERS
def test_images_that_cannot_be_read_are_all_named_before_any_forward_pass(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[], str], workers: tuple[str, ...]
) -> None:
    for name in ("03.png", "40.png"):
        file = pytester.path / "pictures" / name
        Image.effect_noise((90, 90), 60).save(file)
        file.write_bytes(file.read_bytes()[:3000])
    result = audit(TINY, pictures, policy(), *FIRST, *workers)
    run = run_file(pytester.path)

    assert result.ret == 1
    assert run["provenance"]["forward_passes"] == 0
    assert all(record["verdict"] == "error" and "03.png" in record["reason"] and "40.png" in record["reason"] for record in run["records"])


@SERIAL_AND_WORKERS
def test_an_undecided_claim_may_only_warn_and_is_named(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    assert audit(TINY, pictures, policy(ACROSS), *FIRST, *workers).ret == 1
    result = audit(TINY, pictures, policy('undecided = "warn"\n' + ACROSS), *FIRST, *workers)

    assert result.ret == 0
    result.stdout.fnmatch_lines(["*UndecidedWarning: accuracy.top5 = 0.* must be at least 0.420: undecided [[]*pictures, clean]*"])
    result.stdout.fnmatch_lines(["Not a gate: *; 1 claim is undecided (accuracy.top5 of * on pictures)."])
    assert "1 claim is undecided (accuracy.top5 of" in (pytester.path / "audit-report" / "report.html").read_text()

"""No verdict is finer than what the way of asking alone may move, in a run with a backbone that minds who is beside an image."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.command_line.conftest import TINY, Audit, run_file

pytest_plugins = ["pytester"]

LONELY = TINY.replace(":tiny", ":lonely")  # every answer is another one where an image comes alone
BOUND = '[bounds."{}"]\nbound = {}\nreason = "between the two"\n'
BOUNDS = BOUND.format("accuracy.top5", 0.1) + BOUND.format("determinism.batch_size", 0.5)


def test_a_claim_within_the_envelope_is_undecided_and_one_beyond_is_decided(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    result = audit(TINY, LONELY, pictures, policy(BOUNDS), "-k", "among_the_first_five or on_the_batch")
    run = run_file(pytester.path)
    found = {(record["backbone"].rpartition(":")[2], record["audit"]): record for record in run["records"]}
    page = (pytester.path / "audit-report" / "report.html").read_text()

    steady, moving = found["tiny", "accuracy.top5"], found["lonely", "accuracy.top5"]
    assert (steady["value"], steady["low"]) == (moving["value"], moving["low"])
    assert steady["low"] > 0.1
    assert (steady["verdict"], moving["verdict"]) == ("holds", "undecided")
    assert steady["envelope"] < 0.1
    assert (moving["envelope"], moving["decides_at"]) == (1.0, None)
    assert found["lonely", "determinism.batch_size"]["verdict"] == "violated"
    assert found["lonely", "determinism.batch_size"]["envelope"] is None  # it is what is judged there
    assert run["provenance"]["numerical_noise"]["tests.command_line.subjects:lonely"]["batch size"]["flipped"] == 1.0
    assert "1 instead of 32 images" in page
    assert "less than the numerical noise of this machine" in page
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*clears the bound by less than the same images asked in another way may move it (1.000)*"])

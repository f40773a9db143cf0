"""What a run shows of a claim that does not hold: the images themselves."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.command_line.conftest import POLICY, TINY, Audit, run_file

pytest_plugins = ["pytester"]

STRICT = '[bounds."invariance.consistency"]\nbound = 0.999\nreason = "more than a random network can"\n'


def pixels(image: str) -> np.ndarray:
    """The picture of a data URI, float."""
    with Image.open(io.BytesIO(base64.b64decode(image.partition(",")[2]))) as picture:
        return np.asarray(picture, dtype=float)


def assert_each_shows_a_change(items: list[Any], least: float) -> None:
    """Of the answer, and of the picture by more than so many levels of 255 on average."""
    for item in items:
        assert item["said"] != item["before"]["said"]
        before, after = pixels(item["before"]["image"]), pixels(item["image"])
        assert before.shape == after.shape
        assert np.abs(before - after).mean() > least


def test_changed_answers_are_shown_for_the_view_on_which_consistency_fails_most(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    audit(TINY, pictures, policy(base=STRICT), "-k", "everyday and (brightness or rotation)")

    run = run_file(pytester.path)
    failing = [record for record in run["records"] if record["verdict"] == "violated"]
    worst = min(failing, key=lambda record: record["value"])
    (shown,) = (exhibit for exhibit in run["exhibits"] if exhibit.get("audit") == "invariance.consistency")
    assert len(failing) > 1
    assert (shown["view"], shown["of"]) == (worst["view"], round((1 - worst["value"]) * worst["n"]))
    assert len(shown["items"]) == min(8, shown["of"])
    assert_each_shows_a_change(shown["items"], least=5)
    html = (pytester.path / "audit-report" / "report.html").read_text()
    assert "Answers that the view has changed" in html


@pytest.mark.slow
def test_a_claim_that_holds_shows_no_pictures(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    audit(TINY, pictures, policy(), "-k", "everyday and brightness")

    assert [exhibit.get("audit") for exhibit in run_file(pytester.path)["exhibits"]] == [None]


@pytest.mark.slow
def test_the_mildest_change_that_alters_answers_is_shown_in_words_and_in_pictures(
    audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]
) -> None:
    strict = POLICY.replace("search_passes = 2\n", "search_passes = 2\nsearch_consistency = 0.8\n")
    audit(TINY, pictures, policy(base=strict), "-k", "no_mild_change and rotation")

    run = run_file(pytester.path)
    (record,) = run["records"]
    (shown,) = (exhibit for exhibit in run["exhibits"] if exhibit.get("audit") == record["audit"])
    said = record["detail"]["said"]
    assert record["audit"] == "invariance.radius[rotation]"
    assert record["depth"]["search_consistency"] == 0.8
    assert re.fullmatch(r"mildest failure: turned [\d.]+° (counter-)?clockwise", said)
    assert shown["title"] == f"Mildest{said.removeprefix('mildest')}"
    assert shown["view"].startswith("rotation=")
    assert shown["of"] > 0.2 * record["n"]  # the first severity at which fewer than four in five answers stayed
    assert len(shown["items"]) == min(4, shown["of"])
    assert_each_shows_a_change(shown["items"], least=1)
    html = (pytester.path / "audit-report" / "report.html").read_text()
    assert f"<b>{shown['title']}</b>" in html

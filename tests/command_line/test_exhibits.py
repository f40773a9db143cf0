"""What a run shows of a claim that does not hold: the images themselves."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.command_line.conftest import TINY, Audit, run_file

pytest_plugins = ["pytester"]

STRICT = '[bounds."invariance.consistency"]\nbound = 0.999\nreason = "more than a random network can"\n'


def pixels(image: str) -> np.ndarray:
    """The picture of a data URI, float."""
    with Image.open(io.BytesIO(base64.b64decode(image.partition(",")[2]))) as picture:
        return np.asarray(picture, dtype=float)


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
    for item in shown["items"]:
        assert item["said"] != item["before"]["said"]
        before, after = pixels(item["before"]["image"]), pixels(item["image"])
        assert before.shape == after.shape
        assert np.abs(before - after).mean() > 5
    html = (pytester.path / "audit-report" / "report.html").read_text()
    assert "Answers that the view has changed" in html


@pytest.mark.slow
def test_a_claim_that_holds_shows_no_pictures(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    audit(TINY, pictures, policy(), "-k", "everyday and brightness")

    assert [exhibit.get("audit") for exhibit in run_file(pytester.path)["exhibits"]] == [None]

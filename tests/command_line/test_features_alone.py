"""A backbone that gives features and nothing else is audited for what they give: what they find, and what is learned from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.command_line.conftest import Audit, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

HEADLESS = "tests.command_line.subjects:headless"
COLOURS = {"red": (220, 30, 30), "blue": (30, 30, 220)}
POLICY = """
undecided = "warn"
[bounds."retrieval.map"]
bound = 0.6
reason = "two colours are told by any network"
[bounds."transfer.open_domain"]
bound = 0.6
reason = "so are they in any domain"
"""


def paint(folder: Path, number: int, seed: int) -> None:
    """Pictures of two colours, a class each."""
    draw = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for index in range(number):
            pixels = np.clip(np.array(colour) + draw.normal(0, 20, (40, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")


@pytest.fixture
def datasets(pytester: pytest.Pytester) -> tuple[str, str]:
    """Images that are searched, and a domain to learn from with two others to be right in."""
    for seed, place in enumerate(("things", "domains/photo", "domains/sketch", "domains/painting")):
        paint(pytester.path / place, 15, seed)
    (pytester.path / "own.toml").write_text(
        '[things]\nlayout = "folders"\nroot = "things"\ngallery = "."\nqueries = "."\n'
        '[domains]\nlayout = "folders"\nroot = "domains"\nsource_domain = "photo"\n'
        'splits = { train = "photo", test = "sketch|painting" }\n'
    )
    (pytester.path / "gate.toml").write_text(POLICY)
    return "--audit-dataset=own.toml:things", "--audit-dataset=own.toml:domains"


def test_what_features_find_and_teach_is_judged_and_reported(audit: Audit, pytester: pytest.Pytester, datasets: tuple[str, str]) -> None:
    result = audit(f"--backbone={HEADLESS}", *datasets, "--audit-policy=gate.toml", "--audit-partial")
    records = {record["audit"]: record for record in run_file(pytester.path)["records"]}

    assert result.ret == 0
    assert {key: records[key]["verdict"] for key in ("retrieval.map", "transfer.open_domain")} == {
        "retrieval.map": "holds", "transfer.open_domain": "holds",
    }  # fmt: skip
    assert {key.partition(".")[0] for key in records} == {"retrieval", "transfer"}
    assert records["transfer.open_domain"]["route"].startswith("probe, 30 train images")
    assert records["retrieval.map"]["route"] == "frozen pooled features, no class scores"
    assert (pytester.path / "audit-report" / "report.html").is_file()


def test_the_plan_says_which_train_images_are_learned_from(audit: Audit, datasets: tuple[str, str]) -> None:
    result = audit(f"--backbone={HEADLESS}", *datasets, "--audit-policy=gate.toml", "--audit-plan")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["*to fit on: features of 30 images of the train split (to do)*"])

"""What a gate is for: a release that lost three points of one property is stopped and explained, one that did not is let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.__main__ import main
from tests.command_line.conftest import Audit, run_file
from tests.reports.pages import read_page

pytest_plugins = ["pytester"]

ASKED = ("-k", "off_centre and not (75 or 100)", "--audit-partial")
CLAIM = "Objects are recognised when the camera has moved to the side"
RELEASE = """
[{name}]
library = "factory"
model = "tests.command_line.releases:release"
model_args = {{ {changed} }}
label_space = "shapes"
"""


def written(folder: Path, name: str, changed: str) -> str:
    (folder / f"{name}.toml").write_text(RELEASE.format(name=name, changed=changed))
    return f"--backbone={name}.toml"


@pytest.mark.slow
def test_three_points_less_are_caught_and_explained_and_a_sound_release_is_let_through(
    audit: Audit, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pytester.path
    first = audit("--backbone=shapes_convnext_sup", *ASKED, "--audit-save=v1")
    sound = audit(written(folder, "sound", "noise = 0.002"), *ASKED, "--audit-baseline=v1", "--audit-save=v2")
    worse = audit(written(folder, "worse", "blind_per_thousand = 42"), *ASKED, "--audit-baseline=v1", "--audit-save=v3")

    assert (first.ret, sound.ret, worse.ret) == (0, 0, 1), worse.stdout.str()
    sound.stdout.fnmatch_lines(["Compared with v1: 3 not worse*"])
    records = {record["view"]: record for record in run_file(folder)["records"]}
    lost = {view: record["baseline"]["change"] for view, record in records.items()}
    verdicts = {view: record["baseline"]["verdict"] for view, record in records.items()}
    assert {record["verdict"] for record in records.values()} == {"holds"}  # no bound would have told
    assert lost["translation=5"] == pytest.approx(-0.03, abs=0.006)
    assert (verdicts["translation=0"], verdicts["translation=5"]) == ("identical", "regressed")

    html = (folder / "audit-report" / "report.html").read_text()
    first_page = read_page(html.partition('id="claims"')[0]).text
    assert "2 scores are worse than the baseline's" in first_page
    assert f"{CLAIM} invariance.translation · shapes · images moved by 5 of 224 px (here 1 px) ✕ worse" in first_page
    assert main(["history", str(folder / "audit-baselines")]) == 0
    assert "worse" in capsys.readouterr().out

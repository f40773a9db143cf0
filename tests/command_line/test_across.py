"""What several backbones, or the parts of a dataset, say together is in the run file, whether one process measured or several."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from audits.ranking import ranked
from fixtures.views.corruptions import CORRUPTIONS
from reports.claims import records_of
from tests.command_line.conftest import ROOT, SERIAL_AND_WORKERS, Audit, run_file
from tests.datasets.pictures import class_folders
from tests.selections import HEAD

pytest_plugins = ["pytester"]
BACKBONES = ("shapes_convnext_sup", "shapes_convnext_clip", "shapes_vit_sup")


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_each_two_backbones_are_compared_and_all_of_them_ranked(audit: Audit, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    named = [f"--backbone={name}" for name in BACKBONES]

    result = audit(*named, "--audit-limit=40", "--audit-dataset=shapes", "--audit-partial", "-k", "similarity", *workers)

    run = run_file(pytester.path)
    records = run["records"]
    own = {record["backbone"] for record in records if record["audit"] == "similarity.cka"}
    between = [record for record in records if record["audit"].startswith("similarity.cka_between[")]
    pairs = [(record["backbone"], record["audit"].partition("[")[2].removesuffix("]")) for record in between]
    assert own == set(BACKBONES)
    assert sorted(pairs) == sorted(combinations(BACKBONES, 2))
    assert all(record["verdict"] == "reported" and 0 < record["value"] < 1 for record in between)

    told = [record for record in records if record["audit"].startswith("ranking.")]
    kept = (pytester.path / "audit-report" / "kept.npz").read_bytes()
    again = ranked(records_of(run), [kept], BACKBONES, {})
    assert told == [json.loads(record.to_json()) for record in again]  # from what this process or its workers kept
    assert [record["backbone"] for record in told if record["audit"] == "ranking.rank[similarity]"] == list(BACKBONES)
    assert all(record["verdict"] == "reported" and record["detail"]["backbones"] == 3 for record in told)
    assert run["gate"]["counts"]["reported"] == len(records) - len(told)
    result.stdout.fnmatch_lines(["Ranking, mean z over similarity: *rank 1*rank *rank *"])


@pytest.mark.slow
@pytest.mark.usefixtures("audit")  # for its surroundings
def test_what_cases_say_together_stands_for_no_case_that_was_not_run(pytester: pytest.Pytester) -> None:
    named = [f"--backbone={name}" for name in BACKBONES]
    left_out = f"--deselect=audits/test_similarity.py::test_no_layer_repeats_the_one_before[{BACKBONES[2]}-shapes]"

    pytester.runpytest_subprocess(
        "-c", ROOT / "pyproject.toml", ROOT / "audits" / "test_similarity.py", *named, "--audit-limit=40", "--audit-dataset=shapes",
        left_out, timeout=300,
    )  # fmt: skip

    run = run_file(pytester.path)
    assert len(run["records"]) == len(BACKBONES)
    assert "2 of 3 cases were run" in run["gate"]["sentence"]


@pytest.fixture
def corrupted(audit: Audit, pytester: pytest.Pytester, policy: Callable[[str], str]) -> Callable[..., tuple[pytest.RunResult, list[Any]]]:
    """Asks about the fifteen published corruptions at severity 3, four images each; answers what was said of all of them together."""
    for name, corruption in CORRUPTIONS.items():
        if not corruption.extra:
            class_folders(pytester.path / "data" / "imagenet_c" / name / "3", {"n01440764": 2, "n02123045": 2})
    (pytester.path / "headed.toml").write_text(HEAD + "input_size = 64\n")

    def run(dataset: str, *more: str) -> tuple[pytest.RunResult, list[Any]]:
        result = audit(
            "--backbone=headed.toml", "--audit-data=data", f"--audit-dataset={dataset}", policy(SHIFT), "-k", "surroundings",
            "--audit-partial", *more,
        )  # fmt: skip
        return result, [record for record in run_file(pytester.path)["records"] if record["audit"] == "robustness.mce"]

    return run


SHIFT = '[bounds."robustness.shift"]\nbound = 0.0\nreason = "always holds"\n'


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_corruptions_on_disk_make_one_mean_corruption_error(
    corrupted: Callable[..., tuple[pytest.RunResult, list[Any]]], workers: tuple[str, ...]
) -> None:
    result, (record,) = corrupted("imagenet_c", *workers)

    assert (result.ret, record["verdict"]) == (0, "reported")
    assert (record["dataset"], record["backbone"], record["n"]) == ("imagenet_c", "headed", 4)
    detail, ratios = record["detail"], record["detail"]["ratios"]
    assert (ratios["to"], detail["saved_as_jpeg"], detail["severities"]) == ("alexnet", True, [3])
    assert record["value"] == pytest.approx(sum(one["value"] for one in ratios["values"]) / 15)
    assert "on the published ImageNet-C files, which were saved as JPEG; these images were read from files, at severity 3" in detail["said"]


@pytest.mark.slow
def test_a_mean_over_some_corruptions_is_none(corrupted: Callable[..., tuple[pytest.RunResult, list[Any]]]) -> None:
    result, found = corrupted("imagenet_c/fog")

    assert (result.ret, found) == (0, [])


@pytest.mark.slow
def test_parts_that_show_other_images_are_an_error_and_nothing_is_lost(
    corrupted: Callable[..., tuple[pytest.RunResult, list[Any]]], pytester: pytest.Pytester
) -> None:
    (wrong,) = list((pytester.path / "data" / "imagenet_c" / "snow" / "3" / "n01440764").iterdir())[:1]
    wrong.rename(wrong.with_name("renamed" + wrong.suffix))

    result, (record,) = corrupted("imagenet_c")

    assert (result.ret, record["verdict"]) == (1, "error")
    assert "imagenet_c/snow/3: got 4 images, wanted the 4 of imagenet_c/" in record["reason"]
    assert sum(one["verdict"] == "holds" for one in run_file(pytester.path)["records"]) == 15

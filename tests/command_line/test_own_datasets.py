"""The images that a backbone's own table names are audited, required and waived by name, like those of the catalogue."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.command_line.conftest import FIRST, IMPOSSIBLE, SERIAL_AND_WORKERS, Audit, run_file

pytest_plugins = ["pytester"]

BACKBONE = '[mine]\nlibrary = "factory"\nmodel = "tests.command_line.subjects:tiny"\nlabel_space = "shapes"\ndatasets = ["{}"]\n'
REQUIRED = '[[required]]\naudits = ["accuracy.top*"]\ndatasets = ["{}"]\n'
WAIVER = '[[waivers]]\naudit = "accuracy.top5"\ndataset = "pictures"\nowner = "Ada"\nreason = "known"\nexpires = 2999-01-01\nlimit = 0.01\n'


def written(pytester: pytest.Pytester, dataset: str) -> str:
    """A backbone's file in a folder beside that of the dataset's."""
    (pytester.path / "models").mkdir()
    (pytester.path / "models" / "mine.toml").write_text(BACKBONE.format(dataset))
    return "--backbone=models/mine.toml"


@pytest.mark.slow
@SERIAL_AND_WORKERS
@pytest.mark.parametrize("rule", ["pictures", pytest.param("*", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("pictures")
def test_a_dataset_of_the_backbones_own_table_is_audited_required_and_waived(
    audit: Audit, pytester: pytest.Pytester, policy: Callable[[str], str], rule: str, workers: tuple[str, ...]
) -> None:
    backbone = written(pytester, "../pictures.toml")
    result = audit(backbone, policy(IMPOSSIBLE + REQUIRED.format(rule) + WAIVER), *FIRST, *workers)
    run = run_file(pytester.path)

    assert result.ret == 0, result.stdout.str()
    assert {record["audit"]: record["verdict"] for record in run["records"]} == {"accuracy.top1": "holds", "accuracy.top5": "waived"}
    assert {record["dataset"] for record in run["records"]} == {"pictures"}
    assert run["gate"]["missing"] == []


@SERIAL_AND_WORKERS
@pytest.mark.usefixtures("pictures")
def test_a_wrong_path_in_the_backbones_own_table_is_one_line(
    audit: Audit, pytester: pytest.Pytester, policy: Callable[[str], str], workers: tuple[str, ...]
) -> None:
    result = audit(written(pytester, "pictures.toml"), policy(REQUIRED.format("pictures")), *FIRST, *workers)
    text = result.stdout.str() + result.stderr.str()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"models/mine.toml [mine]: datasets: no file {pytester.path}/models/pictures.toml" in text
    assert "Traceback" not in text
    assert len([line for line in text.splitlines() if line.strip()]) <= 2

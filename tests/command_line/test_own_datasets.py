"""The images that a backbone's own table names are audited, required and waived by name, like those of the catalogue."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.views.corruptions import CORRUPTIONS
from tests.command_line.conftest import FIRST, IMPOSSIBLE, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

BACKBONE = '[mine]\nlibrary = "factory"\nmodel = "tests.command_line.subjects:tiny"\nlabel_space = "shapes"\ndatasets = ["{}"]\n'
REQUIRED = '[[required]]\naudits = ["accuracy.top*"]\ndatasets = ["{}"]\n'
WAIVER = '[[waivers]]\naudit = "accuracy.top5"\ndataset = "pictures"\nowner = "Ada"\nreason = "known"\nexpires = 2999-01-01\nlimit = 0.01\n'


def written(pytester: pytest.Pytester, dataset: str) -> str:
    """A backbone's file in a folder beside that of the dataset's."""
    (pytester.path / "models").mkdir()
    (pytester.path / "models" / "mine.toml").write_text(BACKBONE.format(dataset))
    return "--backbone=models/mine.toml"


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
def test_every_condition_of_a_dataset_is_a_case_of_its_own(
    audit: Audit, pytester: pytest.Pytester, policy: Callable[[str], str], pictures: str, workers: tuple[str, ...]
) -> None:
    table = pytester.path / "pictures.toml"
    table.write_text(table.read_text() + 'conditions = { wet = "weather=rain", dry = "weather=sun" }\n')
    required = '[[required]]\naudits = ["mistakes.*"]\ndatasets = ["pictures"]\n'
    bounds = '[bounds."mistakes.error_ratio[wet]"]\nbound = 2.1\nreason = "half of the images are wet: never more"\n'
    result = audit(TINY, pictures, policy(bounds + required), "-k", "mistakes", "--audit-partial", *workers)
    run = run_file(pytester.path)

    assert result.ret == 0, result.stdout.str()
    assert {record["audit"]: record["verdict"] for record in run["records"]} == {
        "mistakes.error_ratio[wet]": "holds",
        "mistakes.error_ratio[dry]": "reported",
    }
    assert sum(record["value"] for record in run["records"]) == pytest.approx(2)
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


@SERIAL_AND_WORKERS
def test_mistakes_under_all_corruptions_are_counted_in_those_of_a_reference(
    audit: Audit, pytester: pytest.Pytester, policy: Callable[[str], str], pictures: str, workers: tuple[str, ...]
) -> None:
    table = pytester.path / "pictures.toml"
    table.write_text(table.read_text() + 'corruption_errors = "coin.csv"\n')
    names = [name for name, corruption in CORRUPTIONS.items() if not corruption.extra]
    (pytester.path / "coin.csv").write_text("corruption,severity,error\n" + "".join(f"{name},3,0.5\n" for name in names))
    bound = '[bounds."robustness.mce"]\nbound = 3.0\nreason = "always holds"\n'
    saved = "[depth]\njpeg_round_trip = true\nimages_per_view = 24\nseverities = [3]\n"
    (pytester.path / "saved.toml").write_text(saved + bound)
    plain = audit(TINY, pictures, policy(bound), "-k", "mce", "--audit-partial", *workers)
    (record,) = run_file(pytester.path)["records"]
    jpeg = audit(TINY, pictures, "--audit-policy=saved.toml", "-k", "mce", "--audit-partial", *workers)
    (other,) = run_file(pytester.path)["records"]

    assert (plain.ret, jpeg.ret) == (0, 0), plain.stdout.str()
    for found, as_jpeg in ((record, False), (other, True)):
        assert (found["audit"], found["verdict"], found["n"]) == ("robustness.mce", "holds", 24)
        ratios = found["detail"]["ratios"]
        assert ratios["to"] == "coin"
        assert found["detail"]["saved_as_jpeg"] is found["depth"]["jpeg_round_trip"] is as_jpeg
        assert [one["name"] for one in ratios["values"]] == names
        assert found["value"] == pytest.approx(sum(one["value"] for one in ratios["values"]) / 15)

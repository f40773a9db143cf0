"""Scores on a model page of the Hugging Face Hub: read back by huggingface_hub's own classes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, metadata_load, parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results

from reports.__main__ import main
from reports.record import Record, write_run
from tests.reports.sample import BACKBONES, ready_run, sample_run

HUB = "--hub=shapes=someone/shapes"


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    write_run(tmp_path / "run.json", ready_run())
    return tmp_path / "run.json"


def results(folder: Path) -> dict[str, Any]:
    """What a card says, by the name of the metric."""
    return {str(result.metric_name): result for result in ModelCard.load(folder / "README.md").data.eval_results}  # type: ignore[attr-defined]


def entries(path: Path) -> dict[str, Any]:
    return {entry.task_id: entry for entry in parse_eval_result_entries(yaml.safe_load(path.read_text()))}


def test_a_card_is_what_the_hub_reads(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", str(run_file), HUB, "--source=https://example.org/report"]) == 0
    folder = run_file.with_name("model-card")
    written = capsys.readouterr()
    (model,) = (metadata_load(folder / "README.md") or {})["model-index"]
    top1, entry = results(folder)["accuracy.top1"], entries(folder / ".eval_results" / "shapes.yaml")["accuracy.top1"]
    (record,) = (record for record in ready_run()["records"] if record["audit"] == "accuracy.top1")

    assert written.out.split() == [str(folder / "README.md"), str(folder / ".eval_results" / "shapes.yaml")]
    assert written.err == ""
    assert model["name"] == BACKBONES[0]
    assert model_index_to_eval_results([model])[0] == BACKBONES[0]
    assert (top1.task_type, top1.dataset_type, top1.dataset_name) == ("image-classification", "someone/shapes", "shapes")
    assert (top1.metric_type, top1.metric_value, top1.verified) == ("accuracy", pytest.approx(record["value"], rel=1e-5), False)
    assert top1.metric_args == {
        "low": pytest.approx(record["low"], rel=1e-5), "high": pytest.approx(record["high"], rel=1e-5),
        "confidence_level": 0.95, "images": 5000,
    }  # fmt: skip
    assert top1.source_url == "https://example.org/report"
    assert (entry.dataset_id, entry.value, entry.source_url) == ("someone/shapes", top1.metric_value, top1.source_url)
    assert "5,000 images" in entry.notes
    assert entry.verify_token is None


def test_only_scores_of_images_as_they_are_stand_on_it(run_file: Path) -> None:
    run = sample_run()
    plain = vars(Record("efficiency.latency", "", BACKBONES[0], "shapes", "clean", "reported", value=3.0, n=900, timing=True))
    run["records"] += [plain, plain | {"audit": "efficiency.parameters", "timing": False, "n": 1, "method": "exact"}]
    write_run(run_file, run)
    main(["card", str(run_file)])

    named = set(results(run_file.with_name("model-card")))

    assert named == {
        record["audit"]
        for record in run["records"]
        if record["view"] == "clean" and record["verdict"] != "error" and not record["audit"].startswith("efficiency.")
    }
    assert "calibration.classwise" in named


def test_without_a_name_on_the_hub_there_is_no_result_file(run_file: Path) -> None:
    main(["card", str(run_file)])

    assert results(run_file.with_name("model-card"))["accuracy.top1"].dataset_type == "shapes"
    assert not (run_file.with_name("model-card") / ".eval_results").exists()


def test_one_score_is_the_answer_to_a_task_of_a_benchmark(run_file: Path) -> None:
    main(["card", str(run_file), "--hub=shapes:accuracy.top1=someone/shapes:default"])
    (entry,) = entries(run_file.with_name("model-card") / ".eval_results" / "shapes.yaml").values()

    assert entry.task_id == "default"
    assert entry.notes.startswith("accuracy.top1 on shapes: ")


def test_a_repository_keeps_its_own_words_and_other_results(run_file: Path, tmp_path: Path) -> None:
    card = tmp_path / "model" / "README.md"
    card.parent.mkdir()
    other = "  - task: {type: image-classification}\n    dataset: {name: Pets, type: pets}\n    metrics: [{type: accuracy, value: 0.9}]\n"
    card.write_text(f"---\nlicense: mit\nmodel-index:\n- name: our-model\n  results:\n{other}---\n# Ours\n\nLoad it so.\n")

    for _ in range(2):
        assert main(["card", str(run_file), "-o", str(card.parent)]) == 0
    (model,) = (metadata_load(card) or {})["model-index"]
    metrics = [metric.get("name") for result in model["results"] for metric in result["metrics"]]

    assert card.read_text().endswith("---\n# Ours\n\nLoad it so.\n")
    assert (metadata_load(card) or {})["license"] == "mit"
    assert model["name"] == "our-model"
    assert metrics.count(None) == 1
    assert metrics.count("accuracy.top1") == 1


def test_several_backbones_have_a_folder_each_or_one_is_named(run_file: Path, tmp_path: Path) -> None:
    write_run(run_file, sample_run(BACKBONES[:2]))
    main(["card", str(run_file), "-o", str(tmp_path / "all")])
    main(["card", str(run_file), "-o", str(tmp_path / "one"), "--backbone", BACKBONES[1]])
    one = (tmp_path / "one" / "README.md").read_text()

    assert {folder.name for folder in (tmp_path / "all").iterdir()} == set(BACKBONES[:2])
    assert (tmp_path / "all" / BACKBONES[1] / "README.md").read_text() == one


def test_scores_of_what_is_no_release_are_said_to_be_such(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(run_file, sample_run())
    main(["card", str(run_file)])

    assert capsys.readouterr().err.startswith("these are scores of a run that is no release: Not ready: ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--backbone=vit"], "has no score of vit; there are scores of shapes_vit_sup"),
        (["--hub=shapes"], "--hub shapes is neither DATASET=ORGANISATION/NAME nor"),
        (["--hub=shapes=some one/shapes"], "some one/shapes"),
        (["--hub=shapes=a/b:default"], "is neither"),
        (["--hub=photos=a/b"], "the run has no score of photos; its datasets are shapes"),
        (["--hub=shapes:accuracy.top9=a/b"], "the run has no score of accuracy.top9 on shapes"),
        (["--hub=shapes:accuracy.top1=a/b:t", "--hub=shapes:accuracy.top5=a/b:t"], "2 scores would be those of task t of a/b"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_line(options: list[str], words: str, run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", str(run_file), *options]) == 2

    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert not run_file.with_name("model-card").exists()


def test_a_card_about_several_models_is_left_alone(run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = tmp_path / "README.md"
    card.write_text("---\nmodel-index:\n- {name: a, results: []}\n- {name: b, results: []}\n---\n")
    before = card.read_text()

    assert main(["card", str(run_file), "-o", str(tmp_path)]) == 2
    assert "is about 2 models" in capsys.readouterr().err
    assert card.read_text() == before


def test_only_a_card_needs_the_hub_library() -> None:
    code = (
        "import reports.__main__, reports.card, reports.github, sys; sys.exit('huggingface_hub' in sys.modules or 'torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

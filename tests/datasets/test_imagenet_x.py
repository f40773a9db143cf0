"""ImageNet-X's files: annotations without their prototypes, predictions there and back, and what is said where they do not fit."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audits import imagenet_x as command
from fixtures.datasets import catalog, loading
from fixtures.datasets.imagenet_x import (
    ANNOTATIONS,
    FACTORS,
    PROTOTYPES,
    Prediction,
    read_annotations,
    read_predictions,
    write_predictions,
)
from fixtures.errors import UserError
from fixtures.evidence.evidence import Evidence
from fixtures.evidence.export import write_parquet
from tests.datasets.pictures import save, write

IMAGES = 160  # ten of each factor
WNIDS = ("n01440764", "n01443537", "n01484850", "n01491361")


def name_of(number: int) -> str:
    return f"ILSVRC2012_val_{number + 1:08d}.JPEG"


def line(number: int, **changed: Any) -> str:
    """One annotation as the toolkit's file has it."""
    marks = {factor: int(place == number % len(FACTORS)) for place, factor in enumerate(FACTORS)}
    table = {"file_name": name_of(number), "class": number % 4, **marks, "justification": 'a "fish", blue', "one_word": "blue", **changed}
    return json.dumps(table)


def annotated(folder: Path, lines: list[str], prototypes: list[str]) -> Path:
    write(folder / ANNOTATIONS, "".join(f"{each}\n" for each in lines))
    write(folder / PROTOTYPES, "".join(f"{each}\n" for each in ["file_name", *prototypes]))
    return folder


def predictions(seed: int) -> list[tuple[str, int, float]]:
    draw = np.random.default_rng(seed)
    return [(name_of(number), int(draw.integers(0, 2)) * 2 + number % 2, float(draw.random())) for number in range(IMAGES)]


def plain_ratios(answers: list[tuple[str, int, float]], folder: Path) -> dict[str, float]:
    """The published definition, written down once more: group by factor, prototypes taken out first."""
    prototypes = set((folder / PROTOTYPES).read_text().split()[1:])
    said = {name: label for name, label, _ in answers}
    rows = [json.loads(text) for text in (folder / ANNOTATIONS).read_text().splitlines()]
    rows = [row for row in rows if row["file_name"] not in prototypes]
    right = [said[row["file_name"]] == row["class"] for row in rows]
    average = sum(right) / len(right)
    accuracy = {f: sum(r * row[f] for r, row in zip(right, rows, strict=True)) / sum(row[f] for row in rows) for f in FACTORS}
    return {factor: (1 - accuracy[factor]) / (1 - average) for factor in FACTORS}


def test_prototypes_are_left_out(tmp_path: Path) -> None:
    found = read_annotations(annotated(tmp_path, [line(number) for number in range(20)], [name_of(3), name_of(19)]))

    assert len(found) == 18
    assert name_of(3) not in found
    assert found[name_of(4)] == (0, "smaller")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r"line 2: wanted a JSON object with file_name, class and the 16 factors; got '\{' \(JSONDecodeError"),
        ('{"file_name": "a.JPEG", "class": 3}', r"KeyError: 'pose'"),
        (line(1, pose=1), r"ILSVRC2012_val_00000002\.JPEG has 2 factors \(pose, background\), wanted its top one only"),
        (line(1, pose="yes"), r"wanted 0 or 1 for each factor, got '.*yes"),
        (line(0), r"ILSVRC2012_val_00000001\.JPEG is annotated twice"),
    ],
)
def test_a_line_of_another_form_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_annotations(annotated(tmp_path, [line(0), text], []))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"there is no .*{ANNOTATIONS}.*{PROTOTYPES}.*facebookresearch/imagenetx"):
        read_annotations(tmp_path)


def test_predictions_come_back_as_they_went(tmp_path: Path) -> None:
    answers = predictions(1)
    names, labels, probabilities = zip(*answers, strict=True)

    write_predictions(tmp_path / "ours.csv", [f"n01440764/{name}" for name in names], labels, probabilities)

    assert (tmp_path / "ours.csv").read_text().splitlines()[0] == "file_name,predicted_class,predicted_probability"
    assert read_predictions(tmp_path / "ours.csv") == {name: Prediction(label, p) for name, label, p in answers}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file_name,class\na.JPEG,1\n", r"no column 'predicted_class'; its columns: 'file_name', 'class'"),
        ("file_name,predicted_class\na.JPEG,tench\n", r"row 2: wanted a class index and a probability"),
        ("file_name,predicted_class\na.JPEG,1\na.JPEG,1\n", r"row 3: a\.JPEG is answered twice"),
    ],
)
def test_predictions_of_another_form_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_predictions(write(tmp_path / "theirs.csv", text))


def test_command_gives_the_ratios_of_a_plain_implementation(tmp_path: Path) -> None:
    folder = annotated(tmp_path / "imagenet_x", [line(number) for number in range(IMAGES)], [name_of(0), name_of(33)])
    write_predictions(tmp_path / "resnet50.csv", *zip(*predictions(2), strict=True))

    told = subprocess.run(
        [sys.executable, "-m", "audits.imagenet_x", "ratios", str(tmp_path / "resnet50.csv"), "--annotations", str(folder)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = list(csv.DictReader(io.StringIO(told.stdout)))

    assert {row["factor"]: float(row["error_ratio"]) for row in rows} == pytest.approx(plain_ratios(predictions(2), folder), abs=5e-5)
    assert {row["factor"]: int(row["images"]) for row in rows} == {factor: 9 if factor in FACTORS[:2] else 10 for factor in FACTORS}
    assert all(row["model"] == "resnet50" and float(row["low"]) <= float(row["error_ratio"]) <= float(row["high"]) for row in rows)


def test_command_says_what_is_not_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = annotated(tmp_path / "imagenet_x", [line(number) for number in range(IMAGES)], [])
    write_predictions(tmp_path / "few.csv", *zip(*predictions(2)[:100], strict=True))

    assert command.main(["ratios", str(tmp_path / "few.csv"), "--annotations", str(folder)]) == 2
    assert "answers 60 of 160 annotated images with nothing: ILSVRC2012_val_00000101.JPEG" in capsys.readouterr().err


def test_command_exports_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = predictions(3)
    columns = {"prediction": np.array([label for _, label, _ in answers]), "confidence": np.array([p for *_, p in answers])}
    ids = np.array([f"{WNIDS[number % 4]}/{name}" for number, (name, *_) in enumerate(answers)], dtype=object)
    names = ("tench", "goldfish", "white shark", "tiger shark")
    evidence = Evidence("a", "imagenet_val", "clean", ids, np.arange(IMAGES), None, names, columns, "native head", "", "fp32")
    write_parquet(evidence, tmp_path / "clean.parquet")

    assert command.main(["export", str(tmp_path / "clean.parquet"), "-o", str(tmp_path / "a.csv")]) == 0
    assert read_predictions(tmp_path / "a.csv") == {name: Prediction(label, p) for name, label, p in answers}
    assert command.main(["export", str(tmp_path / "a.csv"), "-o", str(tmp_path / "b.csv")]) == 2
    assert "is no evidence of a run" in capsys.readouterr().err


def validation_images(data: Path, numbers: range) -> None:
    for number in numbers:
        save(data / "imagenet" / "val" / WNIDS[number % 4] / f"ILSVRC2012_val_{number + 1:08d}.JPEG", number)


def test_dataset_is_the_annotated_images_beside_their_annotations(tmp_path: Path) -> None:
    validation_images(tmp_path, range(36))
    annotated(tmp_path / "imagenet_x", [line(number) for number in range(34)], [name_of(33)])
    spec = catalog.resolve("imagenet_x", tmp_path)

    loaded = loading.load(spec)
    loaded.check()

    assert catalog.is_present(spec)
    assert {"conditions", "factors", "shift"} <= spec.knows
    assert len(loaded) == 33  # two not annotated, one a prototype
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [WNIDS.index(name.partition("/")[0]) for name in loaded.ids]
    assert list(loaded.conditions) == list(FACTORS)
    assert {name: int(holds.sum()) for name, holds in loaded.conditions.items()} == {
        factor: 3 if factor == "pose" else 2 for factor in FACTORS
    }
    assert np.stack(list(loaded.conditions.values())).sum(axis=0).tolist() == [1] * 33


def test_dataset_is_not_there_without_annotations(tmp_path: Path) -> None:
    validation_images(tmp_path, range(2))
    spec = catalog.resolve("imagenet_x", tmp_path)

    assert not catalog.is_present(spec)
    assert catalog.where_looked(spec) == f"{tmp_path}/imagenet/val (images), {tmp_path}/imagenet_x (annotations)"
    with pytest.raises(UserError, match=r"annotations: no folder .*imagenet_x\. Put imagenet_x_val_top_factor\.jsonl"):
        loading.load(spec)


def test_annotated_images_that_are_not_there_are_named(tmp_path: Path) -> None:
    validation_images(tmp_path, range(20))
    annotated(tmp_path / "imagenet_x", [line(number) for number in range(22)], [])

    with pytest.raises(UserError, match=r"2 of 22 annotated images are not in .*val: ILSVRC2012_val_00000021\.JPEG, "):
        loading.load(catalog.resolve("imagenet_x", tmp_path))

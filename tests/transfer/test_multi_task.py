"""One network for several tasks beside one for each: the same start, the same budget, and test images last of all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fixtures.progress import silent
from fixtures.transfer import multi_task
from fixtures.transfer.multi_task import MultiTask
from fixtures.transfer.recipe import Recipe
from fixtures.transfer.training import Task
from tests.transfer.lessons import Watched, backbone, colours

BRIEF = Recipe(epochs=1, batch=16, learning_rates=(3e-3,), augmentation=None)
COLOUR, LIGHT, NOISE = Task("colour", 3), Task("light", 2), Task("noise", 2)
GROUPS = (("colour", "light"), ("colour", "noise"))


def compared(folder: Path, recipe: Recipe = BRIEF, groups=GROUPS, progress=silent, seeds=(0, 1), log=None, train: int = 32) -> MultiTask:
    sets = [colours(number, seed, name=name, log=log) for number, seed, name in ((train, 0, "train"), (12, 1, "held out"), (24, 2, "test"))]
    learnt, held_out, test = (replace(each, labels=np.column_stack([each.labels, each.ids % 2])) for each in sets)
    subject = backbone(folder)
    settings = {"device": subject.device, "precision": "fp32", "checkpoints": folder / "checkpoints", "progress": progress}
    return multi_task.compare(subject, [COLOUR, LIGHT, NOISE], groups, learnt, held_out, test, recipe, seeds=seeds, **settings)


def test_every_task_is_tuned_to_alone_once_and_every_group_together(tmp_path: Path) -> None:
    watched = Watched()
    found = compared(tmp_path, progress=watched)

    alone = ["colour", "light", "noise"]
    assert watched.lines == [
        f"fine-tuning subject{on}" for on in ["", "", ""] + [f" on {' and '.join(group)}" for group in GROUPS] for _ in "01"
    ]
    assert {task: answers.shape for task, answers in found.alone.items()} == dict.fromkeys(alone, (2, 24))
    assert {group: list(answers) for group, answers in found.together.items()} == {group: list(group) for group in GROUPS}
    assert all(answers.max() < 2 for answers in (found.alone["light"], found.together["colour", "light"]["light"]))
    assert len(list((tmp_path / "checkpoints").iterdir())) == 10


def test_each_head_answers_its_own_task(tmp_path: Path) -> None:
    found = compared(tmp_path, replace(BRIEF, epochs=5), [("light", "colour")], seeds=(0,), train=64)
    alone, together = found.correct(("light", "colour"))

    assert min(right.mean() for right in (*alone.values(), *together.values())) > 0.8
    assert found.labels["light"].tolist() == (np.arange(24) // 3 % 2).tolist()


def test_test_images_are_asked_about_once_a_training_has_ended(tmp_path: Path) -> None:
    log: list[str] = []
    compared(tmp_path, replace(BRIEF, epochs=2), [("colour", "light")], seeds=(0,), log=log)
    blocks = [name for name, before in zip(log, ["", *log], strict=False) if name != before]

    assert blocks == ["train", "held out", "train", "held out", "test"] * 3


def test_a_killed_comparison_goes_on_and_ends_alike(tmp_path: Path) -> None:
    (tmp_path / "through").mkdir()
    through = compared(tmp_path / "through")
    with pytest.raises(KeyboardInterrupt):
        compared(tmp_path, progress=Watched(killed_after=3 * 32))  # in the fourth of ten trainings
    rest = Watched()
    resumed = compared(tmp_path, progress=rest)

    assert len(rest.lines) == 7
    assert all(np.array_equal(resumed.alone[task], through.alone[task]) for task in through.alone)
    assert list((tmp_path / "checkpoints").rglob("*.checkpoint")) == []

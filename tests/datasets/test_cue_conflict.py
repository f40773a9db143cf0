"""Images with two cues: the second one is told by a factor, people's answers to them by a folder of CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from fixtures.datasets import catalog, loading
from fixtures.datasets.dataset import Dataset
from fixtures.errors import UserError

NAMES = ("cat1-dog2", "cat2-cat1", "dog1-cat1", "dog10-cat3")
TABLE = """
[pets]
layout = "folders"
root = "pets"
file_name = "{shape}{}-{texture}{}"
texture = "texture"
answers = "answers"
"""
HEADER = "subj,session,trial,rt,object_response,category,condition,imagename"


def write_answers(folder: Path, subject: str, answers: dict[str, str], before: str = "0001_s5n_s01_0_x_00_") -> None:
    folder.mkdir(exist_ok=True)
    rows = [f"{subject},1,{number},0.8,{said},x,0,{before}{name}.png" for number, (name, said) in enumerate(answers.items(), 1)]
    (folder / f"{subject}.csv").write_text("\n".join([HEADER, *rows]) + "\n")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for name in NAMES:
        home = tmp_path / "pets" / name[:3]
        home.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(home / f"{name}.png")
    write_answers(tmp_path / "answers", "subject-01", dict(zip(NAMES, ("cat", "cat", "cat", "na"), strict=True)))
    write_answers(tmp_path / "answers", "subject-02", dict(zip(NAMES, ("cat", "cat", "dog", "dog"), strict=True)), before="")
    write_answers(tmp_path / "answers", "resnet50", {**dict(zip(NAMES, ("dog", "cat", "cat", "cat"), strict=True)), "cow1-cat1": "cow"})
    return tmp_path


def loaded(folder: Path, table: str = TABLE) -> Dataset:
    (folder / "pets.toml").write_text(table)
    dataset = loading.load(catalog.resolve(str(folder / "pets.toml")))
    dataset.check()
    return dataset


def refused(folder: Path, table: str = TABLE) -> str:
    with pytest.raises(UserError) as error:
        loaded(folder, table)
    return str(error.value)


def test_file_names_tell_the_texture(pets: Path) -> None:
    dataset = loaded(pets)

    assert dataset.factors["shape"].tolist() == ["cat", "cat", "dog", "dog"]
    assert dataset.texture is not None
    assert [dataset.label_space.class_names[index] for index in dataset.texture] == ["dog", "cat", "cat", "cat"]
    assert {"cue_conflict", "people", "factors"} <= dataset.knows
    assert not {"labels", "in_distribution", "shift"} & dataset.knows


def test_answers_are_those_of_people_and_of_networks(pets: Path) -> None:
    answers = loaded(pets).answers

    assert {name: said.tolist() for name, said in answers.people.items()} == {"subject-01": [0, 0, 0, -1], "subject-02": [0, 0, 1, 1]}
    assert {name: said.tolist() for name, said in answers.networks.items()} == {"resnet50": [1, 0, 0, 0]}


def test_without_a_folder_of_answers_nobody_answered(pets: Path) -> None:
    dataset = loaded(pets, TABLE.replace('answers = "answers"', ""))

    assert "people" not in dataset.knows
    assert (dict(dataset.answers.people), dict(dataset.answers.networks)) == ({}, {})


def test_catalogue_dataset_has_people_only_where_their_answers_are(tmp_path: Path) -> None:
    (tmp_path / "cue_conflict").mkdir()
    assert "people" not in catalog.resolve("cue_conflict").knows
    assert "people" not in catalog.resolve("cue_conflict", tmp_path).knows

    (tmp_path / "cue_conflict_trials").mkdir()

    assert "people" in catalog.resolve("cue_conflict", tmp_path).knows


def test_a_texture_that_is_no_class_is_named(pets: Path) -> None:
    Image.new("RGB", (8, 8)).save(pets / "pets" / "cat" / "cat3-cow1.png")

    assert "texture: 'cow' in factor 'texture' are no classes; 1 images have such: cat/cat3-cow1.png." in refused(pets)


def test_a_file_that_is_named_otherwise_is_named(pets: Path) -> None:
    Image.new("RGB", (8, 8)).save(pets / "pets" / "cat" / "cat.png")

    assert "file_name: 1 of 5 files are not named like '{shape}{}-{texture}{}': cat/cat.png." in refused(pets)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ('texture = "texture"', 'texture = "textur"'),
            "texture: got 'textur', wanted one of the factors: shape, texture. Did you mean 'texture'",
        ),
        (("{shape}{}-", "{texture}{}-"), "file_name: got '{texture}{}-{texture}{}', wanted a file's name without its ending"),
        (('answers = "answers"', 'answers = "answer"'), "answers: there is no folder"),
        (('answers = "answers"', 'shift_of = "shapes"'), "shift_of: not used with texture"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(pets: Path, change: tuple[str, str], words: str) -> None:
    assert words in refused(pets, TABLE.replace(*change))


def test_a_subject_that_did_not_see_everything_is_refused(pets: Path) -> None:
    write_answers(pets / "answers", "subject-03", {"cat1-dog2": "cat"})

    assert "lacks answers to some of the 4 images: subject-03 to 3. Only subjects that saw all" in refused(pets)


def test_a_second_answer_to_an_image_is_refused(pets: Path) -> None:
    (pets / "answers" / "again.csv").write_text((pets / "answers" / "subject-01.csv").read_text())

    assert "has a second answer of subject-01 to cat1-dog2.png" in refused(pets)


def test_an_answer_that_is_no_class_is_refused(pets: Path) -> None:
    write_answers(pets / "answers", "subject-01", dict.fromkeys(NAMES, "cow"))

    assert "subject-01 answered 'cow', wanted classes of the dataset, or na for none." in refused(pets)


def test_a_file_of_answers_without_a_column_is_refused(pets: Path) -> None:
    (pets / "answers" / "strange.csv").write_text("subj,object_respons,imagename\n")

    assert "has no column 'object_response'. Did you mean 'object_respons'?" in refused(pets)

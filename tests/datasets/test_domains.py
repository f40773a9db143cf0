"""Datasets whose train and test splits show different domains: sub-folders, and the embedded styles."""

import pytest

from fixtures.datasets import catalog, loading
from fixtures.errors import UserError
from tests.datasets.pictures import class_folders, dataset, save

TABLE = '[d]\nlayout = "folders"\nroot = "d"\nsource_domain = "photo"\nsplits = { train = "photo", test = "cartoon|sketch" }\n'


def domains(root):
    for index, domain in enumerate(("photo", "art_painting", "cartoon", "sketch")):
        for number, name in enumerate(("dog", "house")):
            save(root / domain / name / "pic_001.png", 10 * index + number)


@pytest.mark.parametrize("folder", ["pacs", "PACS/kfold"])
def test_pacs_is_learned_from_photos_and_judged_on_the_other_three(tmp_path, folder):
    domains(tmp_path / folder)
    spec = catalog.resolve("pacs", tmp_path)

    train, test = loading.load(spec, "train"), loading.load(spec)

    test.check()
    assert train.ids == ("photo/dog/pic_001.png", "photo/house/pic_001.png")
    assert test.ids == tuple(
        f"{domain}/{name}/pic_001.png" for domain in ("art_painting", "cartoon", "sketch") for name in ("dog", "house")
    )
    assert test.factors["domain"].tolist() == [name.split("/")[0] for name in test.ids]
    assert train.factors["domain"].tolist() == ["photo", "photo"]
    assert test.labels is not None
    assert test.labels.tolist() == [0, 1] * 3
    assert test.label_space == train.label_space


def test_visda_is_learned_from_renderings_and_judged_on_photographs(tmp_path):
    class_folders(tmp_path / "visda2017" / "train", {"aeroplane": 2, "bus": 1})
    class_folders(tmp_path / "visda2017" / "validation", {"aeroplane": 1, "bus": 2})
    (tmp_path / "visda2017" / "train" / "image_list.txt").write_text("aeroplane/0.png 0\n")

    test = loading.load(catalog.resolve("visda2017", tmp_path))

    test.check()
    assert test.ids[0] == "validation/aeroplane/0.png"
    assert set(test.factors["domain"].tolist()) == {"validation"}
    assert test.metric == "mean_per_class"


def test_embedded_domains_are_the_styles():
    spec = catalog.resolve("shapes_domains")

    train, test = loading.load(spec, "train"), loading.load(spec)

    assert (len(train), len(test)) == (3000, 2000)
    assert set(train.factors["domain"].tolist()) == {"photo"} == {spec.source_domain}
    assert set(test.factors["domain"].tolist()) == {"poster", "sketch", "painting", "blueprint"}
    assert test.factors["domain"].tolist() == test.factors["style"].tolist()


@pytest.mark.parametrize("name", ["pacs", "visda2017", "shapes_domains"])
def test_other_domains_are_no_images_as_usual(name):
    knows = catalog.resolve(name).knows

    assert {"domains", "labels", "factors", "train_split"} <= knows
    assert not {"in_distribution", "shift"} & knows


def test_a_dataset_of_one_domain_has_none():
    assert "domains" not in catalog.resolve("shapes_styles").knows


def test_sub_folder_that_is_not_there_is_named(tmp_path):
    domains(tmp_path / "d")

    with pytest.raises(UserError, match=r"splits: test: there is no folder .*/d/painting"):
        dataset(tmp_path, TABLE.replace("sketch", "painting"))


REFUSED = {
    "no train split": (TABLE.replace('train = "photo", ', ""), r"source_domain: needs splits = \{ train"),
    "no factor": (TABLE.replace("folders", "tar"), r'source_domain: needs the factor "domain"'),
}


@pytest.mark.parametrize(("table", "message"), REFUSED.values(), ids=REFUSED)
def test_domains_that_nothing_tells_are_refused(tmp_path, table, message):
    domains(tmp_path / "d")

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, table)

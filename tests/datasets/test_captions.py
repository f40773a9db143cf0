"""Sentences about images: from a table with a row for each, and of the embedded scenes."""

import pytest

from fixtures.datasets import catalog, loading
from fixtures.errors import UserError
from fixtures.shapes import splits
from fixtures.shapes.captions import description
from tests.datasets.pictures import dataset, save, write

TABLE = '[d]\nlayout = "csv"\nroot = "d"\ntable = "captions.csv"\nimage = "image"\ncaptions = "caption"\n'
ROWS = "image,caption\nb.png,a dog runs\na.png,two cats\nb.png,a brown dog\nb.png,a dog runs\n"


def sentences(folder, rows=ROWS):
    write(folder / "d" / "captions.csv", rows)
    for index, name in enumerate("abc"):
        save(folder / "d" / f"{name}.png", index)
    return folder


def test_image_has_the_sentences_of_all_of_its_rows(tmp_path):
    loaded = dataset(sentences(tmp_path), TABLE)

    loaded.check()
    assert loaded.ids == ("b.png", "a.png")
    assert loaded.captions == (("a dog runs", "a brown dog"), ("two cats",))
    assert loaded.labels is None
    assert "captions" in loaded.knows
    assert not {"labels", "relevance"} & loaded.knows


def test_labels_and_factors_of_an_image_are_those_of_its_rows(tmp_path):
    rows = "image,caption,kind,light\nb.png,a dog runs,dog,dim\na.png,two cats,cat,dim\nb.png,a brown dog,dog,dim\n"
    table = TABLE + 'label = "kind"\nfactors = ["light"]\n'

    loaded = dataset(sentences(tmp_path, rows), table)

    assert loaded.labels is not None
    assert loaded.labels.tolist() == [1, 0]
    assert loaded.factors["light"].tolist() == ["dim", "dim"]
    with pytest.raises(UserError, match=r"rows of one image say different things besides captions: b\.png"):
        dataset(sentences(tmp_path, rows.replace("a brown dog,dog", "a brown dog,cat")), table)


def test_rows_without_a_sentence_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"captions: 1 rows have nothing in column 'caption': c\.png"):
        dataset(sentences(tmp_path, ROWS + "c.png, \n"), TABLE)
    with pytest.raises(UserError, match="no column 'caption'"):
        dataset(sentences(tmp_path, "image\na.png\n"), TABLE)


def test_embedded_scenes_are_described_and_not_only_named():
    loaded, scenes = loading.load(catalog.resolve("shapes")), splits.scenes("shapes")

    assert loaded.captions == tuple((each,) for each in description(scenes))
    assert len(set(loaded.captions)) > 2000
    assert all(name in each[0] for name, each in zip(loaded.factors["scene"], loaded.captions, strict=True) if name == "meadow")
    assert {"captions", "labels", "in_distribution"} <= loaded.knows

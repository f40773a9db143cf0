"""Pairs of images: those of a published list, and those drawn from the embedded images."""

import numpy as np
import pytest

from fixtures.datasets import catalog, loading
from fixtures.errors import UserError
from fixtures.shapes import pairs as drawing
from tests.datasets.pictures import dataset, save, write

TABLE = '[d]\nlayout = "pairs"\nroot = "d"\n'
LISTED = "2\t2\nAnn_Li\t1\t2\nBo\t1\t3\nAnn_Li\t1\tBo\t1\nBo\t2\tCy\t1\nCy\t1\t2\nCy\t2\t3\nAnn_Li\t2\tCy\t3\nBo\t2\tAnn_Li\t1\n"


def people(folder, listed=LISTED):
    write(folder / "d" / "pairs.txt", listed)
    for index, (name, number) in enumerate(
        [("Ann_Li", 1), ("Ann_Li", 2), ("Ann_Li", 7), *(("Bo", n) for n in (1, 2, 3)), *(("Cy", n) for n in (1, 2, 3))]
    ):
        save(folder / "d" / name / f"{name}_{number:04d}.jpg", index)
    return folder


def test_pairs_are_those_of_the_list(tmp_path):
    loaded = dataset(people(tmp_path), TABLE)

    loaded.check()
    assert loaded.labels is None
    assert len(loaded) == 8  # Ann_Li_0007 is in no pair
    assert loaded.pairs is not None
    assert list(zip(*loaded.pairs.names(loaded.ids), strict=True))[:4] == [
        ("Ann_Li/Ann_Li_0001.jpg", "Ann_Li/Ann_Li_0002.jpg"),
        ("Bo/Bo_0001.jpg", "Bo/Bo_0003.jpg"),
        ("Ann_Li/Ann_Li_0001.jpg", "Bo/Bo_0001.jpg"),
        ("Bo/Bo_0002.jpg", "Cy/Cy_0001.jpg"),
    ]
    assert loaded.pairs.same.tolist() == [True, True, False, False] * 2
    assert loaded.pairs.fold.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert loaded.knows == {"pairs", "independent"}


def test_images_of_another_kind_are_found_and_missing_ones_named(tmp_path):
    people(tmp_path)
    (tmp_path / "d" / "Bo" / "Bo_0002.jpg").unlink()
    with pytest.raises(UserError, match=r"1 of 8 images are not there: Bo/Bo_0002\.jpg"):
        dataset(tmp_path, TABLE).check()
    save(tmp_path / "d" / "Bo" / "Bo_0002.png", 50)

    loaded = dataset(tmp_path, TABLE)

    loaded.check()
    assert "Bo/Bo_0002.png" in loaded.ids


REFUSED = {
    "no head": ("Ann_Li\t1\t2\n", r"the first line is 'Ann_Li 1 2', wanted the number of folds"),
    "one fold": ("1\t2\n", r"the first line is '1 2', wanted the number of folds \(at least 2\)"),
    "no pair": (LISTED + "Ann_Li\n", r"wanted NAME 1 4 or NAME 1 OTHER 2, got\n  line 10: Ann_Li"),
    "a pair too few": (LISTED.rsplit("Bo", 1)[0], r"2 folds of 2 pairs of the same and 2 of different ones, in this order; it has 4 and 3"),
    "empty": ("\n", r"the first line is '', wanted"),
}


@pytest.mark.parametrize(("listed", "message"), REFUSED.values(), ids=REFUSED)
def test_list_that_is_none_is_refused(tmp_path, listed, message):
    with pytest.raises(UserError, match=message):
        dataset(people(tmp_path, listed), TABLE)


def test_absent_list_is_named(tmp_path):
    (tmp_path / "d").mkdir()

    with pytest.raises(UserError, match=r"pairs: there is no file .*/d/pairs\.txt"):
        dataset(tmp_path, TABLE)


def test_part_of_the_images_has_whole_pairs_of_both_kinds():
    loaded = loading.load(catalog.resolve("shapes_pairs"))
    assert loaded.pairs is not None
    smaller, rows = loaded.subset(100), loaded.subset(300)

    part = loaded.pairs.among(rows)

    assert len(rows) == 300
    assert set(smaller) <= set(rows)
    assert part.same.sum() >= 60
    assert (~part.same).sum() >= 60
    again = {(rows[left], rows[right]) for left, right in zip(part.left, part.right, strict=True)}
    assert again <= set(zip(loaded.pairs.left.tolist(), loaded.pairs.right.tolist(), strict=True))


def test_embedded_pairs_are_of_one_class_or_of_two_and_folds_share_no_image():
    loaded, shapes = loading.load(catalog.resolve("shapes_pairs")), loading.load(catalog.resolve("shapes"))
    pairs = loaded.pairs

    loaded.check()
    assert pairs is not None
    assert shapes.labels is not None
    assert loaded.ids == shapes.ids
    assert np.array_equal(shapes.labels[pairs.left] == shapes.labels[pairs.right], pairs.same)
    assert np.bincount(pairs.fold * 2 + pairs.same).tolist() == [drawing.OF_EACH] * 2 * drawing.FOLDS
    assert len({tuple(sorted(pair)) for pair in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)}) == len(pairs)
    assert (pairs.left != pairs.right).all()
    seen = [set(pairs.left[pairs.fold == fold]) | set(pairs.right[pairs.fold == fold]) for fold in range(drawing.FOLDS)]
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert {"pairs", "independent"} <= loaded.knows
    assert not {"labels", "relevance", "class_names", "in_distribution"} & loaded.knows


def test_embedded_pairs_are_the_same_for_a_seed_and_others_for_another():
    labels = np.arange(600) % 12

    one, again, other = (drawing.drawn(labels, 5, 20, seed) for seed in (1, 1, 2))

    assert all(np.array_equal(*columns) for columns in zip(one, again, strict=True))
    assert not np.array_equal(one[0], other[0])

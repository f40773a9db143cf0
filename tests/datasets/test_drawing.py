"""Splits that are drawn: a hash of the name decides, whatever else is there."""

import numpy as np
import pytest

from fixtures.datasets.drawing import in_train
from fixtures.datasets.specification import Drawn
from fixtures.errors import UserError
from tests.datasets.pictures import class_folders, dataset

IDS = [f"class/{number}.png" for number in range(2000)]
TABLE = '[d]\nlayout = "folders"\nroot = "d"\ndrawn = {}\n'


def test_share_is_as_stated_and_an_image_keeps_its_side_whatever_else_is_there():
    train = in_train(IDS, None, Drawn(train=0.8))

    assert abs(train.mean() - 0.8) < 4 * np.sqrt(0.16 / len(IDS))
    assert in_train(IDS[::7], None, Drawn(train=0.8)).tolist() == train[::7].tolist()
    assert (in_train(IDS, None, Drawn(train=0.9)) >= train).all()


def test_so_many_of_each_class_are_drawn_and_fewer_where_there_are_fewer():
    labels = ["rare"] * 5 + ["common"] * 1995

    train = in_train(IDS, labels, Drawn(train_per_class=30))

    assert (train[:5].sum(), train[5:].sum()) == (5, 30)
    assert train[5:100].sum() < 30  # not the first ones


def test_drawn_splits_are_parts_of_one_dataset(tmp_path):
    class_folders(tmp_path / "d", {"a": 20, "b": 20})

    train, test = (dataset(tmp_path, TABLE.format("{ train = 0.5 }"), split) for split in ("train", "test"))

    test.check()
    assert len({*train.ids, *test.ids}) == len(train) + len(test) == 40
    assert "train_split" in test.knows
    digests = dict(zip(train.ids, train.digests(range(len(train)), tmp_path / "cache"), strict=True))
    assert test.digests([0], tmp_path / "cache")[0] not in digests.values()
    (tmp_path / "d" / test.ids[1]).unlink()
    assert test.images.missing() == [test.ids[1]]


REFUSED = {
    "nothing": ("{}", r"drawn: wanted one of train = 0\.8"),
    "both": ("{ train = 0.5, train_per_class = 3 }", r"drawn: wanted one of train = 0\.8"),
    "no share": ("{ train = 1.5 }", r"drawn\.train: got 1\.5, wanted a share between 0 and 1"),
    "none of a class": ("{ train_per_class = 0 }", r"drawn\.train_per_class: got 0, wanted 1 or more"),
    "beside splits": ('{ train = 0.5 }\nsplits = { test = "x" }', r"drawn: not used with splits"),
    "text": ('{ train = "half" }', r"drawn\.train: got 'half'"),
}


@pytest.mark.parametrize(("drawn", "message"), REFUSED.values(), ids=REFUSED)
def test_mistake_in_a_table_is_named(tmp_path, drawn, message):
    class_folders(tmp_path / "d", {"a": 2})

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, TABLE.format(drawn))

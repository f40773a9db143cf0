"""CSV tables: columns, splits, factors, and every way in which a table can be wrong."""

import pytest

from fixtures.errors import UserError
from tests.datasets.pictures import dataset, save, write

TABLE = '[d]\nlayout = "csv"\nroot = "d"\ntable = "t.csv"\nlabel = "class"\n'


def with_table(folder, text, images="abc"):
    write(folder / "d" / "t.csv", text)
    for index, name in enumerate(images):
        save(folder / "d" / f"{name}.png", index)


def test_own_classes_of_numbers_are_sorted_by_value(tmp_path):
    with_table(tmp_path, "file,class\na.png,10\nb.png,9\nc.png,2\n")

    loaded = dataset(tmp_path, TABLE)

    assert loaded.label_space.class_names == ("2", "9", "10")
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [2, 1, 0]


def test_numbers_index_class_names(tmp_path):
    with_table(tmp_path, "file,class\na.png,2\nb.png,0\nc.png,2\n")

    loaded = dataset(tmp_path, TABLE + 'class_names = ["cat", "dog", "eel", "fox"]\n')

    loaded.check()
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [2, 0, 2]
    assert len(loaded.label_space) == 4


def test_table_without_labels_knows_none(tmp_path):
    with_table(tmp_path, "file\na.png\nb.png\nc.png\n")

    loaded = dataset(tmp_path, TABLE.replace('label = "class"\n', ""))

    loaded.check()
    assert loaded.labels is None
    assert "labels" not in loaded.knows
    assert len(loaded.subset(2)) == 2


def test_splits_are_values_of_a_column_with_classes_of_both(tmp_path):
    with_table(tmp_path, "file,class,split\na.png,x,one\nb.png,y,two\nc.png,z,two\n")
    table = TABLE + 'splits = { train = "one", test = "two" }\n'

    test, train = dataset(tmp_path, table), dataset(tmp_path, table, "train")

    assert (test.ids, train.ids) == (("b.png", "c.png"), ("a.png",))
    assert test.label_space.class_names == train.label_space.class_names == ("x", "y", "z")


def test_splits_are_sub_folders_with_tables_of_their_own(tmp_path):
    for part, label in (("one", "x"), ("two", "y")):
        write(tmp_path / "d" / part / "t.csv", f"file,class\na.png,{label}\n")
        save(tmp_path / "d" / part / "a.png")

    loaded = dataset(tmp_path, TABLE + 'splits = { train = "one", test = "two" }\n')

    loaded.check()
    assert loaded.ids == ("two/a.png",)
    assert loaded.label_space.class_names == ("x", "y")


def test_quotes_commas_a_byte_order_mark_and_tabs_are_read(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "t.csv").write_bytes('\ufefffile,class\r\n"a,b.png","x\ny"\r\n'.encode())
    write(tmp_path / "d" / "t.tsv", "file\tclass\na,b.png\tx\n")
    save(tmp_path / "d" / "a,b.png")

    assert dataset(tmp_path, TABLE).label_space.class_names == ("x\ny",)
    assert dataset(tmp_path, TABLE.replace("t.csv", "t.tsv")).ids == ("a,b.png",)


WRONG = {
    "no table": (None, "", r"table: there is no file .*/d/t\.csv"),
    "no column": ("file,klass\na.png,x\n", "", r"no column 'class'\. Did you mean 'klass'\? Its columns: file, klass"),
    "no factor": ("file,class\na.png,x\n", 'factors = ["light"]\n', r"no column 'light'"),
    "no header": ("", "", r"no column 'file'.* Its columns: none"),
    "short row": ("file,class\na.png,x\nb.png\n", "", r"1 rows do not have the header's 2 cells: line 3"),
    "long row": ("file,class\na.png,x,y\n", "", r"1 rows do not have the header's 2 cells: line 2"),
    "no split column": ("file,class\na.png,x\n", 'splits = { test = "b" }\n', r"no column 'split'"),
    "no such split": (
        "file,class,split\na.png,x,tset\n",
        'splits = { test = "test" }\n',
        r"no row of .* has 'test' in column 'split'; it has 'tset'\. Did you mean 'tset'",
    ),
    "open quote": ('file,class\n"a.png,x\n', "", r"is not a UTF-8 CSV file"),
}


@pytest.mark.parametrize(("text", "more", "message"), WRONG.values(), ids=WRONG)
def test_table_that_does_not_fit_is_refused(tmp_path, text, more, message):
    (tmp_path / "d").mkdir()
    if text is not None:
        with_table(tmp_path, text)

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, TABLE + more)


def test_table_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "t.csv").write_bytes("file,class\né.png,x\n".encode("latin-1"))

    with pytest.raises(UserError, match="is not a UTF-8 CSV file"):
        dataset(tmp_path, TABLE)


def test_all_missing_images_are_named(tmp_path):
    rows = "".join(f"{index:02}.png,x\n" for index in range(30))
    with_table(tmp_path, f"file,class\na.png,x\n{rows}")

    with pytest.raises(UserError) as caught:
        dataset(tmp_path, TABLE).check()

    assert "30 of 31 images are not there" in str(caught.value)
    assert all(f"{index:02}.png" in str(caught.value) for index in range(30))


def test_images_listed_twice_are_named(tmp_path):
    with_table(tmp_path, "file,class\na.png,x\nb.png,x\na.png,y\n")

    with pytest.raises(UserError, match=r"1 images are listed more than once: a\.png\."):
        dataset(tmp_path, TABLE).check()


def test_labels_outside_are_counted_and_named(tmp_path):
    with_table(tmp_path, "file,class\na.png,999\nb.png,1000\nc.png,-1\n")

    with pytest.raises(
        UserError, match=r"2 labels are outside of label space 'imagenet_1k' \(1,000 classes; .*'1000' \(1: b\.png\); '-1' \(1: c\.png\)"
    ):
        dataset(tmp_path, TABLE + 'label_space = "imagenet_1k"\n').check()


def test_everything_wrong_is_told_at_once(tmp_path):
    with_table(tmp_path, "file,class\na.png,7\na.png,7\nz.png,seven\n")

    with pytest.raises(UserError) as caught:
        dataset(tmp_path, TABLE + 'label_space = "imagenet_a"\n').check()

    assert len(str(caught.value).split("\n")) == 3


def test_dataset_without_images_is_refused(tmp_path):
    with_table(tmp_path, "file,class\n", images="")

    with pytest.raises(UserError, match="no images in the test split"):
        dataset(tmp_path, TABLE).check()

"""Class folders: wnids, plain names and numbers; sub-folders as splits; nothing left out silently."""

import numpy as np
import pytest

from fixtures.datasets import label_spaces
from fixtures.errors import UserError
from tests.datasets.pictures import class_folders, dataset, picture, pixels, save, write

PLAIN = '[d]\nlayout = "folders"\nroot = "d"\n'
SPLIT = PLAIN + 'splits = { train = "fit", test = "held" }\n'


def test_classes_are_sorted_and_images_read(tmp_path):
    class_folders(tmp_path / "d", {"b": 2, "a b": 1, "C": 1})

    loaded = dataset(tmp_path, PLAIN)

    loaded.check()
    assert loaded.label_space.class_names == ("C", "a b", "b")
    assert loaded.ids == ("C/0.png", "a b/0.png", "b/0.png", "b/1.png")
    assert loaded.labels is not None
    assert loaded.labels.dtype == np.int64
    assert loaded.labels.tolist() == [0, 1, 2, 2]
    assert np.array_equal(pixels(loaded.read([3])[0]), pixels(picture(1)))


def test_wnids_are_classes_of_imagenet(tmp_path):
    ids = label_spaces.get("imagenet_1k").class_ids
    assert ids is not None
    class_folders(tmp_path / "d", {ids[7]: 1, ids[998]: 1})

    loaded = dataset(tmp_path, PLAIN + 'label_space = "imagenet_1k"\n')

    assert loaded.labels is not None
    assert loaded.labels.tolist() == [7, 998]


def test_wnids_count_through_a_subset(tmp_path):
    space = label_spaces.get("imagenet_r")
    assert space.class_ids is not None
    class_folders(tmp_path / "d", {space.class_ids[0]: 1, space.class_ids[199]: 1})

    loaded = dataset(tmp_path, PLAIN + 'label_space = "imagenet_r"\n')

    assert loaded.labels is not None
    assert loaded.labels.tolist() == [0, 199]


def test_wnids_without_a_meaning_are_refused(tmp_path):
    class_folders(tmp_path / "d", {"n01440764": 1, "n01443537": 1})

    with pytest.raises(UserError, match=r"the classes are wnids .* label_space = \"imagenet_1k\""):
        dataset(tmp_path, PLAIN)


def test_splits_are_sub_folders_and_count_alike(tmp_path):
    class_folders(tmp_path / "d" / "fit", {"a": 1, "b": 1, "c": 1})
    class_folders(tmp_path / "d" / "held", {"c": 2})

    test, train = dataset(tmp_path, SPLIT), dataset(tmp_path, SPLIT, "train")

    assert test.label_space.class_names == train.label_space.class_names == ("a", "b", "c")
    assert test.labels is not None
    assert test.labels.tolist() == [2, 2]
    assert test.ids == ("held/c/0.png", "held/c/1.png")
    assert not set(test.ids) & set(train.ids)


def test_train_split_that_was_not_named_is_refused(tmp_path):
    class_folders(tmp_path / "d", {"a": 1})

    with pytest.raises(UserError, match="there is no train split"):
        dataset(tmp_path, PLAIN, "train")


def test_images_are_found_below_class_folders_and_litter_is_left(tmp_path):
    save(tmp_path / "d" / "a" / "deep" / "er" / "1.JPEG")
    save(tmp_path / "d" / "a" / "0.png")
    for litter in ("a/.hidden", "a/Thumbs.db", ".cache/x.png", "README.txt"):
        write(tmp_path / "d" / litter, "x")

    assert dataset(tmp_path, PLAIN).ids == ("a/0.png", "a/deep/er/1.JPEG")


def test_files_that_are_no_images_are_named(tmp_path):
    class_folders(tmp_path / "d", {"a": 1})
    write(tmp_path / "d" / "a" / "1.jpg_", "x")
    write(tmp_path / "d" / "a" / "notes.txt", "x")

    with pytest.raises(UserError, match=r"2 files in class folders do not end like images .*a/1\.jpg_, a/notes\.txt"):
        dataset(tmp_path, PLAIN)


def test_empty_class_folders_are_named(tmp_path):
    class_folders(tmp_path / "d", {"a": 1})
    (tmp_path / "d" / "b").mkdir()
    (tmp_path / "d" / "c").mkdir()

    with pytest.raises(UserError, match=r"2 folders in .*/d hold no image: b, c"):
        dataset(tmp_path, PLAIN)


def test_broken_link_is_a_missing_image(tmp_path):
    class_folders(tmp_path / "d", {"a": 1})
    (tmp_path / "d" / "a" / "gone.png").symlink_to(tmp_path / "nowhere.png")

    with pytest.raises(UserError, match=r"1 of 2 images are not there: a/gone\.png"):
        dataset(tmp_path, PLAIN).check()


def test_factors_are_found_by_file_name(tmp_path):
    class_folders(tmp_path / "d", {"a": 2, "b": 1})
    write(tmp_path / "d" / "t.csv", "path,light\nb/0.png,3.5\na/1.png,2\na/0.png,1\n")
    table = PLAIN + 'table = "t.csv"\nimage = "path"\nfactors = ["light"]\n'

    assert dataset(tmp_path, table).factors["light"].tolist() == [1.0, 2.0, 3.5]

    save(tmp_path / "d" / "b" / "1.png")
    with pytest.raises(UserError, match=r"no row for 1 images: b/1\.png"):
        dataset(tmp_path, table)


NAMES = {
    "in sorted order": ("cat\nbig dog\n", ("cat", "big dog"), [0, 1]),
    "in sorted order, one as it is": ("a\nbig dog\n", ("a", "big dog"), [0, 1]),
    "of the folders, in another order": ("b\nnone\na\n", ("b", "none", "a"), [2, 0]),
}


@pytest.mark.parametrize(("text", "names", "labels"), NAMES.values(), ids=NAMES)
def test_class_names(tmp_path, text, names, labels):
    class_folders(tmp_path / "d", {"a": 1, "b": 1})
    write(tmp_path / "names.txt", text)

    loaded = dataset(tmp_path, PLAIN + 'class_names = "names.txt"\n')

    loaded.check()
    assert loaded.label_space.class_names == names
    assert loaded.labels is not None
    assert loaded.labels.tolist() == labels


WRONG_NAMES = {
    "too few": ('["cat"]', r"1 names for 2 classes \(a, b\)"),
    "readable two ways": ('["b", "dog"]', r"'b' are labels, but stand where another label's name belongs \(the labels in order: a, b\)"),
    "doubled": ('["cat", "cat"]', r"'cat' stand more than once"),
}


@pytest.mark.parametrize(("names", "message"), WRONG_NAMES.values(), ids=WRONG_NAMES)
def test_class_names_that_do_not_fit_are_refused(tmp_path, names, message):
    class_folders(tmp_path / "d", {"a": 1, "b": 1})

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, PLAIN + f"class_names = {names}\n")


def test_class_names_with_a_gap_are_refused(tmp_path):
    class_folders(tmp_path / "d", {"a": 1, "b": 1})
    write(tmp_path / "d" / "names.txt", "cat\n\ndog\n")

    with pytest.raises(UserError, match=r"line 2 of .*names\.txt is empty"):
        dataset(tmp_path, PLAIN + 'class_names = "names.txt"\n')


def test_class_names_of_some_folders_only_leave_the_others_outside(tmp_path):
    class_folders(tmp_path / "d", {"a": 1, "b": 2})

    with pytest.raises(UserError, match=r"2 labels are outside of label space 'd' \(1 classes; .*'b' \(2: b/0\.png, b/1\.png\)"):
        dataset(tmp_path, PLAIN + 'class_names = ["a"]\n').check()

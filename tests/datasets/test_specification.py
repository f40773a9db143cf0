"""A user's TOML table means what the issue says, and every mistake in it is one clear line."""

import pytest

from fixtures.datasets import catalog
from fixtures.errors import UserError
from tests.datasets.pictures import class_folders, dataset, save, write

AS_DOCUMENTED = """
    [photos]
    layout = "csv"                        # folders | csv | npy | tar
    root = "photos"                       # relative to this file
    table = "labels.csv"
    image = "file"
    label = "imagenet_index"              # column; folders: the folder name
    label_space = "imagenet_1k"           # absent: the dataset's own classes
    splits = { train = "fit", test = "held out" }   # optional: sub-folders, or values of a `split` column
    class_names = "classes.txt"           # optional: names for zero-shot
    prompts = ["a photo of a {}."]
    factors = ["light", "place"]          # optional: what else is known about each image
"""


def test_documented_table_loads_as_written(tmp_path):
    write(
        tmp_path / "photos" / "labels.csv",
        """
        file,imagenet_index,light,place,split
        a.png,3,1,007,held out
        b.png,999,2,010,fit
        c.png,0,3,home,held out
        """,
    )
    write(tmp_path / "classes.txt", "\n".join(f"thing {index}" for index in range(1000)))
    for index, name in enumerate("abc"):
        save(tmp_path / "photos" / f"{name}.png", index)

    loaded = dataset(tmp_path, AS_DOCUMENTED)

    loaded.check()
    assert loaded.ids == ("a.png", "c.png")
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [3, 0]
    assert loaded.label_space.class_names[999] == "thing 999"
    assert loaded.prompts == ("a photo of a {}.",)
    assert loaded.factors["light"].tolist() == [1, 3]
    assert loaded.factors["place"].tolist() == ["007", "home"]
    assert loaded.knows == {
        "labels", "right_answers", "factors", "class_names", "train_split", "in_distribution", "independent", "relevance",
    }  # fmt: skip


def test_one_table_needs_no_name_and_several_do(tmp_path):
    class_folders(tmp_path / "a", {"x": 1})
    one = write(tmp_path / "one.toml", '[a]\nlayout = "folders"\nroot = "a"\n')
    two = write(tmp_path / "two.toml", '[a]\nlayout = "folders"\nroot = "a"\n[b]\nlayout = "folders"\nroot = "a"\n')

    assert catalog.resolve(str(one)).name == "a"
    assert catalog.resolve(f"{two}:b").name == "b"
    with pytest.raises(UserError, match=r"2 datasets: a, b\. Say which: .*two\.toml:a"):
        catalog.resolve(str(two))
    with pytest.raises(UserError, match=r"no table \[c\]; it has a, b"):
        catalog.resolve(f"{two}:c")


GOOD = 'layout = "folders"\nroot = "a"\n'
REFUSED = {
    "unknown key": (GOOD + 'lable = "x"', r"datasets\.toml \[mine\]: unknown key 'lable'\. Did you mean .*'label'"),
    "catalogue key": (GOOD + 'folders = ["x"]', r"unknown key 'folders'"),
    "inner key": (GOOD + 'source = "x"', r"unknown key 'source'"),
    "layout": ('layout = "folder"\nroot = "a"', r"layout: got 'folder', wanted .*Did you mean 'folders'"),
    "no layout": ('root = "a"', r"layout is missing"),
    "no root": ('layout = "folders"', r"root is missing: the folder of the dataset"),
    "root that is not there": ('layout = "folders"\nroot = "b"', r"there is no folder .*/b \(root = 'b' is relative to the TOML file\)"),
    "root of a wrong type": ('layout = "folders"\nroot = 3', r"root: got 3, wanted "),
    "prompts of a wrong type": (GOOD + 'prompts = "a {}"', r"prompts: got 'a \{\}', wanted a valid tuple"),
    "prompt without a place": (GOOD + 'prompts = ["a photo"]', r"prompts: 'a photo': each needs \{\} once"),
    "class_names of a wrong type": (GOOD + "class_names = 7", r"class_names: got 7, wanted a file name or a list of names"),
    "class_names that are not there": (GOOD + 'class_names = "c.txt"', r"class_names: there is no such file: .*/a/c\.txt, .*/c\.txt"),
    "label space": (GOOD + 'label_space = "imagenet1k"', r"label_space: got 'imagenet1k', .*Did you mean 'imagenet_1k'"),
    "split's name": (GOOD + 'splits = { test = "x", validation = "y" }', r"splits: unknown key 'validation', wanted train and test"),
    "no test split": (GOOD + 'splits = { train = "x" }', r"splits: test is missing"),
    "split of a wrong type": (GOOD + "splits = { test = 1 }", r"splits\.test: got 1, wanted a valid string"),
    "split that is not there": (GOOD + 'splits = { test = "y" }', r"splits: test: there is no folder .*/a/y"),
    "label of folders": (GOOD + 'label = "x"', r"label: not used with layout 'folders'"),
    "table of shards": ('layout = "tar"\nroot = "a"\ntable = "x"', r"table: not used with layout 'tar'"),
    "csv without a table": ('layout = "csv"\nroot = "a"', r"table: missing; layout 'csv' needs"),
    "queries without a gallery": (GOOD + 'queries = "x"', r"queries: needs gallery = "),
    "gallery that is not there": (GOOD + 'queries = "x"\ngallery = "y"', r"gallery: there is no folder .*/a/y"),
    "queries of a table": ('layout = "csv"\nroot = "a"\ntable = "t"\nqueries = "x"\ngallery = "x"', r"queries: with layout 'folders' only"),
    "queries of a shift": (GOOD + 'queries = "x"\ngallery = "x"\nshift_of = "shapes"', r"shift_of: not used with queries or pairs"),
    "no ground truth": ('layout = "ground_truth"\nroot = "a"', r"ground_truth: missing; layout 'ground_truth' needs the name"),
    "ground truth with labels": (
        'layout = "ground_truth"\nroot = "a"\nground_truth = "g"\nlabel = "x"',
        r"label: not used with layout 'ground_truth'",
    ),
    "level": ('layout = "ground_truth"\nroot = "a"\nground_truth = "g"\nlevel = "high"', r"level: got 'high', wanted "),
    "files without a name": (
        'layout = "ground_truth"\nroot = "a"\nground_truth = "g"\nimage = "jpg"',
        r"image: got 'jpg', wanted \{\} where",
    ),
    "pairs of folders": (GOOD + 'pairs = "p"', r"pairs: with layout 'pairs', 'shapes' only"),
    "pairs of the embedded images": ('layout = "shapes"\npairs = "p"', r"pairs: got 'p', wanted 'class'"),
    "captions of folders": (GOOD + 'captions = "c"', r"captions: with layout 'csv', 'shapes' only"),
    "factors without a table": (GOOD + 'factors = ["x"]', r"factors: x must be columns of a table"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_mistake_in_a_table_is_named(tmp_path, text, message):
    class_folders(tmp_path / "a", {"x": 1})

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, f"[mine]\n{text}\n")


def test_every_mistake_of_a_table_is_named_at_once(tmp_path):
    with pytest.raises(UserError) as caught:
        dataset(tmp_path, "[mine]\nlayout = 1\nroot = 2\n")

    assert "layout: got 1" in str(caught.value)
    assert "root: got 2" in str(caught.value)


FILES = {
    "nothing in it": ("", r"it is empty\. Wanted one table a dataset: a line \[NAME\]"),
    "no table": ('layout = "folders"\n', r"layout stand outside of any table"),
    "no TOML": ("[a\n", r"is not TOML: "),
    "name with a slash": ('["a/b"]\nlayout = "folders"\nroot = "."\n', r"letters, digits"),
}


@pytest.mark.parametrize(("text", "message"), FILES.values(), ids=FILES)
def test_file_without_datasets_is_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        dataset(tmp_path, text)


def test_absent_file_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no file .*/none\.toml: wanted a TOML file"):
        catalog.resolve(str(tmp_path / "none.toml"))


def test_specification_is_hashable_and_equal_by_value(tmp_path):
    class_folders(tmp_path / "a", {"x": 1})
    file = write(tmp_path / "d.toml", "[a]\n" + GOOD + 'splits = { test = "x" }\n')

    assert {catalog.resolve(str(file)), catalog.resolve(f"{file}:a")} == {catalog.resolve(str(file))}

"""Datasets that are searched: who answers whom, in folders and in published ground truth."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from fixtures.datasets import catalog, loading
from fixtures.datasets.queries import Lists, in_order, lists, of_dataset, of_labels
from fixtures.datasets.readers import plain_pickle
from fixtures.errors import UserError
from tests.datasets.pictures import class_folders, dataset, picture, pixels, save, write

FOLDERS = '[d]\nlayout = "folders"\nroot = "d"\ngallery = "index"\nqueries = "asked"\n'
GROUND_TRUTH = '[d]\nlayout = "ground_truth"\nroot = "d"\nground_truth = "gnd.pkl"\nimage = "jpg/{}.png"\n'


def test_sub_folders_are_searched_and_asked_with(tmp_path):
    class_folders(tmp_path / "d" / "index", {"mug": 2, "pan": 1, "pot": 1})
    class_folders(tmp_path / "d" / "asked", {"mug": 1, "pot": 2})

    loaded = dataset(tmp_path, FOLDERS)

    loaded.check()
    assert loaded.ids[:2] == ("index/mug/0.png", "index/mug/1.png")
    assert loaded.queries is not None
    assert loaded.labels is not None
    assert [loaded.ids[row] for row in loaded.queries.queries] == ["asked/mug/0.png", "asked/pot/0.png", "asked/pot/1.png"]
    assert loaded.queries.gallery.tolist() == [0, 1, 2, 3]
    assert loaded.queries.right is loaded.labels
    assert {"queries", "relevance"} <= loaded.knows
    assert not {"labels", "class_names", "in_distribution", "right_answers"} & loaded.knows  # things have names, and are no classes


def test_one_folder_is_searched_with_each_of_its_images(tmp_path):
    class_folders(tmp_path / "d", {"mug": 2, "pan": 1})

    loaded = dataset(tmp_path, FOLDERS.replace('"index"', '"."').replace('"asked"', '"."'))

    assert loaded.queries is not None
    assert loaded.ids == ("mug/0.png", "mug/1.png", "pan/0.png")
    assert (loaded.queries.queries.tolist(), loaded.queries.gallery.tolist()) == ([0, 1, 2], [0, 1, 2])


def test_class_folders_without_queries_are_searched_with_each_image(tmp_path):
    class_folders(tmp_path / "d", {"mug": 2, "pan": 1})

    loaded = dataset(tmp_path, '[d]\nlayout = "folders"\nroot = "d"\n')

    assert loaded.queries is None
    assert "queries" not in loaded.knows
    assert {"relevance", "labels"} <= loaded.knows
    asked = of_dataset(loaded)
    assert (asked.queries.tolist(), asked.gallery.tolist(), asked.right is loaded.labels) == ([0, 1, 2], [0, 1, 2], True)


TRUTH = {
    "imlist": ["a", "b", "c", "d", "e"],
    "qimlist": ["q", "a2", "a2"],
    "gnd": [
        {"easy": [1], "hard": [2, 4], "junk": [0], "bbx": [1.2, 2.0, 6.6, 7.0]},
        {"easy": [], "hard": [3], "junk": [], "bbx": [0, 0, 4, 4]},
        {"easy": [0, 1], "hard": [], "junk": [2], "bbx": [0, 0, 5, 5]},
    ],
}


def buildings(folder: Path, truth: object = TRUTH, name: str = "gnd.pkl") -> Path:
    for index, image in enumerate(["a", "b", "c", "d", "e", "q", "a2"]):
        save(folder / "d" / "jpg" / f"{image}.png", index)
    content = json.dumps(truth).encode() if name.endswith("json") else pickle.dumps(truth, protocol=2)
    (folder / "d" / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", ["gnd.pkl", "gnd.json"])
def test_ground_truth_is_read_and_queries_are_cut_to_their_box(tmp_path, name):
    loaded = dataset(buildings(tmp_path, name=name), GROUND_TRUTH.replace("gnd.pkl", name))

    loaded.check()
    assert loaded.labels is None
    assert loaded.ids[4:] == ("jpg/e.png", "jpg/q.png#1.2,2,6.6,7", "jpg/a2.png#0,0,4,4", "jpg/a2.png#0,0,5,5")
    assert loaded.queries is not None
    assert loaded.queries.queries.tolist() == [5, 6, 7]
    assert loaded.queries.gallery.tolist() == [0, 1, 2, 3, 4]
    assert loaded.knows == {"queries", "relevance", "independent"}
    whole, cut = loaded.read([0, 5])
    assert np.array_equal(pixels(whole), pixels(picture(0)))
    assert np.array_equal(pixels(cut), pixels(picture(5))[2:7, 1:7])
    assert len(set(loaded.digests(range(8), tmp_path / "cache"))) == 8  # one file cut in two ways is two images


LEVELS = {
    "easy": ([[1], [], [0, 1]], [[0, 2, 4], [3], [2]]),
    "medium": ([[1, 2, 4], [3], [0, 1]], [[0], [], [2]]),
    "hard": ([[2, 4], [3], []], [[0, 1], [], [0, 1, 2]]),
}


@pytest.mark.parametrize(("level", "expected"), LEVELS.items(), ids=LEVELS)
def test_level_says_what_is_right_and_what_is_taken_out(tmp_path, level, expected):
    loaded = dataset(buildings(tmp_path), GROUND_TRUTH + f'level = "{level}"\n')

    asked = loaded.queries
    assert asked is not None
    assert isinstance(asked.right, Lists)
    assert asked.junk is not None
    assert ([sorted(asked.right.of(i)) for i in range(3)], [sorted(asked.junk.of(i)) for i in range(3)]) == expected


def test_level_is_medium_unless_told(tmp_path):
    loaded, published = (dataset(buildings(tmp_path), GROUND_TRUTH + more) for more in ("", "trapezoid = true\n"))

    assert loaded.queries is not None
    assert published.queries is not None
    assert isinstance(loaded.queries.right, Lists)
    assert loaded.queries.right.of(0).tolist() == [1, 2, 4]
    assert (loaded.queries.trapezoid, published.queries.among(np.arange(7)).trapezoid) == (False, True)


def test_arrays_of_any_protocol_are_data(tmp_path):
    table = {
        "numbers": np.array([1, 2]),
        "one": np.float64(0.5),
        "text": "é",
        "more": [(1, None), {"a": True}],
        "set": {1},
        "bytes": b"\xff",
    }
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / "table.pkl").write_bytes(pickle.dumps(table, protocol=protocol))

        found = plain_pickle.read(tmp_path / "table.pkl")

        assert found["numbers"].tolist() == [1, 2]
        assert {key: found[key] for key in table if key != "numbers"} == {key: table[key] for key in table if key != "numbers"}


class Runs:
    """What a pickle may do when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.path,))


def test_pickle_that_runs_something_is_refused_and_runs_nothing(tmp_path):
    buildings(tmp_path, {**TRUTH, "imlist": Runs(tmp_path / "ran")})

    with pytest.raises(
        UserError, match=r"ground_truth: .*/gnd\.pkl was not read: it asks for .*, which is no data\. Wanted a pickle of plain"
    ):
        dataset(tmp_path, GROUND_TRUTH)
    assert not (tmp_path / "ran").exists()


def changed(index: int, **answers: object) -> dict:
    truth = [dict(each) for each in TRUTH["gnd"]]
    truth[index] |= answers
    return {**TRUTH, "gnd": truth}


REFUSED = {
    "position outside": (changed(0, hard=[5]), r"query 0 \(q\): hard must be positions in imlist, 0 to 4"),
    "fraction": (changed(1, easy=[0.5]), r"query 1 \(a2\): easy must be positions"),
    "box turned round": (changed(2, bbx=[5, 5, 0, 0]), r"query 2 \(a2\): bbx must be left, upper, right and lower"),
    "query left over": ({**TRUTH, "gnd": TRUTH["gnd"][:2]}, r"has 5 imlist, 3 qimlist and 2 gnd; wanted one gnd a query"),
    "no list": ({"imlist": ["a"], "gnd": []}, r"has no list 'qimlist'; it has 'imlist', 'gnd'"),
    "no table": ([1], r"holds a list, wanted imlist, qimlist and gnd by name"),
}


@pytest.mark.parametrize(("truth", "message"), REFUSED.values(), ids=REFUSED)
def test_ground_truth_that_does_not_fit_is_refused(tmp_path, truth, message):
    with pytest.raises(UserError, match=message):
        dataset(buildings(tmp_path, truth), GROUND_TRUTH)


def test_broken_and_missing_ground_truth_is_named(tmp_path):
    buildings(tmp_path)
    (tmp_path / "d" / "gnd.pkl").write_bytes(b"no pickle")
    with pytest.raises(UserError, match=r"gnd\.pkl was not read"):
        dataset(tmp_path, GROUND_TRUTH)
    (tmp_path / "d" / "gnd.pkl").unlink()
    with pytest.raises(UserError, match=r"ground_truth: there is no file .*gnd\.pkl"):
        dataset(tmp_path, GROUND_TRUTH)
    with pytest.raises(UserError, match="there is no train split"):
        loading.load(catalog.resolve(str(tmp_path / "datasets.toml")), "train")


def test_missing_image_is_named_as_it_is_asked_for(tmp_path):
    buildings(tmp_path)
    (tmp_path / "d" / "jpg" / "a2.png").unlink()

    with pytest.raises(UserError, match=r"2 of 8 images are not there: jpg/a2\.png#0,0,4,4, jpg/a2\.png#0,0,5,5"):
        dataset(tmp_path, GROUND_TRUTH).check()


def test_part_of_a_search_has_queries_with_their_answers(tmp_path):
    loaded = dataset(buildings(tmp_path), GROUND_TRUTH)
    assert loaded.queries is not None
    for n in range(1, 9):
        rows = loaded.subset(n)
        asked = loaded.queries.among(rows)
        assert len(rows) == n
        assert set(loaded.subset(max(1, n - 1))) <= set(rows)
        assert [loaded.ids[rows[row]] for row in asked.queries] == [loaded.ids[row] for row in rows if row >= 5]
        assert isinstance(asked.right, Lists)
        assert all({rows[row] for row in asked.right.of(index)} <= {0, 1, 2, 3, 4} for index in range(len(asked.queries)))
    whole = loaded.queries.among(np.arange(8))
    assert isinstance(whole.right, Lists)
    assert isinstance(loaded.queries.right, Lists)
    assert whole.right.rows.tolist() == loaded.queries.right.rows.tolist()


def test_part_of_many_queries_holds_whole_ones():
    asked = of_labels(np.arange(100) // 2)
    answers = lists([row ^ 1] for row in range(100))

    first = in_order(asked, answers, np.random.default_rng(0).permutation(100).astype(np.uint64))[:40]

    assert len(set(first)) == 40
    assert sum((row ^ 1) in set(first) for row in first) >= 20


def test_labels_of_a_part_are_those_of_its_rows():
    part = of_labels(np.array([3, 1, 3, 2])).among(np.array([0, 2]))

    assert isinstance(part.right, np.ndarray)
    assert (part.queries.tolist(), part.gallery.tolist(), part.right.tolist()) == ([0, 1], [0, 1], [3, 3])


@pytest.mark.parametrize("name", ["roxford5k", "rparis6k"])
def test_levels_of_the_buildings_are_two_datasets_over_the_same_images(tmp_path, name):
    medium, hard = (catalog.resolve(f"{name}_{level}", tmp_path) for level in ("medium", "hard"))

    assert (medium.level, hard.level) == ("medium", "hard")
    assert (medium.folders, medium.ground_truth, medium.image) == (hard.folders, hard.ground_truth, "jpg/{}.jpg")
    assert medium.trapezoid
    assert hard.trapezoid


def test_copies_are_found_by_their_original(tmp_path):
    class_folders(tmp_path / "copydays" / "gallery", {"2000": 1, "2001": 1})
    class_folders(tmp_path / "copydays" / "query", {"2001": 2})
    write(tmp_path / "readme.txt", "")

    loaded = loading.load(catalog.resolve("copydays", tmp_path))

    assert loaded.queries is not None
    assert loaded.labels is not None
    assert loaded.labels[loaded.queries.queries].tolist() == [1, 1]
    assert loaded.labels[loaded.queries.gallery].tolist() == [0, 1]

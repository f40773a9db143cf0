"""Images with several labels or none: a column each, and what is unknown stays unknown."""

import numpy as np
import pytest

from fixtures.datasets import annotations, catalog, loading
from fixtures.errors import UserError
from tests.datasets.pictures import dataset, save, write

FIVE = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
TABLE = '[d]\nlayout = "csv"\nroot = "d"\ntable = "t.csv"\nlabel_columns = ["wet", "cold"]\nmetric = "auroc"\n'


def with_table(folder, text):
    write(folder / "d" / "t.csv", text)
    for index, name in enumerate("abc"):
        save(folder / "d" / f"{name}.png", index)


def chexpert(data):
    """Two studies to train on and one to judge on, in the columns of the published tables."""
    others = "Sex,Age,Frontal/Lateral,AP/PA,No Finding"
    header = f"Path,{others},{','.join(FIVE)}"
    rows = {
        "train": ["1,,-1.0,0.0,1.0", ",-1.0,,1.0,0.0"],
        "valid": ["0.0,1.0,0.0,0.0,1.0"],
    }
    for split, lines in rows.items():
        names = [f"CheXpert-v1.0-small/{split}/patient0000{number}/study1/view1_frontal.jpg" for number in range(len(lines))]
        cells = [f"{name},Female,68,Frontal,AP,,{line}" for name, line in zip(names, lines, strict=True)]
        write(data / "chexpert" / "CheXpert-v1.0-small" / f"{split}.csv", "\n".join([header, *cells]) + "\n")
        for number, name in enumerate(names):
            save(data / "chexpert" / name, number)


def test_chexpert_is_read_from_its_own_tables(tmp_path):
    chexpert(tmp_path)
    spec = catalog.resolve("chexpert", tmp_path)

    train, test = loading.load(spec, "train"), loading.load(spec)

    test.check()
    train.check()
    assert train.label_matrix is not None
    assert test.label_matrix is not None
    assert train.label_matrix.tolist() == [[1, 0, -1, 0, 1], [0, -1, 0, 1, 0]]
    assert test.label_matrix.tolist() == [[0, 1, 0, 0, 1]]
    assert test.label_matrix.dtype == np.int8
    assert test.label_space.class_names == train.label_space.class_names == FIVE
    assert test.ids == ("CheXpert-v1.0-small/valid/patient00000/study1/view1_frontal.jpg",)
    assert (test.metric, test.labels) == ("auroc", None)
    assert len(test.read([0])) == 1


def test_images_with_several_labels_have_no_one_right_class(tmp_path):
    with_table(tmp_path, "file,wet,cold\na.png,1,0\nb.png,0,\nc.png,-1,1\n")

    found = dataset(tmp_path, TABLE)

    found.check()
    assert found.knows == {"label_matrix", "in_distribution", "independent"}
    assert found.label_matrix is not None
    assert found.label_matrix.tolist() == [[1, 0], [0, 0], [-1, 1]]
    assert len(found.subset(2)) == 2


def test_a_changed_label_changes_what_is_known(tmp_path):
    with_table(tmp_path, "file,wet,cold\na.png,1,0\n")
    before = annotations.digest(dataset(tmp_path, TABLE))
    with_table(tmp_path, "file,wet,cold\na.png,1,1\n")

    assert annotations.digest(dataset(tmp_path, TABLE)) != before


def test_splits_may_be_tables(tmp_path):
    with_table(tmp_path, "file,class\na.png,x\n")
    write(tmp_path / "d" / "u.csv", "file,class\nb.png,y\nc.png,x\n")
    table = '[d]\nlayout = "csv"\nroot = "d"\nlabel = "class"\nsplits = { train = "t.csv", test = "u.csv" }\n'

    train, test = dataset(tmp_path, table, "train"), dataset(tmp_path, table)

    assert (train.ids, test.ids) == (("a.png",), ("b.png", "c.png"))
    assert train.label_space.class_names == test.label_space.class_names == ("x", "y")


def test_table_of_a_split_that_is_not_there_is_named(tmp_path):
    with_table(tmp_path, "file,class\na.png,x\n")

    with pytest.raises(UserError, match=r"table: there is no file .*/d/u\.csv"):
        dataset(tmp_path, '[d]\nlayout = "csv"\nroot = "d"\nlabel = "class"\nsplits = { train = "t.csv", test = "u.csv" }\n')


def test_cell_that_says_something_else_is_named(tmp_path):
    with_table(tmp_path, "file,wet,cold\na.png,1,maybe\nb.png,2,0\n")

    with pytest.raises(UserError, match=r"2 cells are none of 1 \(yes\).*: a\.png \(cold: 'maybe'\), b\.png \(wet: '2'\)\."):
        dataset(tmp_path, TABLE)


REFUSED = {
    "accuracy": (TABLE.replace('metric = "auroc"\n', ""), r"metric: 'accuracy' is of images with one label each; .*auroc or mean_average"),
    "unknown metric": (TABLE.replace("auroc", "auc"), r"metric: got 'auc', wanted 'accuracy', 'mean_per_class', 'auroc' or 'mean_average"),
    "auroc of classes": ('[d]\nlayout = "folders"\nroot = "d"\nmetric = "auroc"\n', r"metric: 'auroc' needs label_columns"),
    "label": (TABLE + 'label = "wet"\n', r"label: not used with label_columns"),
    "layout": (TABLE.replace('"csv"', '"npy"'), r"label_columns: not used with layout 'npy'"),
    "twice": (TABLE.replace('"cold"', '"wet"'), r"each label may stand there once"),
    "no column": (TABLE.replace('"cold"', '"colt"'), r"no column 'colt'\. Did you mean 'cold'"),
    "voc": (
        '[d]\nlayout = "torchvision"\ntorchvision = "VOCDetection"\nroot = "d"\n',
        r"label_columns: missing; an image of VOCDetection shows several objects",
    ),
}


@pytest.mark.parametrize(("table", "message"), REFUSED.values(), ids=REFUSED)
def test_mistake_in_a_table_is_named(tmp_path, table, message):
    with_table(tmp_path, "file,wet,cold\na.png,1,0\n")

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, table)

"""Images and labels in two .npy files, as CIFAR-10.1 and CIFAR-C come."""

import numpy as np
import pytest

from fixtures.datasets import catalog, loading
from fixtures.errors import UserError
from tests.datasets.pictures import dataset, pixels, settle, write

TABLE = '[d]\nlayout = "npy"\nroot = "d"\n'


def images(n=5, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 6, 3), dtype=np.uint8)


def put(folder, name, array, **options):
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / name, array, **options)
    return settle(folder / name)


def test_images_and_labels_are_read_by_row(tmp_path):
    put(tmp_path / "d", "images.npy", images())
    put(tmp_path / "d", "labels.npy", np.array([3, 1, 1, 3, 0]))

    loaded = dataset(tmp_path, TABLE)

    loaded.check()
    assert loaded.ids[4] == "images.npy[4]"
    assert loaded.label_space.class_names == ("0", "1", "3")
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [2, 1, 1, 2, 0]
    assert [np.array_equal(pixels(image), images()[row]) for image, row in zip(loaded.read([4, 0]), (4, 0), strict=True)] == [True, True]


def test_cifar_10_1_is_found_and_named(tmp_path):
    put(tmp_path / "cifar10.1", "cifar10.1_v6_data.npy", images())
    put(tmp_path / "cifar10.1", "cifar10.1_v6_labels.npy", np.array([0, 9, 2, 3, 4]))

    loaded = loading.load(catalog.resolve("cifar10_1", tmp_path))

    loaded.check()
    assert loaded.labels is not None
    assert [loaded.label_space.class_names[label] for label in loaded.labels] == ["airplane", "truck", "bird", "cat", "deer"]


def test_splits_files_and_factors(tmp_path):
    for part, seed in (("one", 0), ("two", 1)):
        put(tmp_path / "d" / part, "fog.npy", images(3, seed))
        put(tmp_path / "d" / part, "y.npy", np.array([0, 1, 2], dtype=np.uint8))
        write(tmp_path / "d" / part / "t.csv", "severity\n1\n2\n3\n")
    table = (
        TABLE + 'image = "fog.npy"\nlabel = "y.npy"\ntable = "t.csv"\nfactors = ["severity"]\nsplits = { train = "one", test = "two" }\n'
    )

    loaded = dataset(tmp_path, table)

    assert loaded.ids[0] == "two/fog.npy[0]"
    assert loaded.factors["severity"].tolist() == [1, 2, 3]
    assert np.array_equal(pixels(loaded.read([2])[0]), images(3, 1)[2])


def test_labels_outside_are_named(tmp_path):
    put(tmp_path / "d", "images.npy", images())
    put(tmp_path / "d", "labels.npy", np.array([0, 1, 2, 1, 2]))

    with pytest.raises(UserError, match=r"2 labels are outside .*'2' \(2: images\.npy\[2\], images\.npy\[4\]\)"):
        dataset(tmp_path, TABLE + 'class_names = ["cat", "dog"]\n').check()


LABELS = np.zeros(5, dtype=np.int64)
WRONG = {
    "no images": (None, LABELS, r"image: there is no file .*images\.npy"),
    "no labels": (images(), None, r"label: there is no file .*labels\.npy"),
    "floats": (images().astype(np.float32), LABELS, r"images\.npy is float32 \[5, 8, 6, 3\], wanted uint8 \[n, height, width, 3\]"),
    "channels first": (images().transpose(0, 3, 1, 2), LABELS, r"uint8 \[5, 3, 8, 6\], wanted"),
    "too few labels": (images(), LABELS[:4], r"labels\.npy is int64 \[4\], wanted one integer an image: int \[5\]"),
    "float labels": (images(), LABELS.astype(np.float64), r"labels\.npy is float64"),
}


@pytest.mark.parametrize(("pictures", "labels", "message"), WRONG.values(), ids=WRONG)
def test_arrays_that_do_not_fit_are_refused(tmp_path, pictures, labels, message):
    (tmp_path / "d").mkdir()
    for name, array in (("images.npy", pictures), ("labels.npy", labels)):
        if array is not None:
            put(tmp_path / "d", name, array)

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, TABLE)


def test_truncated_array_is_refused(tmp_path):
    put(tmp_path / "d", "labels.npy", LABELS)
    whole = put(tmp_path / "d", "images.npy", images())
    whole.write_bytes(whole.read_bytes()[:-10])

    with pytest.raises(UserError, match=r"images\.npy is no whole \.npy file"):
        dataset(tmp_path, TABLE)


def test_pickled_objects_are_never_loaded(tmp_path):
    put(tmp_path / "d", "images.npy", images())
    put(tmp_path / "d", "labels.npy", np.array([{}] * 5, dtype=object), allow_pickle=True)

    with pytest.raises(UserError, match=r"labels\.npy is no whole \.npy file of numbers"):
        dataset(tmp_path, TABLE)


def test_table_of_another_length_is_refused(tmp_path):
    put(tmp_path / "d", "images.npy", images())
    put(tmp_path / "d", "labels.npy", LABELS)
    write(tmp_path / "d" / "t.csv", "severity\n1\n")

    with pytest.raises(UserError, match="has 1 rows for 5 images"):
        dataset(tmp_path, TABLE + 'table = "t.csv"\nfactors = ["severity"]\n')


def test_digest_is_of_the_row(tmp_path):
    twice = images()
    twice[1] = twice[0]
    put(tmp_path / "d", "images.npy", twice)
    put(tmp_path / "d", "labels.npy", LABELS)

    digests = dataset(tmp_path, TABLE).digests(range(5), tmp_path / "cache")

    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_same_bytes_in_another_shape_are_another_image(tmp_path):
    found = []
    for name, shape in (("a", (8, 6)), ("b", (6, 8))):
        put(tmp_path / name / "d", "images.npy", images().reshape(5, *shape, 3))
        put(tmp_path / name / "d", "labels.npy", LABELS)
        found.append(dataset(tmp_path / name, TABLE).digests([0], tmp_path / "cache"))

    assert found[0] != found[1]

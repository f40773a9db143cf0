"""Reading as PIL does, refusing what cannot be read, and subsets that lie within one another."""

import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from fixtures.datasets.dataset import Dataset
from fixtures.datasets.decoding import UnreadableImages
from fixtures.datasets.label_spaces import LabelSpace
from fixtures.datasets.loading import factor_column
from fixtures.datasets.readers.listing import FileImages
from fixtures.errors import BadInput, UserError
from tests.datasets.pictures import class_folders, dataset, picture, pixels, save

PLAIN = '[d]\nlayout = "folders"\nroot = "d"\n'
FILES = {
    "grey": ("L", "g.png", {}),
    "grey and alpha": ("LA", "la.png", {}),
    "palette": ("P", "p.png", {}),
    "palette with transparency": ("P", "p.gif", {"transparency": 0}),
    "one bit": ("1", "b.png", {}),
    "alpha": ("RGBA", "a.png", {}),
    "CMYK": ("CMYK", "c.jpg", {}),
    "16 bit": ("I;16", "i.png", {}),
    "16 bit tiff": ("I;16", "i.tiff", {}),
    "webp": ("RGB", "w.webp", {}),
}


@pytest.mark.parametrize(("mode", "name", "options"), FILES.values(), ids=FILES)
def test_every_kind_of_image_becomes_what_pil_makes_of_it(tmp_path, mode, name, options):
    path = tmp_path / "d" / "a" / name
    path.parent.mkdir(parents=True)
    picture(1, mode=mode).save(path, **options)

    image = dataset(tmp_path, PLAIN).read([0])[0]

    assert image.mode == "RGB"
    with Image.open(path) as reference:
        assert np.array_equal(pixels(image), pixels(reference.convert("RGB")))


def test_exif_rotation_is_not_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    save(tmp_path / "d" / "a" / "0.jpg", exif=exif, quality=100)
    with Image.open(tmp_path / "d" / "a" / "0.jpg") as turned:
        assert turned.getexif()[0x0112] == 6

    assert dataset(tmp_path, PLAIN).read([0])[0].size == picture(0).size


def test_all_unreadable_images_are_named(tmp_path):
    folder = class_folders(tmp_path / "d", {"a": 6}) / "a"
    for name, content in (("1.png", b""), ("2.png", (folder / "2.png").read_bytes()[:-40]), ("3.png", b"no image"), ("5.png", None)):
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
    save(folder / "6.jpg", 1)
    loaded = dataset(tmp_path, PLAIN)
    (folder / "6.jpg").write_bytes((folder / "6.jpg").read_bytes()[:-150])
    (folder / "4.png").unlink()

    with pytest.raises(BadInput) as caught:
        loaded.read(range(len(loaded)))

    assert isinstance(caught.value, UnreadableImages)
    assert list(caught.value.files) == ["a/1.png", "a/2.png", "a/3.png", "a/4.png", "a/6.jpg"]
    assert caught.value.files["a/4.png"] == "no such file"
    assert caught.value.files["a/3.png"] == "not an image"
    assert "5 images of d cannot be read" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).files == caught.value.files
    assert len(loaded.read([0])) == 1


def test_truncated_images_are_never_read_as_grey(tmp_path, monkeypatch):
    class_folders(tmp_path / "d", {"a": 1})
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)

    with pytest.raises(UserError, match="LOAD_TRUNCATED_IMAGES is on"):
        dataset(tmp_path, PLAIN).read([0])


def test_threads_may_read_at_once(tmp_path):
    class_folders(tmp_path / "d", {"a": 20})
    loaded = dataset(tmp_path, PLAIN)
    expected = [pixels(image) for image in loaded.read(range(20))]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: pixels(loaded.read([row % 20])[0]), range(200)))

    assert all(np.array_equal(image, expected[row % 20]) for row, image in enumerate(found))


def described(labels):
    """A dataset with these labels and no files."""
    ids = tuple(f"{index}.png" for index in range(len(labels)))
    space = LabelSpace("d", tuple(map(str, range(max(labels, default=0) + 1))))
    return Dataset("d", "test", ids, np.array(labels, dtype=np.int64), space, images=FileImages("d", Path("/nowhere"), ids))


@settings(max_examples=100, deadline=None)
@given(
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=80),
    sizes=st.lists(st.integers(1, 100), min_size=2, max_size=6),
    seed=st.integers(0, 3),
)
def test_subsets_are_nested_stratified_and_sorted(labels, sizes, seed):
    data = described(labels)
    available = Counter(labels)
    subsets = [data.subset(n, seed) for n in sorted(sizes)]

    for n, subset in zip(sorted(sizes), subsets, strict=True):
        assert len(subset) == min(n, len(labels))
        assert subset.dtype == np.int64
        assert (np.diff(subset) > 0).all()
        found = Counter(np.array(labels)[subset].tolist())
        most = max(found.values())
        # a class has fewer than another, by more than one, only where it has no more images
        assert all(found[label] >= most - 1 or found[label] == available[label] for label in available)
    for smaller, larger in pairwise(subsets):
        assert set(smaller.tolist()) <= set(larger.tolist())


def test_subset_is_the_same_on_every_machine_and_another_with_another_seed():
    data = described([0, 1, 2, 3] * 25)

    assert data.subset(8).tolist() == [3, 14, 16, 29, 30, 44, 49, 95]
    assert data.subset(8).tolist() != data.subset(8, seed=1).tolist()


def test_subset_does_not_follow_the_order_of_files():
    """The first N images of class folders are one class, and the first classes of the alphabet are no sample of all."""
    data = described([label for label in range(100) for _ in range(3)])

    labels = np.arange(300)[data.subset(20)] // 3

    assert len(set(labels.tolist())) == 20
    assert 30 < labels.mean() < 70


def test_subset_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one image, got n = 0"):
        described([0, 1]).subset(0)


COLUMNS = {
    "whole numbers": (["1", "-2", "30"], np.int64),
    "floats": (["1", "2.50", "1e3"], np.float64),
    "names with leading zeros": (["007", "x"], np.str_),
    "nan is a name": (["1.5", "nan"], np.str_),
    "text": (["a", ""], np.str_),
}


@pytest.mark.parametrize(("values", "kind"), COLUMNS.values(), ids=COLUMNS)
def test_factor_columns_are_numbers_where_all_are(values, kind):
    column = factor_column(values)

    assert np.issubdtype(column.dtype, kind)
    assert [str(value) for value in column.tolist()] == values or kind is np.float64

"""Tasks of VTAB that torchvision does not know, from tiny files in their original form: labels are exactly VTAB's."""

import numpy as np
import pytest

from fixtures.datasets import catalog, loading
from fixtures.datasets.readers.blocks import ARCHIVE
from fixtures.errors import UserError
from tests.datasets import originals
from tests.datasets.pictures import class_folders, pixels, save, write

TASKS = (
    "caltech101", "cifar100", "dtd", "flowers102", "pets", "sun397", "svhn", "camelyon", "eurosat", "resisc45", "retinopathy",
    "clevr_count", "clevr_distance", "dmlab", "dsprites_location", "dsprites_orientation", "kitti_distance", "smallnorb_azimuth",
    "smallnorb_elevation",
)  # fmt: skip


def labels(found):
    """Each image's label as it is written."""
    return dict(zip(found.ids, (int(found.label_space.class_names[label]) for label in found.labels), strict=True))


@pytest.mark.parametrize("name", TASKS)
def test_task_is_known_with_a_train_split_and_one_label_an_image(name):
    assert {"labels", "train_split", "in_distribution"} <= catalog.resolve(name).knows


def test_distance_is_that_of_the_nearest_object_in_six_bins(tmp_path):
    originals.blocks(tmp_path)

    test, train = (loading.load(catalog.resolve("clevr_distance", tmp_path), split) for split in ("test", "train"))

    test.check()
    assert list(labels(test).values()) == [0, 1, 5]  # 8.0, 8.01, 10.5; VTAB: the last threshold that is strictly below
    assert list(labels(train).values()) == [0, 0]
    assert test.ids[0] == f"{ARCHIVE}/images/val/CLEVR_val_000000.png"
    assert test.ids == loading.load(catalog.resolve("clevr_count", tmp_path)).ids
    assert len(test.read([0, 2])) == 2


@pytest.mark.parametrize("content", [None, "[]", '{"scenes": [{"objects": []}]}', "{"])
def test_scenes_that_are_not_there_are_told_with_how_to_obtain_them(tmp_path, content):
    originals.blocks(tmp_path)
    path = tmp_path / "clevr" / ARCHIVE / "scenes" / "CLEVR_val_scenes.json"
    path.unlink()
    if content is not None:
        write(path, content)

    with pytest.raises(UserError, match=r"CLEVR_val_scenes\.json says no scenes .*Unpack CLEVR_v1\.0\.zip"):
        loading.load(catalog.resolve("clevr_distance", tmp_path))


def test_sprites_have_sixteen_places_and_sixteen_angles(tmp_path):
    images = originals.sprites(tmp_path)
    place, angle = catalog.resolve("dsprites_location", tmp_path), catalog.resolve("dsprites_orientation", tmp_path)

    found = [loading.load(spec, split) for spec in (place, angle) for split in ("train", "test")]

    rows = {name: int(name[5:-1]) for each in found for name in each.ids}
    assert sorted(rows.values()) == list(range(200))
    for each, step, values in ((found[0], 2.0, 32), (found[1], 2.0, 32), (found[2], 2.5, 40), (found[3], 2.5, 40)):
        assert labels(each) == {name: int(rows[name] % values // step) for name in each.ids}
        assert len(each.label_space) == 16
    few = found[1].read([0, 3])
    wanted = [255 * images[rows[found[1].ids[row]]] for row in (0, 3)]
    assert all(np.array_equal(pixels(image), np.stack([grey] * 3, axis=2)) for image, grey in zip(few, wanted, strict=True))


def test_digests_of_sprites_follow_the_file_and_the_place_in_it(tmp_path):
    originals.sprites(tmp_path / "one", 60)
    originals.sprites(tmp_path / "other", 61)
    one, other = (loading.load(catalog.resolve("dsprites_location", tmp_path / each), "train") for each in ("one", "other"))

    digests = one.digests(range(len(one)), tmp_path / "cache")

    assert len(set(digests)) == len(one)
    assert one.digests([1, 0], tmp_path / "cache") == [digests[1], digests[0]]
    assert other.ids[0] == one.ids[0]
    assert other.digests([0], tmp_path / "cache") != digests[:1]


def test_sprites_that_are_something_else_are_refused(tmp_path):
    (tmp_path / "dsprites").mkdir()
    np.savez(tmp_path / "dsprites" / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz", imgs=np.zeros((1, 64, 64), dtype=np.uint8))

    with pytest.raises(UserError, match=r"64x64\.npz is not there or does not hold latents_classes .*Copy dsprites_ndarray"):
        loading.load(catalog.resolve("dsprites_location", tmp_path))


def test_toys_have_eighteen_azimuths_and_nine_elevations(tmp_path):
    pictures = originals.toys(tmp_path)

    azimuth, elevation = (loading.load(catalog.resolve(f"smallnorb_{name}", tmp_path)) for name in ("azimuth", "elevation"))

    azimuth.check()
    assert list(labels(azimuth).values()) == [0, 17, 1, 2, 5]
    assert list(labels(elevation).values()) == [0, 8, 3, 3, 1]
    assert azimuth.ids[4] == "smallnorb-5x01235x9x18x6x2x96x96-testing-dat.mat[4]"
    assert np.array_equal(np.stack([pixels(image)[..., 1] for image in azimuth.read([3, 0])]), pictures[[3, 0]])
    digests = azimuth.digests(range(5), tmp_path / "cache")
    assert len(set(digests)) == 5
    assert digests == elevation.digests(range(5), tmp_path / "cache")
    assert not set(loading.load(catalog.resolve("smallnorb_azimuth", tmp_path), "train").ids) & set(azimuth.ids)


BROKEN = {
    "not unpacked": (lambda path: path.rename(f"{path}.gz"), r"0 files in .* are called \*-testing-dat\.mat, wanted one; unpack .*gunzip"),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:-1]), r"has 92,183 bytes, wanted 92,184 for \[5, 2, 96, 96\]"),
    "something else": (lambda path: path.write_bytes(b"MATLAB 5.0 MAT-file, Platform"), r"is no matrix of 4 dimensions in NORB's form"),
}


@pytest.mark.parametrize(("harm", "message"), BROKEN.values(), ids=BROKEN)
def test_toys_that_are_not_whole_are_refused(tmp_path, harm, message):
    originals.toys(tmp_path)
    harm(tmp_path / "smallnorb" / "smallnorb-5x01235x9x18x6x2x96x96-testing-dat.mat")

    with pytest.raises(UserError, match=message):
        loading.load(catalog.resolve("smallnorb_azimuth", tmp_path))


PLAIN = {
    "retinopathy": "image,level,split\na.jpeg,0,train\nb.jpeg,4,test\n",
    "dmlab": "file,label,split\na.jpeg,0,train\nb.jpeg,5,test\n",
    "kitti_distance": "file,label,split\na.jpeg,0,train\nb.jpeg,3,test\n",
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_form_is_read_as_its_entry_says(tmp_path, name):
    write(tmp_path / name / "labels.csv", PLAIN[name])
    for image in ("a.jpeg", "b.jpeg"):
        save(tmp_path / name / image)
    columns = PLAIN[name].split("\n")[0]

    found = loading.load(catalog.resolve(name, tmp_path))

    found.check()
    assert f"labels.csv (columns {columns})" in catalog.resolve(name).obtain
    assert labels(found) == {"b.jpeg": int(PLAIN[name].split("\n")[2].split(",")[1])}


def test_scenes_of_satellites_are_drawn_from_class_folders(tmp_path):
    class_folders(tmp_path / "NWPU-RESISC45", {"airport": 10, "beach": 10})

    test, train = (loading.load(catalog.resolve("resisc45", tmp_path), split) for split in ("test", "train"))

    assert len({*test.ids, *train.ids}) == len(test) + len(train) == 20
    assert test.label_space.class_names == ("airport", "beach")

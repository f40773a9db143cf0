"""Tar shards in webdataset form, read by offset."""

import io
import json
import tarfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.datasets.decoding import UnreadableImages
from fixtures.errors import UserError
from tests.datasets.pictures import dataset, picture, pixels, settle

TABLE = '[d]\nlayout = "tar"\nroot = "d"\n'


def png(seed):
    buffer = io.BytesIO()
    picture(seed).save(buffer, "png")
    return buffer.getvalue()


def shard(path, members, mode="w"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in members:
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return settle(path)


def samples(seeds, label="cls"):
    for seed in seeds:
        yield f"train/{seed:04}.png", png(seed)
        yield (
            (f"train/{seed:04}.cls", str(seed % 3).encode())
            if label == "cls"
            else (f"train/{seed:04}.json", json.dumps({label: f"class {seed % 3}", "light": seed}).encode())
        )


def test_samples_are_read_in_order(tmp_path):
    shard(tmp_path / "d" / "b.tar", samples(range(3, 5)))
    shard(tmp_path / "d" / "a.tar", samples(range(3)))

    loaded = dataset(tmp_path, TABLE)

    loaded.check()
    assert loaded.ids == tuple(f"{name}.tar/train/{seed:04}.png" for name, seeds in (("a", (0, 1, 2)), ("b", (3, 4))) for seed in seeds)
    assert loaded.labels is not None
    assert loaded.labels.tolist() == [0, 1, 2, 0, 1]
    assert all(np.array_equal(pixels(image), pixels(picture(seed))) for seed, image in enumerate(loaded.read(range(5))))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.integers(0, 19), max_size=30))
def test_random_reading_equals_reading_in_order(tmp_path, rows):
    if not (tmp_path / "d").exists():
        shard(tmp_path / "d" / "a.tar", samples(range(7)))
        shard(tmp_path / "d" / "b.tar", samples(range(7, 20)))
    loaded = dataset(tmp_path, TABLE)
    in_order = [pixels(image) for image in loaded.read(range(20))]

    assert all(np.array_equal(pixels(image), in_order[row]) for image, row in zip(loaded.read(rows), rows, strict=True))


def test_labels_and_factors_are_fields_of_the_json(tmp_path):
    shard(tmp_path / "d" / "a.tar", samples(range(4), label="kind"))

    loaded = dataset(tmp_path, TABLE + 'label = "kind"\nfactors = ["light"]\n')

    assert loaded.label_space.class_names == ("class 0", "class 1", "class 2")
    assert loaded.factors["light"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("train", "test"), [("one", "two"), ("one-*.tar", "two-*.tar")])
def test_splits_are_sub_folders_or_patterns(tmp_path, train, test):
    between = "/" if "*" not in train else "-"
    shard(tmp_path / "d" / f"one{between}0.tar", samples(range(2)))
    shard(tmp_path / "d" / f"two{between}0.tar", samples(range(2, 4)))
    table = TABLE + f'splits = {{ train = "{train}", test = "{test}" }}\n'

    loaded = dataset(tmp_path, table)

    assert loaded.ids == (f"two{between}0.tar/train/0002.png", f"two{between}0.tar/train/0003.png")
    assert dataset(tmp_path, table, "train").ids[0] == f"one{between}0.tar/train/0000.png"


def test_other_parts_and_hidden_files_are_no_images(tmp_path):
    members = [("a.png", png(0)), ("a.cls", b"0\n"), ("a.seg.png", png(1)), ("a.txt", b"a cat"), ("._a.png", b"x"), (".DS_Store", b"x")]
    shard(tmp_path / "d" / "a.tar", members)

    loaded = dataset(tmp_path, TABLE)

    assert loaded.ids == ("a.tar/a.png",)
    assert np.array_equal(pixels(loaded.read([0])[0]), pixels(picture(0)))


WRONG = {
    "no shards": ([], {}, r"no shards: nothing in .* is called \*\.tar"),
    "no image": ([("a.cls", b"0")], {}, r"1 samples do not have exactly one image: a\.tar/a\."),
    "two images": ([("a.png", png(0)), ("a.jpg", png(1)), ("a.cls", b"0")], {}, r"1 samples do not have exactly one image"),
    "no label": (
        [("a.png", png(0)), ("a.json", b"{}")],
        {},
        r"1 samples have no \.cls: a\.tar/a\.png\. Their other parts: json; label = \"NAME\"",
    ),
    "no field": ([("a.png", png(0)), ("a.json", b"{}")], {"label": "kind"}, r"1 samples have no json with a field 'kind': a\.tar/a\.png"),
    "broken json": ([("a.png", png(0)), ("a.json", b"{")], {"label": "kind"}, r"1 samples have no json with a field 'kind'"),
    "doubled part": ([("a.png", png(0)), ("a.cls", b"0"), ("a.cls", b"1")], {}, r"a\.tar holds a\.cls twice"),
}


@pytest.mark.parametrize(("members", "more", "message"), WRONG.values(), ids=WRONG)
def test_shards_that_do_not_fit_are_refused(tmp_path, members, more, message):
    (tmp_path / "d").mkdir()
    if members:
        shard(tmp_path / "d" / "a.tar", members)

    with pytest.raises(UserError, match=message):
        dataset(tmp_path, TABLE + "".join(f'{key} = "{value}"\n' for key, value in more.items()))


def test_compressed_and_truncated_shards_are_refused(tmp_path):
    compressed = shard(tmp_path / "d" / "a.tar", samples(range(3)), mode="w:gz")
    with pytest.raises(UserError, match=r"a\.tar is no whole, uncompressed tar file"):
        dataset(tmp_path, TABLE)

    compressed.unlink()
    whole = shard(tmp_path / "d" / "b.tar", samples(range(3)))
    with tarfile.open(whole) as archive:
        start = archive.getmember("train/0002.png").offset_data
    whole.write_bytes(whole.read_bytes()[: start + 5])
    with pytest.raises(UserError, match=r"b\.tar is no whole, uncompressed tar file"):
        dataset(tmp_path, TABLE)


def test_shard_that_shrinks_or_goes_is_noticed(tmp_path):
    path = shard(tmp_path / "d" / "a.tar", samples(range(3)))
    loaded = dataset(tmp_path, TABLE)

    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(UnreadableImages) as caught:
        loaded.read(range(3))
    assert list(caught.value.files) == list(loaded.ids)
    with pytest.raises(UnreadableImages, match=r"a\.tar/train/0001\.png: the shard ends \d+ bytes early"):
        loaded.digests(range(3), tmp_path / "cache")

    path.unlink()
    with pytest.raises(UserError, match="3 of 3 images are not there"):
        loaded.check()


def test_broken_images_in_shards_are_all_named(tmp_path):
    shard(
        tmp_path / "d" / "a.tar",
        [("a.png", png(0)), ("a.cls", b"0"), ("b.png", png(1)[:-30]), ("b.cls", b"0"), ("c.png", b"x"), ("c.cls", b"0")],
    )

    with pytest.raises(UnreadableImages) as caught:
        dataset(tmp_path, TABLE).read(range(3))

    assert list(caught.value.files) == ["a.tar/b.png", "a.tar/c.png"]


def test_digest_is_of_the_member(tmp_path):
    shard(
        tmp_path / "d" / "a.tar",
        [("a.png", png(0)), ("a.cls", b"0"), ("b.png", png(1)), ("b.cls", b"1"), ("c.png", png(0)), ("c.cls", b"1")],
    )

    digests = dataset(tmp_path, TABLE).digests(range(3), tmp_path / "cache")

    assert digests[0] == digests[2] != digests[1]

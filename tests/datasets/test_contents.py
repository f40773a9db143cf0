"""Digests follow content, and are not computed again while nothing changes."""

import hashlib
import json
import multiprocessing
import stat
import time

import pytest

from fixtures.datasets import catalog, contents, loading
from fixtures.datasets.contents import Content
from fixtures.datasets.decoding import UnreadableImages
from fixtures.errors import UserError
from tests.datasets.pictures import LONG_AGO_NS, class_folders, dataset, picture, settle

PLAIN = '[d]\nlayout = "folders"\nroot = "d"\n'


def counted(folder, names, reads):
    """Contents that note each time they are read."""

    def reader(path):
        return lambda: (reads.append(path.name), path.read_bytes())[1]

    return [Content(name, folder / name, reader(folder / name)) for name in names]


def test_digest_is_sha256_of_the_file(tmp_path):
    class_folders(tmp_path / "d", {"a": 2, "b": 1})
    loaded = dataset(tmp_path, PLAIN)

    assert loaded.digests([2, 0], tmp_path / "cache") == [
        hashlib.sha256((tmp_path / "d" / loaded.ids[row]).read_bytes()).hexdigest() for row in (2, 0)
    ]


def test_nothing_is_read_again_until_it_changes(tmp_path):
    folder = class_folders(tmp_path / "d", {"a": 3}) / "a"
    names, reads = ["0.png", "1.png", "2.png"], []
    first = contents.digests("d", folder, counted(folder, names[:2], reads), tmp_path)
    assert sorted(reads) == names[:2]

    reads.clear()
    assert contents.digests("d", folder, counted(folder, names[:2], reads), tmp_path) == first
    assert reads == []
    assert contents.digests("d", folder, counted(folder, names, reads), tmp_path)[:2] == first
    assert reads == ["2.png"]

    reads.clear()
    picture(99).save(folder / "1.png")
    settle(folder / "1.png", LONG_AGO_NS + 1)
    second = contents.digests("d", folder, counted(folder, names, reads), tmp_path)
    assert reads == ["1.png"]
    assert [old == new for old, new in zip(first, second, strict=False)] == [True, False]


def test_file_that_was_just_written_is_not_trusted(tmp_path):
    folder = class_folders(tmp_path / "d", {"a": 1}) / "a"
    reads: list[str] = []
    settle(folder / "0.png", time.time_ns())

    for _ in range(2):
        contents.digests("d", folder, counted(folder, ["0.png"], reads), tmp_path)

    assert reads == ["0.png", "0.png"]


def test_splits_share_what_is_known_and_datasets_do_not(tmp_path):
    for root in ("d", "e"):
        class_folders(tmp_path / root / "d", {"a": 1})
        dataset(tmp_path / root, PLAIN).digests([0], tmp_path / "cache")

    assert len(list((tmp_path / "cache" / "contents").glob("*.json"))) == 2


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"0.png": 3}', '{"0.png": [1]}'])
def test_cache_file_that_something_broke_is_made_anew(tmp_path, rubbish):
    folder = class_folders(tmp_path / "d", {"a": 1}) / "a"
    reads: list[str] = []
    first = contents.digests("d", folder, counted(folder, ["0.png"], reads), tmp_path)
    (cache,) = (tmp_path / "contents").glob("*.json")
    cache.write_text(rubbish)

    assert contents.digests("d", folder, counted(folder, ["0.png"], reads), tmp_path) == first
    assert json.loads(cache.read_text())["0.png"][2] == first[0]


def test_killed_run_leaves_what_it_finished(tmp_path, monkeypatch):
    folder = class_folders(tmp_path / "d", {"a": 5}) / "a"
    names, reads = [f"{index}.png" for index in range(5)], []
    monkeypatch.setattr(contents, "AT_ONCE", 2)
    works = counted(folder, names, reads)

    def killed():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contents.digests("d", folder, [*works[:4], Content("4.png", folder / "4.png", killed)], tmp_path)
    reads.clear()
    contents.digests("d", folder, works, tmp_path)

    assert reads == ["4.png"]
    assert not list((tmp_path / "contents").glob("*.part"))


def test_all_missing_files_are_named(tmp_path):
    folder = class_folders(tmp_path / "d", {"a": 4}) / "a"
    loaded = dataset(tmp_path, PLAIN)
    for name in ("1.png", "3.png"):
        (folder / name).unlink()

    with pytest.raises(UnreadableImages) as caught:
        loaded.digests(range(4), tmp_path / "cache")

    assert list(caught.value.files) == ["a/1.png", "a/3.png"]


def test_cache_that_cannot_be_written_is_told_in_one_line(tmp_path):
    class_folders(tmp_path / "d", {"a": 1})
    (tmp_path / "cache").write_text("a file where a folder should be")

    with pytest.raises(UserError, match=r"cannot write digests of the images to .*/cache: .*--audit-cache DIR"):
        dataset(tmp_path, PLAIN).digests([0], tmp_path / "cache")


def _digest_in_another_process(table, rows, cache, queue):
    queue.put(loading.load(catalog.resolve(str(table)), "test").digests(rows, cache))


def test_processes_share_one_cache(tmp_path):
    class_folders(tmp_path / "d", {"a": 30})
    loaded, table, queue = dataset(tmp_path, PLAIN), tmp_path / "datasets.toml", multiprocessing.get_context("spawn").Queue()
    parts = [range(0, 20), range(10, 30), range(0, 30)]
    workers = [
        multiprocessing.get_context("spawn").Process(target=_digest_in_another_process, args=(table, part, tmp_path / "cache", queue))
        for part in parts
    ]
    for worker in workers:
        worker.start()
    answers = [queue.get(timeout=300) for _ in workers]
    for worker in workers:
        worker.join(60)

    (cache,) = (tmp_path / "cache" / "contents").glob("*.json")
    assert set(json.loads(cache.read_text())) == set(loaded.ids)
    assert sorted(map(len, answers)) == [20, 20, 30]
    assert stat.S_ISREG(cache.stat().st_mode)

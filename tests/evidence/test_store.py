"""The store holds exactly what PIL cuts, decodes each image once, and never shows what is half done."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.errors import BadInput, UserError
from fixtures.evidence import decoding
from fixtures.evidence.store import bytes_missing, prepare
from fixtures.progress import on
from fixtures.views.geometry import ResizedCrop
from tests.evidence.pictures import CLEAN, LARGE, SHIFTED, Heard, Watched, paint, pictures

ROOT = Path(__file__).resolve().parents[2]
NUMBER = 60
ALL = np.arange(NUMBER)


@pytest.fixture(scope="module")
def painted(tmp_path_factory) -> Path:
    return paint(tmp_path_factory.mktemp("painted"), NUMBER)


@pytest.fixture
def dataset(painted) -> Watched:
    return pictures(painted)


def expected(dataset: Watched, geometry, rows) -> np.ndarray:
    return np.stack([geometry.cut(image) for image in dataset.dataset.read(list(rows))])


def left_behind(cache: Path) -> list[str]:
    """What lies in the store's folder but for locks."""
    return sorted(path.name for path in (cache / "store").glob("*") if path.suffix != ".lock")


def start(painted: Path, cache: Path, log: Path, seconds: float, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.evidence.pictures", str(painted), str(cache), str(log), str(seconds), *more]
    # started in the background by a shell, a process and its children ignore SIGINT unless told
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear)


def wait_until_reading(process: subprocess.Popen, log: Path, images: int) -> None:
    while not log.exists() or len(log.read_text().split()) < images:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def test_a_store_holds_what_each_geometry_cuts(dataset, tmp_path):
    wanted = {CLEAN: ALL, LARGE: ALL[::7], SHIFTED: np.array([41, 3, 17])}
    stores = prepare(dataset, wanted, tmp_path, on(), workers=2)
    for geometry, rows in wanted.items():
        assert stores[geometry].size == 32
        assert len(stores[geometry]) == len(rows)
        np.testing.assert_array_equal(stores[geometry].rows, rows)
        np.testing.assert_array_equal(stores[geometry].batch(slice(None)), expected(dataset, geometry, rows))
    np.testing.assert_array_equal(stores[CLEAN].batch(np.array([5, 5, 0])), expected(dataset, CLEAN, [5, 5, 0]))
    np.testing.assert_array_equal(stores[CLEAN].batch(slice(10, 13)), expected(dataset, CLEAN, [10, 11, 12]))


def test_a_batch_is_a_copy_and_the_rest_stays_on_disk(dataset, tmp_path):
    store = prepare(dataset, {CLEAN: ALL}, tmp_path, on())[CLEAN]
    batch = store.batch(slice(0, 4))
    batch[:] = 0
    np.testing.assert_array_equal(store.batch(slice(0, 4)), expected(dataset, CLEAN, range(4)))
    assert not isinstance(batch, np.memmap)


def test_each_original_is_read_once_for_all_geometries(dataset, tmp_path):
    heard = Heard()
    prepare(dataset, {CLEAN: ALL[:40], LARGE: ALL[20:50], SHIFTED: ALL[::9]}, tmp_path, heard, workers=3)
    union = sorted({*range(50), *range(0, NUMBER, 9)})
    assert sorted(dataset.read_rows) == union
    assert heard.bars == [[len(union), "decoding pictures", len(union)]]


@pytest.mark.parametrize("workers", [1, 5])
def test_pieces_of_any_size_give_the_same_store(dataset, tmp_path, workers, monkeypatch):
    monkeypatch.setattr(decoding, "BYTES_IN_FLIGHT", 100_000)
    monkeypatch.setattr(decoding, "FIRST_PIECE", 3)
    stores = prepare(dataset, {CLEAN: ALL, SHIFTED: ALL[1::2]}, tmp_path, on(), workers=workers)
    np.testing.assert_array_equal(stores[CLEAN].batch(slice(None)), expected(dataset, CLEAN, ALL))
    np.testing.assert_array_equal(stores[SHIFTED].batch(slice(None)), expected(dataset, SHIFTED, ALL[1::2]))


def test_what_is_stored_is_not_decoded_again(dataset, painted, tmp_path):
    wanted = {CLEAN: ALL, SHIFTED: ALL[:9]}
    assert bytes_missing(dataset, wanted, tmp_path) == (NUMBER + 9) * 32 * 32 * 3
    prepare(dataset, wanted, tmp_path, on())
    assert bytes_missing(dataset, wanted, tmp_path) == 0
    again, heard = pictures(painted), Heard()
    stores = prepare(again, wanted, tmp_path, heard)
    assert again.read_rows == []
    assert heard.bars == []
    np.testing.assert_array_equal(stores[SHIFTED].batch(slice(None)), expected(again, SHIFTED, ALL[:9]))


def test_only_what_is_missing_is_decoded(dataset, painted, tmp_path):
    prepare(dataset, {CLEAN: ALL}, tmp_path, on())
    later = pictures(painted)
    prepare(later, {CLEAN: ALL, SHIFTED: ALL[:5]}, tmp_path, on())
    assert sorted(later.read_rows) == [0, 1, 2, 3, 4]


def test_a_larger_store_of_the_same_images_serves_a_smaller_need(dataset, painted, tmp_path):
    prepare(dataset, {CLEAN: ALL}, tmp_path, on())
    shutil.copytree(painted / "dog", tmp_path / "elsewhere" / "dog")
    some = pictures(tmp_path / "elsewhere")
    store = prepare(some, {CLEAN: np.array([7, 2])}, tmp_path, on())[CLEAN]
    assert some.read_rows == []
    np.testing.assert_array_equal(store.batch(slice(None)), expected(some, CLEAN, [7, 2]))


def test_a_smaller_store_does_not_stand_in_for_a_larger_one(dataset, tmp_path):
    prepare(dataset, {CLEAN: ALL[:10]}, tmp_path, on())
    store = prepare(dataset, {CLEAN: ALL}, tmp_path, on())[CLEAN]
    np.testing.assert_array_equal(store.batch(slice(None)), expected(dataset, CLEAN, ALL))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, NUMBER - 1), min_size=1, max_size=12), st.lists(st.integers(0, NUMBER - 1), min_size=1, max_size=12))
def test_any_rows_in_any_order_are_found(painted, tmp_path_factory, clean, shifted):
    dataset = pictures(painted)
    stores = prepare(dataset, {CLEAN: np.array(clean), SHIFTED: np.array(shifted)}, tmp_path_factory.mktemp("cache"), on(), workers=2)
    np.testing.assert_array_equal(stores[CLEAN].batch(slice(None)), expected(dataset, CLEAN, clean))
    np.testing.assert_array_equal(stores[SHIFTED].batch(slice(None)), expected(dataset, SHIFTED, shifted))
    assert sorted(dataset.read_rows) == sorted({*clean, *shifted})


def test_a_changed_image_never_meets_its_old_pixels(tmp_path):
    folder = paint(tmp_path / "pictures", 6)
    prepare(pictures(folder), {CLEAN: np.arange(6)}, tmp_path, on())
    shutil.copy(folder / "dog" / "001.png", folder / "cat" / "000.png")
    changed = pictures(folder)
    store = prepare(changed, {CLEAN: np.arange(6)}, tmp_path, on())[CLEAN]
    np.testing.assert_array_equal(store.batch(slice(None)), expected(changed, CLEAN, range(6)))
    np.testing.assert_array_equal(store.batch([0]), store.batch([3]))


def test_all_broken_images_are_named_at_once_and_nothing_is_kept(tmp_path):
    folder = paint(tmp_path / "pictures", 50)
    for name in ("cat/000.png", "dog/025.png", "dog/049.png"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
    (folder / "cat/010.png").write_text("not an image")
    with pytest.raises(BadInput) as error:
        prepare(pictures(folder), {CLEAN: np.arange(50), SHIFTED: np.arange(5)}, tmp_path, on(), workers=2)
    for name in ("cat/000.png", "dog/025.png", "dog/049.png", "cat/010.png: not an image", "4 images of pictures"):
        assert name in str(error.value)
    assert str(error.value).count(".png") == 4
    assert left_behind(tmp_path) == []


def test_kill_in_the_middle_leaves_nothing_that_is_read(dataset, painted, tmp_path):
    process = start(painted, tmp_path, tmp_path / "log", 0.05)
    wait_until_reading(process, tmp_path / "log", 12)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert left_behind(tmp_path) == ["pictures-test.part"]
    assert bytes_missing(dataset, {CLEAN: ALL}, tmp_path) > 0
    store = prepare(dataset, {CLEAN: ALL}, tmp_path, on())[CLEAN]
    assert sorted(dataset.read_rows) == ALL.tolist()
    np.testing.assert_array_equal(store.batch(slice(None)), expected(dataset, CLEAN, ALL))
    assert left_behind(tmp_path) == [CLEAN.digest()]


def test_interrupt_in_the_middle_stops_at_once_and_cleans_up(painted, tmp_path):
    process = start(painted, tmp_path, tmp_path / "log", 0.2)
    wait_until_reading(process, tmp_path / "log", 6)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
    assert left_behind(tmp_path) == []
    assert len((tmp_path / "log").read_text().split()) < NUMBER


def test_two_processes_share_one_decode(painted, tmp_path):
    logs = [tmp_path / "first", tmp_path / "second"]
    processes = [start(painted, tmp_path, log, 0.02) for log in logs]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [output for output, _ in outputs] == ["60 30\n", "60 30\n"]
    read = [row for log in logs if log.exists() for row in log.read_text().split()]
    assert sorted(map(int, read)) == ALL.tolist()


def test_who_waits_for_another_run_is_told_so(dataset, painted, tmp_path):
    process = start(painted, tmp_path, tmp_path / "log", 0.15)
    wait_until_reading(process, tmp_path / "log", 6)
    heard = Heard()
    prepare(dataset, {CLEAN: ALL}, tmp_path, heard)
    process.communicate(timeout=60)
    assert [description for _, description, _ in heard.bars] == ["waiting for another run that decodes pictures"]
    assert dataset.read_rows == []


def test_a_store_larger_than_the_disk_is_refused_before_any_work(dataset, tmp_path):
    with pytest.raises(UserError, match=r"disk full: the image store needs [\d,.]+ MB in .*, [\d,.]+ MB are free\. .*--audit-cache"):
        prepare(dataset, {ResizedCrop(4_000_000, 4_000_000, "bicubic"): ALL}, tmp_path, on())
    assert dataset.read_rows == []
    assert left_behind(tmp_path) == []


def test_a_disk_that_fills_up_in_the_middle_is_one_clear_message(painted, tmp_path):
    process = start(painted, tmp_path, tmp_path / "log", 0, "50000")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert "NoRoom: cannot write (File too large): the image store needs 0.3 MB in" in last
    assert left_behind(tmp_path) == []


def test_a_cache_that_cannot_be_a_folder_is_refused(dataset, tmp_path):
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(UserError, match=r"cannot write \(.*\): the image store needs .*--audit-cache DIR"):
        prepare(dataset, {CLEAN: ALL}, tmp_path, on())


@pytest.mark.parametrize("damaged", ["images.npy", "digests.npy"])
@pytest.mark.parametrize("to", ["cut short", "emptied", "gone"])
def test_a_damaged_store_is_made_again(dataset, tmp_path, damaged, to):
    file = prepare(dataset, {CLEAN: ALL}, tmp_path, on())[CLEAN].folder / damaged
    if to == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1] if to == "cut short" else b"")
    store = prepare(dataset, {CLEAN: ALL}, tmp_path, on())[CLEAN]
    np.testing.assert_array_equal(store.batch(slice(None)), expected(dataset, CLEAN, ALL))


def test_no_rows_are_an_error_and_not_an_empty_store(dataset, tmp_path):
    with pytest.raises(ValueError, match="no rows of pictures are wanted"):
        prepare(dataset, {CLEAN: np.array([], dtype=int)}, tmp_path, on())

"""Evidence is found again whole or not at all: not after a kill, not by another key, not half."""

import multiprocessing
import os
import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from fixtures.errors import UserError
from fixtures.evidence.cache import EvidenceCache, digest_of

COLUMNS = {
    "prediction": np.arange(4),
    "confidence": np.linspace(0, 1, 4, dtype=np.float32),
    "top5_hit": np.array([True, False, True, True]),
}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path / "new")
    with cache.only_one("key"):
        matrix = cache.matrix("key", "logits", (4, 3))
        matrix[:] = np.arange(12).reshape(4, 3)
        assert cache.read("key") is None
        cache.write("key", COLUMNS, {"logits": matrix}, {"route": "native head"})

    found = cache.read("key", frozenset({"logits"}))

    assert found is not None
    assert {name: column.tolist() for name, column in found.items() if name != "logits"} == {
        name: column.tolist() for name, column in COLUMNS.items()
    }
    np.testing.assert_array_equal(found["logits"], np.arange(12).reshape(4, 3))
    assert cache.has("key", frozenset({"logits"}))
    assert not cache.has("key", frozenset({"features"}))
    assert cache.words("key") == {"route": "native head"}
    assert cache.read("other") is None


def test_columns_do_not_answer_for_a_matrix_that_is_not_there(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path)
    cache.write("key", COLUMNS, {}, {})

    assert cache.read("key") is not None
    assert cache.read("key", frozenset({"logits"})) is None


def test_a_file_that_is_cut_short_is_not_read(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path)
    cache.write("key", COLUMNS, {}, {})
    (file,) = tmp_path.glob("key.columns*")
    file.write_bytes(file.read_bytes()[:-7])

    assert cache.read("key") is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_matrix_is_a_safetensors_file_that_others_read(tmp_path: Path, dtype: type) -> None:
    cache = EvidenceCache(tmp_path)
    values = np.linspace(-3, 3, 35).reshape(5, 7).astype(dtype)
    matrix = cache.matrix("key", "features", (5, 7), dtype)
    matrix[:] = values
    cache.write("key", COLUMNS, {"features": matrix}, {})

    theirs = load_file(tmp_path / "key.features.safetensors")["features"]
    ours = cache.read("key", frozenset({"features"}))

    assert theirs.dtype == dtype
    np.testing.assert_array_equal(theirs, values)
    assert ours is not None
    np.testing.assert_array_equal(ours["features"], values)


def test_a_matrix_that_is_cut_short_is_not_read(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path)
    matrix = cache.matrix("key", "features", (5, 7))
    cache.write("key", COLUMNS, {"features": matrix}, {})
    file = tmp_path / "key.features.safetensors"
    file.write_bytes(file.read_bytes()[:-7])

    assert cache.read("key", frozenset({"features"})) is None


def _write_forever(folder: str) -> None:
    cache, generation = EvidenceCache(Path(folder)), 0
    while True:
        generation += 1
        with cache.only_one("key"):
            matrix = cache.matrix("key", "logits", (500, 50))
            matrix[:] = generation
            cache.write("key", {"row": np.full(20_000, generation)}, {"logits": matrix}, {})


def test_a_kill_in_the_middle_leaves_nothing_half(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for delay in (0.15, 0.21, 0.27):
        writer = context.Process(target=_write_forever, args=(str(tmp_path),))
        writer.start()
        time.sleep(delay)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        found = EvidenceCache(tmp_path).read("key")
        assert found is None or len(set(found["row"].tolist())) == 1


def _measure_once(folder: str, log: str) -> None:
    cache = EvidenceCache(Path(folder))
    with cache.only_one("key"):
        if cache.read("key") is None:
            with Path(log).open("a") as file:
                file.write("measured\n")
            time.sleep(0.2)
            cache.write("key", COLUMNS, {}, {})


def test_two_runs_share_one_measurement(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    runs = [context.Process(target=_measure_once, args=(str(tmp_path / "cache"), str(tmp_path / "log"))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert (tmp_path / "log").read_text() == "measured\n"


def test_what_a_killed_run_left_half_is_removed_by_the_next(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path)
    run = multiprocessing.get_context("fork").Process(target=_die_while_writing, args=(str(tmp_path),))
    run.start()
    run.join()
    assert [path.name for path in tmp_path.glob(".*.part")] == [".key.logits.part"]

    with cache.only_one("other"):
        assert list(tmp_path.glob(".*.part"))
    with cache.only_one("key"):
        assert not list(tmp_path.glob(".*.part"))
        cache.write("key", COLUMNS, {}, {})
    assert cache.read("key", frozenset({"logits"})) is None


def _die_while_writing(folder: str) -> None:
    cache = EvidenceCache(Path(folder))
    with cache.only_one("key"):
        cache.matrix("key", "logits", (500, 50))
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_matrix_takes_its_disk_where_the_system_has_no_call_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS has no posix_fallocate."""
    monkeypatch.delattr(os, "posix_fallocate")
    cache = EvidenceCache(tmp_path)
    matrix = cache.matrix("key", "logits", (1000, 700))
    taken = 512 * (tmp_path / ".key.logits.part").stat().st_blocks
    matrix[:] = 3
    cache.write("key", COLUMNS, {"logits": matrix}, {})
    found = cache.read("key", frozenset({"logits"}))

    assert taken >= 1000 * 700 * 4
    assert found is not None
    assert (found["logits"] == 3).all()


def _fill_up(folder: str, log: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # to the writer, the same as a disk that is full after 5 kB
    try:
        EvidenceCache(Path(folder)).write("key", {"confidence": np.zeros(100_000)}, {}, {})
    except UserError as error:
        Path(log).write_text(str(error))


def test_a_full_disk_is_said_clearly_and_leaves_nothing_half(tmp_path: Path) -> None:
    cache = EvidenceCache(tmp_path)
    cache.write("finished", COLUMNS, {}, {})
    run = multiprocessing.get_context("spawn").Process(target=_fill_up, args=(str(tmp_path), str(tmp_path / "log")))
    run.start()
    run.join()

    said = (tmp_path / "log").read_text()
    assert said.startswith("cannot write (File too large): evidence needs 0.8 MB in")
    assert "--audit-cache DIR" in said
    assert cache.read("key") is None
    assert cache.read("finished") is not None


def test_every_part_is_part_of_the_name() -> None:
    parts = {"weights": "a", "view": "clean", "precision": "fp32"}

    names = {digest_of(parts), *(digest_of({**parts, key: "other"}) for key in parts)}

    assert len(names) == 4
    assert digest_of(dict(reversed(parts.items()))) == digest_of(parts)

"""The search finds right answers at the ranks at which a slow, plain one finds them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.datasets.queries import Lists, lists, of_labels
from fixtures.errors import BadInput
from fixtures.transfer import search as searching
from fixtures.transfer.ranks import Ranks
from fixtures.transfer.search import search


def plain(features, queries, gallery, relevant, junk=None) -> list[list[int]]:
    """One query after the other: what remains is sorted, nearest first, and counted."""
    unit = np.asarray(features, dtype=np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    found = []
    for index, query in enumerate(queries):
        right = set(np.flatnonzero(relevant == relevant[query])) if isinstance(relevant, np.ndarray) else set(relevant.of(index))
        left_out = {query} | (set(junk.of(index)) if junk is not None else set())
        remaining = [row for row in gallery if row not in left_out]
        similarity = np.array([np.round(unit[query] @ unit[row], 10) for row in remaining])
        ordered = [remaining[at] for at in np.argsort(-similarity, kind="stable")]
        found.append([rank for rank, row in enumerate(ordered, 1) if row in right])
    return found


def ranks_of(found: Ranks) -> list[list[int]]:
    return [found.of(query).tolist() for query in range(len(found))]


def features_of(n: int, width: int = 8, seed: int = 0, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)).astype(dtype)


def drawn(n: int, count: int, most: int, seed: int) -> Lists:
    generator = np.random.default_rng(seed)
    return lists(generator.choice(n, generator.integers(0, most + 1), replace=False) for _ in range(count))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_images_of_the_class_are_found_where_a_plain_search_finds_them(dtype):
    features, labels = features_of(120, dtype=dtype), np.random.default_rng(1).integers(0, 7, 120)
    asked = of_labels(labels)

    found = search(features, asked.queries, asked.gallery, asked.right, asked.junk)

    assert ranks_of(found) == plain(features, asked.queries, asked.gallery, labels)
    assert found.ids == tuple(map(str, range(120)))


def test_listed_answers_are_found_and_junk_is_gone_before_ranks():
    features = features_of(90)
    queries, gallery = np.arange(80, 90), np.arange(80)[::-1]
    right, junk = drawn(90, 10, 12, 1), drawn(90, 10, 30, 2)
    outside = lists([row for row in right.of(query) if row not in junk.of(query)] for query in range(10))

    found = search(features, queries, gallery, right, junk)

    assert ranks_of(found) == plain(features, queries, gallery, outside, junk)
    assert ranks_of(found) != plain(features, queries, gallery, outside)


def test_junk_that_is_nearest_does_not_push_the_answer_back():
    features = np.array([[1, 0], [1, 0.01], [1, 0.1], [0, 1]])

    without = search(features, np.array([0]), np.array([1, 2, 3]), lists([[2]]))
    removed = search(features, np.array([0]), np.array([1, 2, 3]), lists([[2]]), lists([[1]]))

    assert (ranks_of(without), ranks_of(removed)) == ([[2]], [[1]])


def test_equal_features_stand_in_the_order_of_the_gallery():
    features = np.repeat(features_of(6, seed=3), 5, axis=0)  # each five times
    labels = np.random.default_rng(4).integers(0, 3, 30)
    gallery = np.random.default_rng(5).permutation(30)

    found = search(features, np.arange(30), gallery, labels)

    assert ranks_of(found) == plain(features, np.arange(30), gallery, labels)


def test_constant_features_rank_as_the_gallery_stands():
    found = search(np.ones((5, 3)), np.array([0]), np.arange(5), lists([[2, 4]]))

    assert ranks_of(found) == [[2, 4]]


def test_lone_image_of_a_class_and_query_without_answers_have_no_ranks():
    labels = np.array([0, 0, 1])

    found = search(features_of(3), np.arange(3), np.arange(3), labels)
    nothing = search(features_of(3), np.array([2]), np.arange(2), lists([[]]))

    assert [len(each) for each in ranks_of(found)] == [1, 1, 0]
    assert (ranks_of(nothing), nothing.starts.tolist()) == ([[]], [0, 0])


def test_gallery_of_one_image_is_answered_at_rank_one():
    assert ranks_of(search(features_of(2), np.array([1]), np.array([0]), np.array([4, 4]))) == [[1]]


@pytest.mark.parametrize("listed", [False, True], ids=["labels", "lists"])
@pytest.mark.parametrize(("elements", "resident"), [(1, 1 << 20), (500, 1), (2048, 64), (6400, 1 << 20)])
def test_chunks_and_blocks_change_nothing(monkeypatch, listed, elements, resident):
    features, labels = features_of(100, seed=7), np.random.default_rng(8).integers(0, 5, 100)
    right = lists(np.flatnonzero(labels == label) for label in labels) if listed else labels
    junk, rows = drawn(100, 100, 20, 9), np.arange(100)
    whole = search(features, rows, rows, right, junk)
    monkeypatch.setattr(searching, "ELEMENTS", elements)
    monkeypatch.setattr(searching, "RESIDENT", resident)
    monkeypatch.setattr(searching, "FEWEST_QUERIES", 16)
    monkeypatch.setattr(searching, "MOST_QUERIES", 32 if elements > 1 else 1)

    parts = search(features, rows, rows, right, junk)

    assert ranks_of(parts) == ranks_of(whole)


def test_memory_map_is_searched(tmp_path):
    features, labels = features_of(40, dtype=np.float16), np.arange(40) % 4
    np.save(tmp_path / "features.npy", features)
    rows = np.arange(40)

    found = search(np.load(tmp_path / "features.npy", mmap_mode="r"), rows, rows, labels)

    assert ranks_of(found) == ranks_of(search(features, rows, rows, labels))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_gallery(tmp_path):
    """At once, 100 queries and 200,000 images would be 160 MB in each of their forms."""
    generator, n = np.random.default_rng(0), 200_000
    np.save(tmp_path / "features.npy", generator.normal(size=(n, 16)).astype(np.float16))
    features = np.load(tmp_path / "features.npy", mmap_mode="r")
    queries, gallery = np.arange(100), np.arange(100, n)
    right = lists(generator.choice(gallery, 3, replace=False) for _ in queries)
    search(features, queries[:2], gallery[:1000], lists([[100], [101]]))  # what torch needs once is no part of it
    peaks, done = [], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            peaks.append(anonymous_memory())

    before, watcher = anonymous_memory(), threading.Thread(target=watch)
    watcher.start()
    found = search(features, queries, gallery, right)
    done.set()
    watcher.join()

    assert max(peaks) - before < 250e6
    unit = np.asarray(features, dtype=np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    similarity = unit @ unit[7]
    wanted = sorted(1 + int((similarity[gallery] > similarity[row]).sum()) for row in right.of(7))
    assert found.of(7).tolist() == wanted


def anonymous_memory() -> int:
    """Bytes of this process that no file holds: a memory map's pages are not counted."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) * 1024


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-3, 0.5, 3.0, 1e4]))
def test_neither_order_of_the_gallery_nor_scale_matters_without_ties(seed, scale):
    features, labels = features_of(30, seed=seed), np.random.default_rng(seed).integers(0, 4, 30)
    rows, generator = np.arange(30), np.random.default_rng(seed + 1)
    lengths = generator.uniform(0.5, 2, (30, 1)).astype(np.float32) * np.float32(scale)

    usual = search(features, rows, rows, labels)
    other = search(features * lengths, rows, generator.permutation(30), labels)

    assert ranks_of(other) == ranks_of(usual)


def test_columns_hold_all_of_it():
    found = search(features_of(20), np.arange(20), np.arange(20), np.arange(20) % 3, ids=[f"image {row}" for row in range(20)])

    again = Ranks.of_columns(found.columns(), found.ids)

    assert (again.ids[3], ranks_of(again)) == ("image 3", ranks_of(found))
    assert {name: column.dtype for name, column in found.columns().items()} == {"ranks": np.int64, "starts": np.int64}
    with pytest.raises(ValueError, match="wanted one start a query"):
        Ranks(found.ranks, found.starts, found.ids[1:])


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_features_without_a_direction_are_named(bad):
    features = features_of(8)
    features[5] = bad

    with pytest.raises(BadInput, match=r"features of 1 of 8 images are not finite or all zero.*rows 5\."):
        search(features, np.arange(8), np.arange(8), np.arange(8) % 2)


REFUSED = {
    "no queries": ((np.arange(0), np.arange(4), np.zeros(4)), "queries: got none"),
    "gallery twice": ((np.arange(4), np.array([1, 1]), np.zeros(4)), "gallery: got rows 1 to 1, wanted each of 0 to 3 at most once"),
    "labels of others": ((np.arange(4), np.arange(4), np.zeros(3)), "relevant: got 3 of them, wanted 4"),
    "lists of others": ((np.arange(4), np.arange(4), lists([[1]])), "relevant: got 1 of them, wanted 4"),
    "answers outside": ((np.array([0]), np.arange(4), lists([[4]])), "relevant: got rows 4 to 4, wanted 0 to 3"),
}


@pytest.mark.parametrize(("given_rows", "message"), REFUSED.values(), ids=REFUSED)
def test_lists_that_do_not_fit_are_refused(given_rows, message):
    with pytest.raises(ValueError, match=message):
        search(features_of(4), *given_rows)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_ranks_are_the_same_on_a_cuda_device():
    features, labels = features_of(3000, 64, dtype=np.float16), np.arange(3000) % 40
    rows = np.arange(3000)

    assert ranks_of(search(features, rows, rows, labels, device="cuda")) == ranks_of(search(features, rows, rows, labels))

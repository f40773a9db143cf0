"""The columns rank classes as a stable sort of their scores does, however close, far apart or alike the scores are."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.evidence.columns import reduce

# Few distinct scores, so that ties are common; gaps of hundreds, so that most probabilities are 0 in single precision.
scores = st.lists(st.sampled_from([-400.0, -150.0, -1.0, 0.0, 1.0, 150.0, 300.0]), min_size=8, max_size=8)
images = st.lists(st.tuples(scores, st.integers(0, 7)), min_size=1, max_size=12)


def columns_of(rows: list[tuple[list[float], int]]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    logits, labels = np.array([row for row, _ in rows], dtype=np.float32), np.array([label for _, label in rows])
    found = reduce(torch.from_numpy(logits), torch.from_numpy(labels))
    return {name: column.numpy() for name, column in found.items()}, logits, labels


@settings(deadline=None, max_examples=200, derandomize=True)
@given(images)
def test_ranks_are_those_of_a_stable_sort(rows: list[tuple[list[float], int]]) -> None:
    found, logits, labels = columns_of(rows)
    order = np.argsort(-logits, axis=1, kind="stable")

    np.testing.assert_array_equal(found["prediction"], order[:, 0])
    np.testing.assert_array_equal(found["top5_hit"], (order[:, :5] == labels[:, None]).any(axis=1))


@settings(deadline=None, max_examples=200, derandomize=True)
@given(images)
def test_what_is_right_is_among_the_first_five(rows: list[tuple[list[float], int]]) -> None:
    found, _, labels = columns_of(rows)

    assert found["top5_hit"][found["prediction"] == labels].all()


def test_scores_all_alike_are_ranked_by_index() -> None:
    found, _, _ = columns_of([([0.0] * 12, label) for label in range(8)])

    assert found["prediction"].tolist() == [0] * 8
    assert found["top5_hit"].tolist() == [True] * 5 + [False] * 3


def test_classes_far_below_the_best_keep_their_order() -> None:
    """Gaps above 104: the probabilities of all classes but the first are 0 in single precision."""
    found, _, _ = columns_of([([0.0, *range(-600, -490, 10)], label) for label in range(12)])

    assert found["top5_hit"].tolist() == [True] + [False] * 7 + [True] * 4


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_fewer_than_five_classes_are_all_among_the_first_five(classes: int) -> None:
    found, _, _ = columns_of([(list(range(classes)), label) for label in range(classes)])

    assert found["top5_hit"].all()


def test_without_labels_there_are_no_columns_about_them() -> None:
    assert not {"top5_hit", "log_p_label"} & set(reduce(torch.zeros(2, 3), None))

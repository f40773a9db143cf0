"""A task is scored by the metric of its papers, and the interval of a mean over classes holds the truth."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from audits.measures.accuracy import top1
from audits.measures.transfer import mean_per_class, task_accuracy


def answers(draw: np.random.Generator, n: int = 400) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Labels of unequal classes, of which the rare ones are hard, and whether they were told."""
    labels = draw.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
    return labels, draw.random(n) < np.array([0.95, 0.9, 0.7, 0.5])[labels], [f"{index}.png" for index in range(n)]


@pytest.mark.filterwarnings("ignore:y_pred contains classes")
def test_it_is_the_balanced_accuracy_of_others() -> None:
    labels, right, ids = answers(np.random.default_rng(1))

    assert mean_per_class(right, labels, ids).value == pytest.approx(balanced_accuracy_score(labels, np.where(right, labels, -1)))


def test_the_interval_holds_the_truth() -> None:
    draw, truth = np.random.default_rng(2), np.mean([0.95, 0.9, 0.7, 0.5])

    found = [mean_per_class(right, labels, ids) for labels, right, ids in (answers(draw) for _ in range(200))]

    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.91  # 0.95, less two and a half standard errors of 200 trials


def test_nothing_wrong_is_not_certainty() -> None:
    found = mean_per_class(np.ones(50, dtype=bool), np.arange(50) % 5, [str(index) for index in range(50)])

    assert found.value == found.high == 1
    assert 0.9 < found.low < 0.95  # the rule of three


def test_each_metric_is_its_own_and_another_is_refused() -> None:
    labels, right, ids = answers(np.random.default_rng(3))

    assert task_accuracy(right, labels, "accuracy", ids) == top1(right, ids)
    assert task_accuracy(right, labels, "mean_per_class", ids).value < top1(right, ids).value
    with pytest.raises(ValueError, match="metric: got 'auroc'"):
        task_accuracy(right, labels, "auroc", ids)

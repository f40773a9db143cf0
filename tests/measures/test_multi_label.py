"""Scores of several labels an image: as scikit-learn counts them, with an interval that holds the truth."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from audits.measures.hashing import id_digests
from audits.measures.multi_label import mean_over_labels
from audits.measures.outliers import auroc
from audits.measures.resampling import weights_of

SCORE = {"auroc": roc_auc_score, "mean_average_precision": average_precision_score}
THREE = ("rare", "usual", "frequent")
SHARES = np.array([0.1, 0.15, 0.4])  # of images that have each label
APART = np.array([1.5, 1.0, 2.0])  # standard deviations between those with a label and those without


def names(n: int) -> list[str]:
    return [f"{index}.png" for index in range(n)]


def drawn(draw: np.random.Generator, n: int, alike: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Scores and truth of three labels whose noise is partly the image's own."""
    truth = (draw.random((n, 3)) < SHARES).astype(np.int8)
    noise = np.sqrt(alike) * draw.normal(size=(n, 1)) + np.sqrt(1 - alike) * draw.normal(size=(n, 3))
    return truth * APART + noise, truth


@pytest.mark.parametrize("metric", SCORE)
@pytest.mark.parametrize("decimals", [8, 0])  # 0: many scores are alike
def test_the_value_is_that_of_scikit_learn(metric: str, decimals: int) -> None:
    scores, truth = drawn(np.random.default_rng(1), 500)
    scores, truth[:40, 1] = scores.round(decimals), -1

    known = [truth[:, label] >= 0 for label in range(3)]
    each = [SCORE[metric](truth[of, label], scores[of, label]) for label, of in enumerate(known)]

    assert mean_over_labels(scores, truth, metric, THREE, names(500)).value == pytest.approx(np.mean(each), abs=1e-12)


@pytest.mark.parametrize("metric", SCORE)
def test_replicates_are_those_of_weighted_images(metric: str) -> None:
    """What scikit-learn makes of images that count as often as a replicate says."""
    scores, truth = drawn(np.random.default_rng(2), 300)
    found = mean_over_labels(scores.round(1), truth, metric, THREE, names(300))
    weights = next(weights_of(id_digests(names(300)), 1000))[:5]

    wanted = [np.mean([SCORE[metric](truth[:, k], scores[:, k].round(1), sample_weight=each) for k in range(3)]) for each in weights]

    assert found.replicates is not None
    np.testing.assert_allclose(found.replicates[:5], wanted, atol=1e-12)


@pytest.mark.parametrize("metric", SCORE)
@pytest.mark.parametrize(("share", "apart"), [(0.04, 3.0), (0.06, 2.5), (0.3, 3.0)])
def test_it_seldom_begins_above_the_truth_where_few_images_have_a_label_that_is_told_well(metric: str, share: float, apart: float) -> None:
    """There a claim would hold that does not."""
    draw = np.random.default_rng(9)

    def one_label(n: int) -> tuple[np.ndarray, np.ndarray]:
        truth = (np.arange(n) < round(share * n)).astype(np.int8)[:, None]
        return truth * apart + draw.normal(size=(n, 1)), truth

    scores, truth = one_label(400_000)
    true = SCORE[metric](truth[:, 0], scores[:, 0])
    above = np.mean([mean_over_labels(*one_label(500), metric, THREE[:1]).low > true for _ in range(400)])

    assert above <= 0.045  # 0.025, and two and a half standard errors of 400 trials


@pytest.mark.parametrize("metric", SCORE)
@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_the_interval_holds_the_truth_as_often_as_it_says(metric: str, alike: float) -> None:
    draw, n = np.random.default_rng(3), 400
    scores, truth = drawn(draw, 400_000)
    true = np.mean([SCORE[metric](truth[:, label], scores[:, label]) for label in range(3)])

    found = [mean_over_labels(*drawn(draw, n, alike), metric, THREE) for _ in range(300)]
    covered = np.mean([one.low <= true <= one.high for one in found])

    assert covered >= 0.92  # 0.95, less two and a half standard errors of 300 trials
    assert np.mean([one.high - one.low for one in found]) < 0.2


def test_of_one_label_the_interval_is_delong_s() -> None:
    scores, truth = drawn(np.random.default_rng(4), 1000)
    one, of = scores[:, 2], truth[:, 2] == 1

    found = mean_over_labels(scores[:, 2:], truth[:, 2:], "auroc", THREE[2:], names(1000))
    wanted = auroc(one[of], one[~of])

    assert found.value == pytest.approx(wanted.value, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=0.003)


@pytest.mark.parametrize("metric", SCORE)
def test_a_flawless_order_of_few_images_proves_little(metric: str) -> None:
    truth = np.repeat([[0], [1]], 30, axis=0)
    few, many = (mean_over_labels(np.tile(truth, (k, 1)), np.tile(truth, (k, 1)), metric, THREE[:1], names(60 * k)) for k in (1, 20))

    assert few.value == many.value == few.high == 1
    assert few.low < 0.9 < many.low < 1


@pytest.mark.parametrize("metric", SCORE)
def test_flawless_orders_hold_a_truth_that_is_nearly_so(metric: str) -> None:
    """Where the truth is a little below one, and most draws show no flaw."""
    draw, seen = np.random.default_rng(5), count()
    big = draw.random(200_000) < 0.3
    true = SCORE[metric](big, big * 5.0 + draw.normal(size=len(big)))

    def one() -> bool:
        truth = draw.random(150) < 0.3
        found = mean_over_labels((truth * 5.0 + draw.normal(size=150))[:, None], truth[:, None].astype(np.int8), metric, THREE[:1])
        if found.value == 1:
            next(seen)
        return found.low <= true <= found.high

    assert np.mean([one() for _ in range(200)]) >= 0.92
    assert next(seen) > 100


@pytest.mark.parametrize("having", [0, 1, 19])
def test_a_label_that_hardly_any_image_has_does_not_enter_and_is_named(having: int) -> None:
    scores, truth = drawn(np.random.default_rng(6), 300)
    truth[:, 0] = np.arange(300) < having

    found = mean_over_labels(scores, truth, "auroc", THREE, names(300))

    assert found.value == mean_over_labels(scores[:, 1:], truth[:, 1:], "auroc", THREE[1:], names(300)).value
    assert found.detail is not None
    assert set(found.detail["labels"]) == {"usual", "frequent"}
    assert found.detail["said"] == "1 of 3 labels left out: fewer than 20 images with or without rare"


def test_an_order_that_is_all_wrong_is_not_known_without_doubt_either() -> None:
    truth = np.repeat([[0], [1]], 30, axis=0)

    found = mean_over_labels(-truth, truth, "auroc", THREE[:1])

    assert (found.low, found.value) == (0, 0)
    assert 0.1 < found.high < 0.2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s, t: (s, t, "accuracy"), "wanted auroc or mean_average_precision"),
        (lambda s, t: (s[:, :2], t, "auroc"), "wanted .images, labels. of both"),
        (lambda s, t: (s, t * 0, "auroc"), "none of 3 labels has 20 images with it"),
        (lambda s, t: (s * np.nan, t, "auroc"), "scores"),
    ],
)
def test_what_cannot_be_counted_is_refused(change, words: str) -> None:
    scores, truth, metric = change(*drawn(np.random.default_rng(7), 50))

    with pytest.raises(ValueError, match=words):
        mean_over_labels(scores, truth, metric, THREE, names(50))


def test_two_releases_are_compared_image_by_image() -> None:
    draw = np.random.default_rng(8)
    scores, truth = drawn(draw, 600)
    one = mean_over_labels(scores, truth, "auroc", THREE, names(600))
    other = mean_over_labels(scores + 0.3 * draw.normal(size=scores.shape), truth, "auroc", THREE, names(600))
    assert one.replicates is not None
    assert other.replicates is not None

    low, high = np.quantile(one.replicates - other.replicates, [0.025, 0.975])

    assert low < one.value - other.value < high
    assert high - low < (one.high - one.low) / 2
    assert stats.pearsonr(one.replicates, other.replicates).statistic > 0.9

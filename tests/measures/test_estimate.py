"""Estimates and their interval methods against other people's, by their laws, and in what they refuse."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from audits.measures.estimate import Estimate, bootstrap, exact, images_to_decide, proportion, wilson
from audits.measures.hashing import id_digests
from audits.measures.means import mean

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
laws = settings(deadline=None, max_examples=60, derandomize=True)


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (229, 300), (4999, 5000), (9109, 10000)])
@pytest.mark.parametrize("level", [0.90, 0.95, 0.99])
def test_wilson_equals_scipy(successes: int, n: int, level: float) -> None:
    theirs = stats.binomtest(successes, n).proportion_ci(level, method="wilson")

    ours = wilson(successes, n, level)

    assert ours.value == successes / n
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@laws
@given(counts)
def test_wilson_treats_right_and_wrong_alike(count: tuple[int, int]) -> None:
    successes, n = count
    right, wrong = wilson(successes, n), wilson(n - successes, n)

    assert 0 <= right.low <= right.value <= right.high <= 1
    assert (right.low, right.high) == pytest.approx((1 - wrong.high, 1 - wrong.low), abs=1e-12)


def test_bootstrap_of_a_mean_equals_scipy_bca() -> None:
    values = np.random.default_rng(5).exponential(size=400)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(1)).confidence_interval

    ours = mean(values, [str(index) for index in range(400)])

    width = theirs.high - theirs.low
    assert ours.value == pytest.approx(values.mean(), rel=1e-12)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.1 * width)


def test_bootstrap_depends_on_ids_and_nothing_else() -> None:
    generator = np.random.default_rng(2)
    values, ids = generator.normal(size=300), [f"{index}.png" for index in range(300)]
    order = generator.permutation(300)

    first, again = mean(values, ids), mean(values, ids)
    shuffled = mean(values[order], [ids[index] for index in order])
    renamed = mean(values, [f"other/{name}" for name in ids])

    assert first == again
    assert np.array_equal(first.replicates, again.replicates)
    assert shuffled.replicates == pytest.approx(first.replicates, abs=1e-12)
    assert not np.allclose(renamed.replicates, first.replicates)


def test_replicates_of_two_backbones_pair_up() -> None:
    """The difference of two nearly equal backbones is far surer than either of them."""
    generator = np.random.default_rng(3)
    ids = [str(index) for index in range(2000)]
    one = generator.normal(size=2000)
    other = one + 0.01 * generator.normal(size=2000)

    difference = mean(one, ids).replicates - mean(other, ids).replicates

    assert difference == pytest.approx(mean(one - other, ids).replicates, abs=1e-12)
    assert difference.std() < 0.02 * mean(one, ids).replicates.std()


def test_first_replicates_do_not_depend_on_how_many_follow() -> None:
    values, ids = np.arange(50.0), list(range(50))

    few, many = (bootstrap(_mean, ids, [values], replicates=replicates) for replicates in (10, 1003))

    assert len(few.replicates) == 10
    assert len(many.replicates) == 1003
    assert few.replicates == pytest.approx(many.replicates[:10], abs=1e-12)


def test_clusters_widen_the_interval_as_much_as_their_means_ask() -> None:
    """Ten views of each of 100 photographs that hardly differ are worth 100 images, not 1,000."""
    generator = np.random.default_rng(4)
    photograph = np.repeat(np.arange(100), 10)
    values = generator.normal(size=100)[photograph] + 0.01 * generator.normal(size=1000)

    clustered = mean(values, np.arange(1000), clusters=photograph)
    alone = mean(values.reshape(100, 10).mean(axis=1), np.arange(100))

    assert clustered.high - clustered.low == pytest.approx(alone.high - alone.low, rel=1e-6)
    assert clustered.high - clustered.low > 2.5 * (mean(values, np.arange(1000)).high - mean(values, np.arange(1000)).low)


def test_bootstrap_takes_several_columns_and_any_statistic() -> None:
    generator = np.random.default_rng(6)
    wrong, hard = generator.random(500) < 0.2, generator.random(500) < 0.5
    wrong |= hard & (generator.random(500) < 0.3)

    ratio = bootstrap(
        lambda weights, w, h: (weights @ (w * h) / (weights @ h)) / (weights @ w / weights.sum(axis=1)), list(range(500)), [wrong, hard]
    )

    assert ratio.value == pytest.approx(wrong[hard].mean() / wrong.mean())
    assert ratio.low < ratio.value < ratio.high


def test_weights_are_poisson_and_independent_of_each_other() -> None:
    ids = list(range(50))
    drawn = bootstrap(lambda weights, _: weights[:, 0] + 100 * weights[:, 1], ids, [ids], replicates=4000).replicates
    first, second = drawn % 100, drawn // 100

    for weight in (first, second):
        assert np.bincount(weight.astype(int), minlength=5)[:5] / 4000 == pytest.approx(stats.poisson.pmf(range(5), 1), abs=0.025)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.05


def test_image_digests_are_pinned() -> None:
    """Replicates stored in an old run must pair up with tomorrow's: the hash may never change."""
    assert id_digests(["val/00001.png"]).tolist() == [10793045665320675716]
    assert mean([1.0, 2.0, 4.0], ["a", "b", "c"]).replicates[:6] == pytest.approx([1, 7 / 3, 2, 1, 2, 1.5])


def test_a_thousand_replicates_of_fifty_thousand_images_take_under_two_seconds() -> None:
    values, ids = np.random.default_rng(0).normal(size=50_000), [f"val/{index}.png" for index in range(50_000)]

    assert min(_seconds(lambda: mean(values, ids)) for _ in range(3)) < 2


@pytest.mark.parametrize(
    ("estimate", "bound", "images"),
    [
        (Estimate(0.06, 0.05, 0.07, 400), 0.04, 100),
        (Estimate(0.06, 0.05, 0.07, 400), 0.055, 1600),
        (Estimate(0.06, 0.03, 0.07, 400), 0.055, 15000),
        (Estimate(0.06, 0.03, 0.07, 400), 0.065, 6400),
        (Estimate(0.05, 0.0, 0.02, 1000), 0.015, 4000),  # a biased value outside its interval: its middle stands for it
        (Estimate(0.5, 0.4, 0.6, 123), 0.51, 13000),
        (Estimate(0.06, 0.05, 0.07, 400), 0.06, None),
        (exact(3.0, 10), 4.0, None),
        (Estimate(0.06, 0.05, 0.07, 400, timing=True), 0.055, None),
    ],
)
def test_images_to_decide(estimate: Estimate, bound: float, images: int | None) -> None:
    assert images_to_decide(estimate, bound) == images


@laws
@given(st.integers(200, 5000), st.floats(0.1, 0.9), st.floats(0.005, 0.1), st.sampled_from([-1, 1]))
def test_that_many_images_do_decide(n: int, share: float, distance: float, side: int) -> None:
    """Were the proportion to stay where it is, a third more images than named put the bound outside, a third of them does not."""
    estimate = wilson(round(share * n), n)
    bound = estimate.value + side * distance
    needed = images_to_decide(estimate, bound)
    assume(needed > 500)  # below it a proportion's interval is lopsided and shrinks otherwise

    more, fewer = (wilson(round(estimate.value * images), images) for images in (round(1.33 * needed), needed // 3))

    assert not more.low <= bound <= more.high
    assert fewer.low <= bound <= fewer.high


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Estimate(float("nan"), 0, 1, 5), "finite"),
        (lambda: Estimate(0.5, 0.6, 0.4, 5), "above high"),
        (lambda: Estimate(0.5, 0.4, 0.6, 0), "at least one image"),
        (lambda: wilson(3, 2), "0 <= successes <= n"),
        (lambda: wilson(0, 0), "n >= 1"),
        (lambda: wilson(1, 2, 95), "between 0 and 1"),
        (lambda: proportion([]), "no rows"),
        (lambda: proportion([0.0, float("nan")]), "NaN"),
        (lambda: proportion([0, 2]), "other than 0 and 1"),
        (lambda: mean([1.0, 2.0], ["a"]), "ids has 1"),
        (lambda: mean([1.0], ["a"]), "at least 2 images"),
        (lambda: mean([1.0, 2.0], ["a", "b"], clusters=["x", "x"]), "at least 2 images or clusters"),
        (lambda: mean([1.0, float("inf")], ["a", "b"]), "infinite"),
        (lambda: bootstrap(lambda weights, x: weights @ x / 0.0 / weights.sum(axis=1), ["a", "b"], [[0.0, 0.0]]), "not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_not_data_is_refused(made, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made()


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _mean(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    return weights @ values / weights.sum(axis=1)

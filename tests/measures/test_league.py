"""Mean z-scores of backbones over settings: against SciPy, and how often their intervals and places hold the true ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import zscore

from audits.measures.league import DECIMALS, League, league, together

RUNS, REPLICATES = 150, 300


def drawn_league(generator: np.random.Generator, truth: np.ndarray) -> League:
    """What a run sees whose scores lie a standard error of 1 about the truth, [settings, n], with replicates that lie so about these."""
    seen = truth + generator.normal(size=truth.shape)
    found = league(seen, seen[:, None, :] + generator.normal(size=(len(truth), REPLICATES, truth.shape[1])))
    assert found is not None
    return found


def test_the_value_is_the_mean_of_the_z_scores_of_scipy() -> None:
    scores = np.random.default_rng(3).normal(size=(5, 4))
    found = league(scores, np.repeat(scores[:, None, :], 10, axis=1))

    assert found is not None
    np.testing.assert_allclose(found.z, np.asarray(zscore(scores, axis=1)).mean(axis=0))
    np.testing.assert_allclose([found.low, found.high], [found.z, found.z])
    assert found.rank.tolist() == found.best.tolist() == found.worst.tolist() == (1 + np.argsort(np.argsort(-found.z))).tolist()


def test_settings_in_which_all_are_alike_do_not_enter() -> None:
    scores = np.array([[1.0, 1.0, 1.0], [0.9, 0.8, 0.7]])
    drawn = np.repeat(scores[:, None, :], 10, axis=1)
    found, other = league(scores, drawn), league(scores[1:], drawn[1:])

    assert found is not None
    assert other is not None
    assert found.settings == 1
    assert found.z.tolist() == other.z.tolist()
    assert league(scores[:1], drawn[:1]) is None


def test_leagues_weigh_alike_however_many_settings_each_has() -> None:
    ahead, behind = np.array([0.9, 0.8, 0.7]), np.array([0.7, 0.8, 0.9])
    one, other = (league(scores, np.repeat(scores[:, None, :], 10, axis=1)) for scores in (np.stack([ahead] * 5), behind[None]))
    assert one is not None
    assert other is not None

    found = together([one, other])

    assert found.z == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.settings == 6


@pytest.mark.parametrize("n", [2, 4, 8])
@pytest.mark.parametrize("settings", [1, 6])
@pytest.mark.parametrize(("apart", "least"), [(0.0, 0.88), (0.5, 0.8), (2.0, 0.9), (10.0, 0.9)])
def test_intervals_hold_the_true_mean_z_and_places(n: int, settings: int, apart: float, least: float) -> None:
    """apart: how far the true scores are apart, in standard errors. Of those that lie within noise, z, in units of their own spread, is
    known worse than in 95 of 100 runs; places are known in 95 of 100 throughout, in 9 of 10 where all of one setting are exactly alike."""
    generator = np.random.default_rng(n + settings)
    held, placed = [], []
    for _ in range(RUNS):
        truth = generator.normal(size=(settings, n)) * apart
        true = np.round(np.asarray(zscore(truth, axis=1)).mean(axis=0), DECIMALS) if apart else np.zeros(n)
        found = drawn_league(generator, truth)
        held.append(((found.low <= true) & (true <= found.high)).mean())
        first, last = 1 + (true > true[:, None]).sum(axis=1), n - (true < true[:, None]).sum(axis=1)
        placed.append(bool(((found.best <= first) & (last <= found.worst)).all()))

    assert np.mean(held) >= least
    assert np.mean(placed) >= (0.86 if apart == 0 and settings == 1 else 0.95)


def test_a_league_of_noise_is_not_sure_and_one_of_differences_is() -> None:
    generator = np.random.default_rng(9)

    assert not drawn_league(generator, np.zeros((12, 4))).is_sure
    assert drawn_league(generator, np.tile([0.0, 20.0, 40.0, 60.0], (12, 1))).is_sure

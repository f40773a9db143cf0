"""The patterns are periodic, bounded and unlike each other."""

import numpy as np
import pytest
import torch

from fixtures.shapes.patterns import PATTERNS, Plane, hashed
from fixtures.shapes.scene import TEXTURE_NAMES

RANDOM = {"speckled", "blotched"}


def plane(shift: tuple[float, float] = (0.0, 0.0), salt: int = 7) -> Plane:
    along = torch.arange(96, dtype=torch.float32) / 16 + 0.03125  # six periods; sixteenths are exact in float32
    p, q = along.view(1, 1, -1) + shift[0], along.view(1, -1, 1) + shift[1]
    return Plane(p.expand(1, 96, 96), q.expand(1, 96, 96), torch.full((1, 1, 1), 16.0), torch.full((1, 1, 1), salt, dtype=torch.int32))


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_a_share_of_the_second_colour(name: str) -> None:
    share = PATTERNS[name](plane())

    assert share.shape == (1, 96, 96)
    assert 0.0 <= share.min() <= share.max() <= 1.0
    assert (share.max() > 0.9) == (name != "plain")


@pytest.mark.parametrize("name", sorted(set(PATTERNS) - RANDOM - {"ringed", "argyle"}))
def test_a_pattern_repeats_itself(name: str) -> None:
    # Bricks, scales and their offset rows come round after four periods one way and four the other.
    assert torch.equal(PATTERNS[name](plane()), PATTERNS[name](plane((4.0, 4.0))))


@pytest.mark.parametrize("name", sorted(RANDOM))
def test_a_random_pattern_depends_on_its_salt(name: str) -> None:
    assert torch.equal(PATTERNS[name](plane()), PATTERNS[name](plane()))
    assert not torch.equal(PATTERNS[name](plane()), PATTERNS[name](plane(salt=8)))


def test_no_two_textures_look_alike() -> None:
    shares = torch.stack([PATTERNS[name](plane()).flatten() for name in TEXTURE_NAMES if name != "plain"])

    alike = torch.corrcoef(shares).fill_diagonal_(0.0)

    assert alike.abs().max() < 0.75


def test_hashed_numbers_are_even_and_unlike_their_neighbours() -> None:
    drawn = hashed(torch.arange(60_000, dtype=torch.int32)).double().numpy()

    counts, _ = np.histogram(drawn, bins=12, range=(0.0, 1.0))
    assert counts.sum() == 60_000
    assert ((counts - 5000.0) ** 2 / 5000.0).sum() < 31.3  # chi-squared, 11 degrees of freedom, 0.1 %
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.02


def test_hashing_agrees_with_whole_numbers_of_any_size() -> None:
    counters = [0, 1, -1, 123_456_789, -(2**31), 2**31 - 1]

    assert hashed(torch.tensor(counters, dtype=torch.int32)).tolist() == [slow_hash(counter) for counter in counters]


def slow_hash(counter: int) -> float:
    """The same hash in Python's own whole numbers, which never wrap around by themselves."""
    state = counter % 2**32
    state ^= state >> 16
    state = state * 0x7FEB352D % 2**32
    state ^= state >> 15
    state = state * 0x846CA68B % 2**32
    return (state >> 8) / 2**24

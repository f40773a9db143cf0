"""Outlines are distances: negative inside, positive outside, and never steeper than a distance may be."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from fixtures.shapes.outlines import OUTLINES
from fixtures.shapes.scene import CLASS_NAMES

Outline = Callable[[Tensor, Tensor], Tensor]
ALONG = torch.linspace(-1.5, 1.5, 301)
V, U = torch.meshgrid(ALONG, ALONG, indexing="ij")


@pytest.mark.parametrize("outline", OUTLINES, ids=CLASS_NAMES)
def test_distance_grows_no_faster_than_the_way(outline: Outline) -> None:
    distance = outline(U, V)

    steepest = max((distance.diff(dim=axis).abs() / 0.01).max().item() for axis in (0, 1))

    # The star's folded edge is a touch steeper than a distance: 0.88² + 0.475² = 1.0000.
    assert steepest < 1.01


@pytest.mark.parametrize("outline", OUTLINES, ids=CLASS_NAMES)
def test_an_outline_lies_within_the_radius_of_the_object(outline: Outline) -> None:
    inside = outline(U, V) < 0

    assert inside.any()
    assert (U.square() + V.square()).sqrt()[inside].max() < 1.15


@pytest.mark.parametrize("outline", OUTLINES, ids=CLASS_NAMES)
def test_an_outline_leaves_its_coordinates_as_they_were(outline: Outline) -> None:
    u, v = U.clone(), V.clone()

    outline(u, v)

    assert torch.equal(u, U)
    assert torch.equal(v, V)


def test_known_points_lie_inside_and_outside() -> None:
    points = {
        "ring": ((0.0, 0.0, 1), (0.68, 0.0, -1)),
        "crescent": ((-0.6, 0.0, -1), (0.5, 0.0, 1)),
        "heart": ((0.0, -0.7, -1), (0.0, 0.9, 1), (0.4, 0.6, -1)),
        "arrow": ((0.0, 0.85, -1), (0.5, -0.5, 1), (0.0, -0.85, -1)),
        "ell": ((-0.42, 0.8, -1), (0.5, 0.5, 1), (0.5, -0.6, -1)),
        "cross": ((0.8, 0.0, -1), (0.8, 0.8, 1)),
        "star": ((0.0, 0.95, -1), (0.0, -0.9, 1)),
        "drop": ((0.0, 0.95, -1), (0.5, 0.6, 1)),
    }
    for name, places in points.items():
        outline = OUTLINES[CLASS_NAMES.index(name)]
        for u, v, sign in places:
            assert torch.sign(outline(torch.tensor([[[u]]]), torch.tensor([[[v]]]))).item() == sign, (name, u, v)

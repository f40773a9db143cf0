"""The changes that are searched: nothing at severity 0, said in words, in one order."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.search.changes import CHANGES, COMPOSITION, ends, in_order, in_words, radius, scaled, severity, views
from fixtures.views.view import parse, resolve
from tests.views import preprocessing

LEVEL = 1 / 255


@pytest.mark.parametrize("name", CHANGES)
def test_the_least_severity_hardly_changes_an_image(name: str) -> None:
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    (view,) = views(((name, 1e-9),))

    changed = resolve(view, preprocessing()).apply(images, np.arange(2))

    assert (changed - images).abs().max() < 0.01 * LEVEL


@pytest.mark.parametrize("name", CHANGES)
def test_the_most_severe_change_is_a_view(name: str) -> None:
    for end in ends(name):
        (view,) = views(end)
        assert parse(str(view)) == view


@given(
    st.lists(st.tuples(st.sampled_from(list(CHANGES)), st.floats(0.01, 20)), max_size=3, unique_by=lambda part: part[0]), st.floats(0.1, 1)
)
def test_severity_is_a_sum_that_scales(parts: list[tuple[str, float]], factor: float) -> None:
    composition = in_order(parts)

    assert severity(composition) == pytest.approx(sum(amount for _, amount in parts))
    assert severity(scaled(composition, factor)) == pytest.approx(factor * severity(composition))
    assert radius(COMPOSITION, composition) == severity(composition)


def test_a_composition_is_said_in_the_order_in_which_it_is_done() -> None:
    composition = in_order([("blur", 4.0), ("brightness", -7.0), ("rotation", -3.0)])

    assert in_words(composition) == "turned 6.0° clockwise, then darkened to 0.50 of its light, then blurred by 1.00 px of 224"


@pytest.mark.parametrize("factor", [0.7, 1.25, 2])
def test_zoom_is_scipys_with_a_mirrored_border(factor: float) -> None:
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    zoomed = resolve(parse(f"zoom={factor}"), preprocessing()).apply(images, np.arange(2)).numpy()

    corner = 223 / 2 * (1 - 1 / factor)
    for image, seen in zip(images.double().numpy().reshape(-1, 224, 224), zoomed.reshape(-1, 224, 224), strict=True):
        expected = scipy.ndimage.affine_transform(image, np.eye(2) / factor, corner, order=1, mode="mirror")
        assert np.abs(seen - expected).max() <= 0.02 * LEVEL


@pytest.mark.parametrize("right_px", [10, -7.5])
def test_an_offset_is_scipys_shift_with_a_mirrored_border(right_px: float) -> None:
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))

    moved = resolve(parse(f"offset={right_px}"), preprocessing()).apply(images, np.arange(2)).numpy()

    expected = scipy.ndimage.shift(images.double().numpy(), (0, 0, 0, right_px), order=1, mode="mirror")
    assert np.abs(moved - expected).max() <= 0.01 * LEVEL

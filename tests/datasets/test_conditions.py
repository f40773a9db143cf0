"""Conditions of a dataset: named values of its factors, checked before any image is opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fixtures.datasets import catalog, loading
from fixtures.errors import UserError
from tests.datasets.pictures import dataset, save, write

TABLE = """
    [photos]
    layout = "csv"
    root = "photos"
    table = "labels.csv"
    label = "label"
    factors = ["place", "hour"]
    conditions = {{ {} }}
"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(4):
        save(tmp_path / "photos" / f"{number}.png", number)
    write(
        tmp_path / "photos" / "labels.csv",
        "file,label,place,hour\n0.png,a,kitchen,7\n1.png,b,office,12\n2.png,a,street,12\n3.png,b,street,23\n",
    )
    return tmp_path


def test_a_condition_is_one_value_or_several(photos: Path) -> None:
    loaded = dataset(photos, TABLE.format('indoors = "place=kitchen|office", noon = "hour=12"'))

    assert {name: holds.tolist() for name, holds in loaded.conditions.items()} == {
        "indoors": [True, True, False, False],
        "noon": [False, True, True, False],
    }
    assert "conditions" in loaded.knows


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ('noon = "hours=12"', r"conditions\.noon: 'hours' is none of the factors \(place, hour\)\. Did you mean 'hour'"),
        ('noon = "twelve"', r"conditions\.noon: got 'twelve', wanted \"factor=value\""),
        ('"at noon" = "hour=12"', r"conditions: 'at noon': it becomes part of audit keys"),
        ('noon = "hour=11|12"', r"conditions\.noon: no image has hour = '11'; it is '12', '23', '7'"),
        ("noon = 12", r"conditions"),
    ],
)
def test_what_no_image_can_be_is_refused(photos: Path, conditions: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        dataset(photos, TABLE.format(conditions))


@pytest.mark.parametrize("name", ["shapes", "shapes_shifted"])
def test_every_condition_of_the_embedded_datasets_has_images_with_and_without(name: str) -> None:
    conditions = loading.load(catalog.resolve(name)).conditions

    assert len(conditions) >= 10
    shares = {name: float(holds.mean()) for name, holds in conditions.items()}
    assert all(0.1 < share < 0.75 for share in shares.values()), shares
    assert all(holds.dtype == np.bool_ for holds in conditions.values())

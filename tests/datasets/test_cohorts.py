"""Published accuracies of other networks: read as they stand, enough for every dataset that names them, never the audited one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audits.measures.effective import fit_line
from fixtures.datasets import catalog, loading
from fixtures.datasets.cohorts import FEWEST, read
from fixtures.datasets.specification import COHORTS
from fixtures.errors import UserError
from tests.datasets.pictures import class_folders, write

COMPARED = [name for name in catalog.names() if catalog.resolve(name).cohort]
ROWS = "".join(f"net{index},0.{60 + index},0.{40 + index}\n" for index in range(FEWEST + 1))


def test_shifted_datasets_of_the_catalogue_have_a_cohort() -> None:
    assert {"imagenet_real", "imagenet_v2", "imagenet_v2_threshold", "imagenet_v2_top", "imagenet_a", "imagenet_r", "imagenet_sketch"} <= {
        *COMPARED
    }
    assert {"shapes_shifted", "shapes_styles"} <= {*COMPARED}


@pytest.mark.parametrize("name", COMPARED)
def test_each_cohort_has_networks_enough_on_both_datasets(name: str) -> None:
    spec = catalog.resolve(name)
    assert spec.cohort is not None
    assert spec.shift_of is not None

    cohort = read(spec.cohort, spec.shift_of, name, name)

    assert len(cohort.names) == len(set(cohort.names))
    assert cohort.fitted.sum() >= FEWEST + 1  # the audited one may be among them
    assert spec.cohort.stat().st_size < 150_000


def test_accuracy_on_imagenet_v2_follows_accuracy_at_home() -> None:
    """Two tables by different people, of different networks, give nearly the same line; the published slope in points is above 1."""
    lines, slopes = [], []
    for file in ("timm.csv", "testbed.csv"):
        cohort = read(COHORTS / file, "imagenet_val", "imagenet_v2", file)
        lines.append(fit_line(cohort.home[cohort.fitted], cohort.shifted[cohort.fitted]))
        slopes.append(np.polyfit(cohort.home[cohort.fitted], cohort.shifted[cohort.fitted], 1)[0])

    assert [line.slope for line in lines] == pytest.approx([0.91, 0.92], abs=0.01)
    assert [line.intercept for line in lines] == pytest.approx([-0.48, -0.50], abs=0.03)
    assert slopes == pytest.approx([1.10, 1.10], abs=0.02)


def test_nobody_is_compared_with_himself() -> None:
    cohort = read(COHORTS / "timm.csv", "imagenet_val", "imagenet_v2", "here")

    others = cohort.without({"resnet50.a1_in1k"})

    assert len(others.names) == len(others.home) == len(others.shifted) == len(others.fitted) == len(cohort.names) - 1
    assert others.own_row.startswith("resnet50.a1_in1k at ")
    assert others.own_row.endswith("crop 1") or "crop 0." in others.own_row
    assert cohort.without({"resnet50.z9_in1k"}) is cohort


@pytest.fixture
def table(tmp_path: Path) -> str:
    class_folders(tmp_path / "abroad", {"cat": 2, "dog": 2})
    write(tmp_path / "cohort.csv", "model,home,abroad\n" + ROWS)
    write(tmp_path / "abroad.toml", '[abroad]\nlayout = "folders"\nroot = "abroad"\nshift_of = "home"\ncohort = "cohort.csv"\n')
    return str(tmp_path / "abroad.toml")


def test_a_dataset_of_ones_own_may_name_a_cohort(table: str) -> None:
    dataset = loading.load(catalog.resolve(table))

    assert dataset.cohort is not None
    assert dataset.cohort.home[0] == 0.60
    assert dataset.cohort.fitted.all()
    assert {"shift", "cohort"} <= dataset.knows


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model,home,abrod\n" + ROWS, r"no column 'abroad'\. Did you mean 'abrod'"),
        ("model,home,abroad\nnet,60,40\n", r"net: home: got '60', wanted a share between 0 and 1"),
        ("model,home,abroad\nnet,0.6,0.4\n", r"has 1 networks for the line from home to abroad, wanted at least 8"),
        ("model,img_size,crop_pct,home,abroad\n" + "net,288,95,0.6,0.4\n" * FEWEST, r"got img_size '288' and crop_pct '95', wanted pixels"),
        ("model,training,home,abroad\n" + ROWS.replace(",", ",more,", 1), r"networks for the line|wanted a share"),
    ],
)
def test_what_is_no_cohort_is_said(tmp_path: Path, table: str, text: str, words: str) -> None:
    write(tmp_path / "cohort.csv", text)

    with pytest.raises(UserError, match=words):
        loading.load(catalog.resolve(table))


def test_a_cohort_needs_a_dataset_to_compare_with(tmp_path: Path) -> None:
    write(tmp_path / "abroad.toml", '[abroad]\nlayout = "folders"\nroot = "abroad"\ncohort = "cohort.csv"\n')

    with pytest.raises(UserError, match=r"cohort: needs shift_of"):
        catalog.resolve(str(tmp_path / "abroad.toml"))

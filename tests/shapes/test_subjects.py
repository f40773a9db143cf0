"""The shipped backbones are what the manual says they are."""

import subprocess
import sys

import numpy as np
import pytest
from tokenizers import Tokenizer

from fixtures.shapes import splits, subjects
from fixtures.shapes.words import TOKENIZER_FILE

NAMES = tuple(subjects.recipes())
ACCURACY = {"shapes_convnext_sup": 0.9190, "shapes_vit_sup": 0.8918, "shapes_convnext_clip": 0.8738, "shapes_vit_clip": 0.8980}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The shipped one."""
    return Tokenizer.from_file(str(TOKENIZER_FILE))


def right(name: str, tokenizer: Tokenizer, dataset: str, indices: np.ndarray | None = None) -> np.ndarray:
    """Which images of a dataset the shipped backbone gets right."""
    scenes = splits.scenes(dataset, "val", indices)
    return subjects.probabilities(subjects.load(name), scenes, tokenizer).argmax(1) == scenes.label


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_backbone_is_clearly_above_85_percent(name: str, tokenizer: Tokenizer) -> None:
    assert right(name, tokenizer, "shapes", np.arange(1000)).mean() > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("name", ACCURACY)
def test_each_backbone_has_its_recorded_accuracy(name: str, tokenizer: Tokenizer) -> None:
    # Two images in 5,000: sums in another order may decide a tie otherwise on another processor.
    assert right(name, tokenizer, "shapes").mean() == pytest.approx(ACCURACY[name], abs=0.0005)


def test_the_four_weigh_at_most_24_megabytes() -> None:
    sizes = [(subjects.FOLDER / "weights" / f"{name}.safetensors").stat().st_size for name in NAMES]

    assert sum(sizes) <= 24e6


def test_asking_for_a_two_tower_configuration_twice_changes_nothing() -> None:
    subjects.register()
    subjects.register()

    assert subjects.build("shapes_vit_clip", seed=1) is not None


@pytest.mark.slow
def test_all_configurations_become_known_where_one_is_known_already() -> None:
    """One may have been made known alone, by loading that backbone from its file."""
    known = "from pathlib import Path; import open_clip; from fixtures.shapes import subjects\n"
    known += "open_clip.add_model_config(subjects.CONFIGURATIONS / 'shapes_vit_clip.json'); subjects.register()\n"
    known += "print(open_clip.get_model_config('shapes_convnext_clip') is not None)"

    found = subprocess.run([sys.executable, "-c", known], capture_output=True, text=True, check=True, cwd=subjects.FOLDER.parents[1])

    assert found.stdout.split() == ["True"]

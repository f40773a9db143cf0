"""What fixtures/shapes/README.md says is so: its snippet runs, its tables are those of the code."""

import re

import pytest

from fixtures.shapes import behaviour, splits, subjects
from fixtures.shapes.scene import CLASS_NAMES, SCENE_NAMES, TEXTURE_NAMES

README = (subjects.FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_snippet_gives_the_pictures_it_says() -> None:
    lines = re.search(r"((?:^    (?:from|scenes|turned|pictures).*\n)+)", README, re.MULTILINE)
    assert lines is not None
    names: dict = {}

    exec(re.sub(r"^    ", "", lines.group(1), flags=re.MULTILINE), names)

    assert names["pictures"].shape == (3, 3, 64, 64)


@pytest.mark.parametrize("names", [CLASS_NAMES, TEXTURE_NAMES, SCENE_NAMES])
def test_the_names_are_those_of_the_code(names: tuple[str, ...]) -> None:
    assert ", ".join(names) in README


def test_the_sizes_are_those_of_the_splits() -> None:
    for dataset, sizes in splits.datasets().items():
        (row,) = re.findall(rf"^\| `{dataset}` \| (.*?) \|", README, re.MULTILINE)
        assert re.findall(r"(train|val) (\d[\d,]*\d)", row) == [(split, f"{count:,}") for split, count in sizes.items()]


def test_every_measured_row_is_one_that_the_command_prints() -> None:
    rows = re.findall(r"^\| ([^`|]+?) \| [−\d]", README.split("## What they do")[1], re.MULTILINE)
    fixed = ["accuracy, val", "confidence - accuracy", "calibration error", "shape bias", "decided by either"]

    assert rows == [*fixed, *behaviour.PICTURES, *behaviour.OBJECTS, "shapes_shifted", "shapes_styles"]

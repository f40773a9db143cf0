"""The pixels of every split are pinned: a manifest stands for one set of pixels, for good.

After a change that is meant: raise RENDERER_VERSION in fixtures/shapes/scene.py (a change of splits.toml needs no more than itself), then
`python -m tests.shapes.test_pixels` writes the new rows of pixels.toml. The embedded backbones must be trained again too.
"""

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fixtures.shapes import splits, sweeps
from fixtures.shapes.render import render, render_images
from fixtures.shapes.scene import Scenes

PINNED = Path(__file__).with_name("pixels.toml")
ALL = [(dataset, split) for dataset, sizes in splits.datasets().items() for split in sizes]
FIRST = 240
CHANGED = "pixels changed under one manifest: raise RENDERER_VERSION"
SWEPT = ("shapes_factors", "val")  # a split whose scenes are also shown at every level of every factor


def digest_of_first(scenes: Scenes) -> str:
    """Digest of images, masks, depth and boxes of the first images at 64 px."""
    rendering = render(scenes.take(slice(FIRST)), 64)
    content = hashlib.sha256()
    for part in (rendering.images, rendering.masks, rendering.depth, rendering.boxes):
        content.update(part.numpy().tobytes())
    return content.hexdigest()


def digest_of_all(scenes: Scenes) -> str:
    """Digest of every image at 64 px."""
    content = hashlib.sha256()
    for start in range(0, len(scenes), 500):
        content.update(render_images(scenes.take(slice(start, start + 500)), 64).numpy().tobytes())
    return content.hexdigest()


def pinned(manifest: str) -> dict[str, str]:
    """What was written down for the manifest of a split."""
    rows = tomllib.loads(PINNED.read_text(encoding="utf-8"))
    assert manifest in rows, f"{manifest} is a manifest that pixels.toml does not know; see the top of {Path(__file__).name}"
    return rows[manifest]


@pytest.mark.parametrize(("dataset", "split"), ALL)
def test_the_first_pixels_are_those_of_the_manifest(dataset: str, split: str) -> None:
    first = digest_of_first(splits.scenes(dataset, split, np.arange(FIRST)))

    assert first == pinned(splits.manifest(dataset, split))["first"], CHANGED


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "split"), ALL)
def test_all_pixels_are_those_of_the_manifest(dataset: str, split: str) -> None:
    assert digest_of_all(splits.scenes(dataset, split)) == pinned(splits.manifest(dataset, split))["all"], CHANGED


def test_the_first_pixels_of_sweeps_are_those_of_their_manifest() -> None:
    assert digest_of_first(sweeps.swept(splits.scenes(*SWEPT)).scenes) == pinned(sweeps.manifest(*SWEPT))["first"], CHANGED


@pytest.mark.slow
def test_all_pixels_of_sweeps_are_those_of_their_manifest() -> None:
    assert digest_of_all(sweeps.swept(splits.scenes(*SWEPT)).scenes) == pinned(sweeps.manifest(*SWEPT))["all"], CHANGED


def test_a_manifest_changes_with_the_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    before = splits.manifest("shapes", "val")

    monkeypatch.setattr(splits, "RENDERER_VERSION", splits.RENDERER_VERSION + 1)

    assert splits.manifest("shapes", "val") != before


def test_a_manifest_changes_with_the_table_of_splits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = {pair: splits.manifest(*pair) for pair in ALL}
    table = tmp_path / "splits.toml"
    table.write_text(splits.TABLE.read_text(encoding="utf-8").replace("scale = [0.28, 0.85]", "scale = [0.28, 0.86]"), encoding="utf-8")

    monkeypatch.setattr(splits, "TABLE", table)
    splits._table.cache_clear()
    after = {pair: splits.manifest(*pair) for pair in ALL}
    splits._table.cache_clear()

    assert {pair for pair in ALL if before[pair] != after[pair]} == {("shapes_shifted", "train"), ("shapes_shifted", "val")}


def test_a_manifest_of_sweeps_changes_with_their_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sweeps.manifest(*SWEPT)

    monkeypatch.setitem(sweeps.SWEEPS, "light", replace(sweeps.SWEEPS["light"], levels=("0.4", "0.7", "1.25", "1.7")))

    assert sweeps.manifest(*SWEPT) != before != splits.manifest(*SWEPT)


def test_no_two_splits_have_the_same_manifest() -> None:
    assert len({splits.manifest(*pair) for pair in ALL}) == len(ALL)


if __name__ == "__main__":
    with PINNED.open("w", encoding="utf-8") as file:
        file.write("# manifest of a split -> digests of its pixels at 64 px; written by `python -m tests.shapes.test_pixels`\n")
        rows = [(splits.manifest(*pair), " ".join(pair), splits.scenes(*pair)) for pair in ALL]
        rows.append((sweeps.manifest(*SWEPT), f"{' '.join(SWEPT)}, swept", sweeps.swept(splits.scenes(*SWEPT)).scenes))
        for manifest, name, scenes in rows:
            file.write(f'\n["{manifest}"]  # {name}\n')
            file.write(f'first = "{digest_of_first(scenes)}"\nall = "{digest_of_all(scenes)}"\n')

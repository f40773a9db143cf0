"""Corruptions as they come back from a JPEG file: views of their own, that a policy's depth puts in the place of the others."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from audits.test_robustness import corrupted
from fixtures.errors import UserError
from fixtures.policy import load_policy
from fixtures.selection import Selection
from fixtures.views.corruptions import CORRUPTIONS, SEVERITIES
from fixtures.views.view import CLEAN, View, grid, measured, parse, resolve
from reports.record import Record
from reports.views import view_words
from tests.recognition import PREPROCESSING
from tests.views import made_photo
from tests.views.published import as_images, ids_of

SHIPPED = Path(__file__).resolve().parents[2] / "audits" / "policy.toml"
JPEG = "[depth]\njpeg_round_trip = true\nseverities = [2, 4]\n"


@pytest.mark.parametrize("name", ["fog", "gaussian_noise", "jpeg_compression"])
def test_a_saved_corruption_is_what_pil_reads_back_of_the_plain_one(name: str) -> None:
    images, ids = as_images(np.stack([np.asarray(made_photo(64, 64, seed)) for seed in range(3)])), ids_of(3)
    plain, saved = (resolve(View(f"corruption_{name}{suffix}", 3), PREPROCESSING) for suffix in ("", "_as_jpeg"))
    with torch.inference_mode():
        before, after = ((view.apply(images, ids) * 255).round().byte().numpy().transpose(0, 2, 3, 1) for view in (plain, saved))

    for pixels, expected in zip(before, after, strict=True):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=85)
        assert np.array_equal(np.asarray(Image.open(file)), expected)


def test_a_saved_corruption_never_meets_the_evidence_of_a_plain_one() -> None:
    digests = [resolve(view, PREPROCESSING).digest for view in corrupted()]

    assert len(corrupted()) == len(set(digests)) == 2 * len(CORRUPTIONS) * len(SEVERITIES)


def depth_of(folder: Path, text: str) -> Selection:
    (folder / "gate.toml").write_text(text)
    return Selection((), load_policy(folder / "gate.toml", SHIPPED), {}, (), ())


def test_a_depth_measures_one_kind_of_corruption_and_all_other_views(tmp_path: Path) -> None:
    plain, saved = depth_of(tmp_path, JPEG.replace("true", "false")), depth_of(tmp_path, JPEG)

    assert {str(view) for view in corrupted() if saved.has(view)} == {
        f"corruption_{name}_as_jpeg={step}" for name in CORRUPTIONS for step in (2, 4)
    }
    assert {str(view) for view in corrupted() if plain.has(view)} == {
        f"corruption_{name}={step}" for name in CORRUPTIONS for step in (2, 4)
    }
    for view in (CLEAN, *grid("scale")):
        assert plain.has(view)
        assert measured(view, (2, 4), saved=True)


def test_the_shipped_policies_save_nothing() -> None:
    for policy in (SHIPPED, SHIPPED.with_name("policies") / "quick.toml", SHIPPED.with_name("policies") / "full.toml"):
        assert not load_policy(policy, SHIPPED).depth.jpeg_round_trip


def test_whether_to_save_is_said_by_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"depth\.jpeg_round_trip: got 85"):
        depth_of(tmp_path, JPEG.replace("true", "85"))


def test_a_saved_corruption_has_a_name_and_words_of_its_own() -> None:
    assert parse("corruption_fog_as_jpeg=3") == View("corruption_fog_as_jpeg", 3)
    record = Record("robustness.corruption", "", "one", "shapes", "corruption_jpeg_compression_as_jpeg=3", "holds")
    assert view_words(record) == "images with jpeg compression, severity 3, saved as JPEG"

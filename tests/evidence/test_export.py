"""What others are given of evidence: pictures that are what the backbone saw, and tables that say how their images were made."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch import Tensor

from fixtures.evidence.evidence import Evidence
from fixtures.evidence.export import changed_answers, write_parquet
from fixtures.evidence.request import Request
from fixtures.views.view import CLEAN, parse
from tests.command_line.subjects import Tiny
from tests.evidence.subjects import FACTORY, Said, dots, source


def pixels(image: str) -> np.ndarray:
    """The picture of a data URI."""
    with Image.open(io.BytesIO(base64.b64decode(image.partition(",")[2]))) as picture:
        return np.asarray(picture, dtype=int)


@pytest.mark.parametrize("view", ["corruption_gaussian_noise=5", "corruption_glass_blur_as_jpeg=5", "rotation=20", "translation=75"])
def test_a_picture_of_a_changed_answer_is_what_the_backbone_saw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    seen: list[Tensor] = []
    answer = Tiny.forward

    def watched(self: Tiny, images: Tensor) -> Tensor:
        seen.append(images.clone())
        return answer(self, images)

    monkeypatch.setattr(Tiny, "forward", watched)
    made = source(tmp_path / "cache", Said(), f"{FACTORY}tiny", dots(tmp_path, 24))
    ((backbone, dataset),) = made.identity.subjects
    requests = [Request(backbone, dataset, one) for one in (CLEAN, parse(view))]
    reference, evidence = (made.evidence(request) for request in requests)
    before, after = torch.cat(seen)[-48:].split(24)

    shown = changed_answers(evidence, reference, [made.identity.resolved(one) for one in requests], made.identity.dataset(dataset))

    assert shown["items"]
    places = {str(name): place for place, name in enumerate(evidence.ids)}
    for item in shown["items"]:
        for image, images in ((item["before"]["image"], before), (item["image"], after)):
            saw = (images[places[item["id"]]].permute(1, 2, 0).numpy() * 0.5 + 0.5) * 255
            assert np.abs(pixels(image) - saw).max() <= 0.51


def test_a_table_of_evidence_names_the_instrument_that_made_its_images(tmp_path: Path) -> None:
    rows, actual = np.arange(3), {"severity": 3, "instrument": "some corruptions version 7"}
    columns = {"prediction": rows, "confidence": rows / 3}
    evidence = Evidence("a", "b", "corruption_fog=3", rows.astype(str), rows, None, ("x", "y", "z"), columns, "", "", "fp32", actual=actual)

    write_parquet(evidence, tmp_path / "fog.parquet")

    told = pq.read_schema(tmp_path / "fog.parquet").metadata
    assert told[b"view"] == b"corruption_fog=3"
    assert json.loads(told[b"actual"]) == actual

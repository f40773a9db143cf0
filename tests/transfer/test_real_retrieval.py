"""Real photographs searched by a real backbone: the numbers are those of a plain implementation, exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from audits.measures.retrieval import mean_average_precision, recall_at
from fixtures.backbones import loading as backbone_loading
from fixtures.datasets import catalog, loading
from fixtures.datasets.queries import of_dataset
from fixtures.transfer.search import search
from tests.backbones.small import resolve_table
from tests.backbones.test_real_weights import REAL, TABLE, cut
from tests.datasets.pictures import write

CLOTHING = REAL / "clothing"


@pytest.mark.slow
@pytest.mark.skipif(not CLOTHING.is_dir(), reason=f"real photographs are not at {CLOTHING}")
def test_clothes_are_found_at_the_ranks_of_a_plain_search(tmp_path: Path) -> None:
    backbone = backbone_loading.load(resolve_table(tmp_path, TABLE, "mobilenetv2"))
    table = write(tmp_path / "clothing.toml", f'[clothing]\nlayout = "folders"\nroot = "{CLOTHING / "train"}"\n')
    dataset = loading.load(catalog.resolve(str(table)))
    parts = []
    for start in range(0, len(dataset), 50):
        pixels = np.stack([cut(image, 256, 224) for image in dataset.read(range(start, min(start + 50, len(dataset))))])
        with torch.inference_mode():
            parts.append(backbone.features((torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - 0.5) / 0.5))
    features = torch.cat(parts).numpy().astype(np.float16)  # as evidence keeps them
    asked = of_dataset(dataset)

    found = search(features, asked.queries, asked.gallery, asked.right, ids=dataset.ids)

    unit = features.astype(np.float64) / np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    cosine = unit @ unit.T
    assert dataset.labels is not None
    precisions, first = [], []
    for query, label in enumerate(dataset.labels):
        others = np.delete(np.arange(len(dataset)), query)
        right = dataset.labels[others] == label
        precisions.append(average_precision_score(right, cosine[query, others]))
        first.append(bool(right[cosine[query, others].argmax()]))
    assert len(found) == 400
    assert mean_average_precision(found.ranks, found.starts, found.ids).value == pytest.approx(np.mean(precisions), abs=1e-12)
    assert recall_at(1, found.ranks, found.starts, found.ids).value == np.mean(first)

"""Real photographs and a real pretrained backbone, through the whole suite: the values that were computed independently."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.measures.accuracy import top1, topk
from audits.measures.calibration import expected_calibration_error, negative_log_likelihood
from fixtures.backbones import catalog as backbone_catalog
from fixtures.backbones.routes import Route, choose
from fixtures.datasets import catalog as dataset_catalog
from fixtures.evidence.identity import Identity
from fixtures.evidence.request import Request, Subject
from fixtures.evidence.source import EvidenceSource
from fixtures.evidence.terms import Terms
from fixtures.progress import silent

REAL = Path(__file__).resolve().parents[1] / ".." / "shared" / "real"
BACKBONE = """
[mobilenetv2]
library = "timm"
model = "mobilenetv2_100"
model_args = {{ pad_type = "same" }}
weights = "{}"
input_size = 224
crop_pct = 0.875
interpolation = "bicubic"
resize_mode = "shortest"
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
label_space = "imagenet_1k"
"""
DATASET = """
[photos]
layout = "csv"
root = "{}"
table = "labels.csv"
image = "file"
label = "imagenet_index"
label_space = "imagenet_1k"
"""


@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "photos").is_dir(), reason="no ../shared/real/photos")
def test_photographs_give_the_values_that_others_computed(tmp_path: Path) -> None:
    (tmp_path / "backbone.toml").write_text(BACKBONE.format((REAL / "weights" / "mobilenetv2_100_imagenet.safetensors").resolve()))
    (tmp_path / "dataset.toml").write_text(DATASET.format((REAL / "photos").resolve()))
    backbone = backbone_catalog.resolve(str(tmp_path / "backbone.toml"))
    dataset = dataset_catalog.resolve(str(tmp_path / "dataset.toml"))
    route = choose(backbone, dataset)
    assert isinstance(route, Route)
    subjects = {(backbone.name, dataset.name): Subject(backbone, dataset, route)}
    source = EvidenceSource(Identity(subjects, Terms(tmp_path / "cache", device="cpu", precision="fp32")), silent)

    evidence = source.evidence(Request("mobilenetv2", "photos"))

    assert int(evidence.correct.sum()) == 229
    assert top1(evidence.correct).value == pytest.approx(0.7633, abs=5e-5)
    assert topk(evidence.top5_hit).value == pytest.approx(0.9267, abs=5e-5)
    assert evidence.confidence.mean() == pytest.approx(0.6111, abs=5e-5)
    assert expected_calibration_error(evidence.confidence, evidence.correct).value == pytest.approx(0.1582, abs=5e-4)
    assert negative_log_likelihood(evidence.log_p_label, evidence.ids).value == pytest.approx(1.0905, abs=1e-3)
    assert evidence.route == "native head"

"""Real photographs and a real pretrained backbone, through the whole suite: the values that were computed independently."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.measures.accuracy import top1, topk
from audits.measures.calibration import expected_calibration_error, negative_log_likelihood
from audits.measures.shape_bias import error_consistency, shape_bias
from fixtures.backbones import catalog as backbone_catalog
from fixtures.backbones.routes import Route, choose
from fixtures.datasets import answers as recorded
from fixtures.datasets import catalog as dataset_catalog
from fixtures.datasets import file_names, label_spaces
from fixtures.datasets.labelling import indices, readings
from fixtures.datasets.specification import DatasetSpec
from fixtures.evidence.evidence import Evidence
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


def evidence_of(folder: Path, dataset: DatasetSpec, crop_pct: float = 0.875) -> Evidence:
    """What the real backbone says about a dataset, resized so that the crop is this share of it."""
    table = BACKBONE.format((REAL / "weights" / "mobilenetv2_100_imagenet.safetensors").resolve())
    (folder / "backbone.toml").write_text(table.replace("crop_pct = 0.875", f"crop_pct = {crop_pct}"))
    backbone = backbone_catalog.resolve(str(folder / "backbone.toml"))
    route = choose(backbone, dataset)
    assert isinstance(route, Route)
    subjects = {(backbone.name, dataset.name): Subject(backbone, dataset, route)}
    source = EvidenceSource(Identity(subjects, Terms(folder / "cache", device="cpu", precision="fp32")), silent)
    return source.evidence(Request("mobilenetv2", dataset.name))


@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "photos").is_dir(), reason="no ../shared/real/photos")
def test_photographs_give_the_values_that_others_computed(tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text(DATASET.format((REAL / "photos").resolve()))

    evidence = evidence_of(tmp_path, dataset_catalog.resolve(str(tmp_path / "dataset.toml")))

    assert int(evidence.correct.sum()) == 229
    assert top1(evidence.correct).value == pytest.approx(0.7633, abs=5e-5)
    assert topk(evidence.top5_hit).value == pytest.approx(0.9267, abs=5e-5)
    assert evidence.confidence.mean() == pytest.approx(0.6111, abs=5e-5)
    assert expected_calibration_error(evidence.confidence, evidence.correct).value == pytest.approx(0.1582, abs=5e-4)
    assert negative_log_likelihood(evidence.log_p_label, list(evidence.ids)).value == pytest.approx(1.0905, abs=1e-3)
    assert evidence.route == "native head"


@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "cue_conflict").is_dir(), reason="no ../shared/real/cue_conflict")
@pytest.mark.parametrize(("crop_pct", "shape", "texture"), [(1.0, 41, 163), (0.875, 52, 151)], ids=["as they are", "resized and cropped"])
def test_a_network_trained_on_photographs_goes_by_texture(tmp_path: Path, crop_pct: float, shape: int, texture: int) -> None:
    dataset = dataset_catalog.resolve("cue_conflict", REAL.resolve())

    evidence = evidence_of(tmp_path, dataset, crop_pct)

    bias = shape_bias(evidence.prediction, evidence.labels, evidence.texture, evidence.people, evidence.networks)
    assert bias.detail is not None
    assert (bias.detail["counts"]["shape"], bias.detail["counts"]["texture"], bias.detail["conflicts"]) == (shape, texture, 306)
    assert bias.value == pytest.approx(shape / (shape + texture))
    assert evidence.route == "native head, 1,000 classes in 16 groups by mean probability"
    kappa = error_consistency(evidence.prediction, evidence.labels, list(evidence.ids), evidence.people, evidence.networks)
    assert len(evidence.people) == 10
    assert 0.0 < kappa.low < kappa.value < 0.15


@pytest.mark.skipif(not (REAL / "cue_conflict_trials").is_dir(), reason="no ../shared/real/cue_conflict_trials")
def test_recorded_networks_and_people_have_the_published_shape_bias() -> None:
    folder = (REAL / "cue_conflict_trials").resolve()
    spec, ways = dataset_catalog.resolve("cue_conflict"), readings(label_spaces.get("imagenet_16"))
    lines = next(folder.glob("*resnet50*.csv")).read_text().splitlines()[1:]
    images = sorted(line.rpartition("_")[2] for line in lines)  # all 1,280, of which the folder of stimuli has a quarter
    parts = file_names.factors(spec.file_name or "", images, "answers")
    shape, texture = (indices(parts[name], ways) for name in ("shape", "texture"))

    answers = recorded.read(folder, images, ways, "answers")

    found = {name: shape_bias(said, shape, texture) for name, said in {**answers.networks, **answers.people}.items()}
    assert {name: round(found[name].value, 4) for name in answers.networks} == {
        "resnet50": 0.2207, "alexnet": 0.4294, "googlenet": 0.3119, "vgg": 0.1722, "squeezenet1-1": 0.1822,
    }  # fmt: skip
    assert [(one.detail or {})["conflicts"] for one in found.values()] == [1200] * 15
    (band,) = (shape_bias(shape, shape, texture, answers.people).detail or {})["strip"]["others"]
    assert (band["name"], band["value"], band["low"], band["high"]) == (
        "people (10)", pytest.approx(0.9576, abs=5e-5), pytest.approx(0.9191, abs=5e-5), pytest.approx(0.9866, abs=5e-5),
    )  # fmt: skip

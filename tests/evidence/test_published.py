"""Who is compared with published accuracies is shown images as the table has it, at home and on the shift; nobody else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from fixtures.backbones import catalog as backbones
from fixtures.backbones.routes import Route, choose
from fixtures.datasets import catalog as datasets
from fixtures.datasets.cohorts import FEWEST
from fixtures.evidence.identity import Identity
from fixtures.evidence.published import as_published, cohort_of
from fixtures.evidence.request import Request, Subject
from fixtures.evidence.source import EvidenceSource
from fixtures.evidence.terms import Terms
from fixtures.progress import silent
from fixtures.views.view import CLEAN, View
from tests.datasets.pictures import save, write

OTHERS = "".join(f"net{index},224,0.9,0.{60 + index},0.{40 + index}\n" for index in range(FEWEST))
CONVOLUTIONAL = 'model = "test_resnet"\npretrained = "r160_in1k"\n'  # 160 px, crop 0.95
WINDOWED = 'model = "swinv2_tiny_window8_256"\npretrained = "ms_in1k"\n'  # 256 px, crop 0.9
IMAGES = 8


def source(folder: Path, network: str, row: str) -> EvidenceSource:
    """About an untrained network on a dataset and its shift, in whose cohort it may have a row."""
    for name in ("home", "abroad"):
        for index in range(IMAGES):
            save(folder / name / ("n02123045", "n02110958")[index % 2] / f"{index}.png", index)
    write(folder / "cohort.csv", "model,img_size,crop_pct,home,abroad\n" + OTHERS + row)
    form = 'layout = "folders"\nlabel_space = "imagenet_1k"\n'
    tables = f'[home]\nroot = "home"\n{form}[abroad]\nroot = "abroad"\nshift_of = "home"\ncohort = "cohort.csv"\n{form}'
    write(folder / "sets.toml", tables)
    write(folder / "mine.toml", f'[mine]\nlibrary = "timm"\n{network}random_seed = 0\nlabel_space = "imagenet_1k"\n')
    spec = backbones.resolve(str(folder / "mine.toml"))
    subjects: dict[tuple[str, str], Subject] = {}
    for name in ("home", "abroad"):
        dataset = datasets.resolve(f"{folder / 'sets.toml'}:{name}")
        route = choose(spec, dataset)
        assert isinstance(route, Route), route
        subjects["mine", name] = Subject(spec, dataset, route, subjects.get(("mine", "home")))
    return EvidenceSource(Identity(subjects, Terms(folder / "cache", device="cpu", images_per_view=4)), silent)


def test_it_is_shown_images_as_its_own_row_has_them(tmp_path: Path) -> None:
    asked = source(tmp_path, CONVOLUTIONAL, "test_resnet.r160_in1k,192,1,0.7,0.5\n")

    view = as_published(asked.identity, "mine", "abroad")
    there, here = (asked.evidence(Request("mine", name, view)) for name in ("abroad", "home"))

    assert view == View("size_and_crop", "192@1")
    assert there.actual == here.actual == {"input_px": 192, "resize_px": 192}
    assert (there.n, here.n) == (IMAGES, IMAGES)  # a way of showing all of them, not one view among many
    assert there.cohort is not None
    assert there.cohort.measured_alike
    assert there.cohort.own_row == "test_resnet.r160_in1k at 192 px, crop 1"
    assert len(there.cohort.names) == FEWEST


def test_its_answers_are_those_of_the_library_at_that_size(tmp_path: Path) -> None:
    asked = source(tmp_path, CONVOLUTIONAL, "test_resnet.r160_in1k,192,1,0.7,0.5\n")
    found = asked.evidence(Request("mine", "abroad", as_published(asked.identity, "mine", "abroad")))

    backbone = asked.backbone("mine")
    net, own = backbone.module, backbone.preprocessing
    transform = timm.data.create_transform(192, interpolation=own.interpolation, crop_pct=1.0, mean=own.mean, std=own.std)
    images = [transform(Image.open(tmp_path / "abroad" / name).convert("RGB")) for name in found.ids]
    with torch.inference_mode():
        logits = net(torch.stack(images))
    assert np.array_equal(found.prediction, logits.argmax(1).numpy())


@pytest.mark.parametrize(
    ("network", "row", "alike"),
    [
        pytest.param(CONVOLUTIONAL, "", False, id="no row"),
        pytest.param(CONVOLUTIONAL, "test_resnet.r160_in1k,,,0.7,0.5\n", False, id="a row that does not say"),
        pytest.param(CONVOLUTIONAL, "test_resnet.r160_in1k,160,0.95,0.7,0.5\n", True, id="its own size"),
        pytest.param(CONVOLUTIONAL, "test_resnet.r160_in1k,161,0.95,0.7,0.5\n", False, id="no multiple of its stride"),
        pytest.param(WINDOWED, "swinv2_tiny_window8_256.ms_in1k,384,1,0.7,0.5\n", False, id="windows of one size"),
    ],
)
def test_others_are_shown_images_as_they_take_them(tmp_path: Path, network: str, row: str, alike: bool) -> None:
    facts = source(tmp_path, network, row).identity

    assert as_published(facts, "mine", "abroad") == CLEAN
    assert as_published(facts, "mine", "home") == CLEAN  # nothing is compared there
    compared = cohort_of(facts, "mine", "abroad")
    assert compared is not None
    assert compared.measured_alike is alike
    assert len(compared.names) == FEWEST


def test_other_images_at_home_are_other_images_of_the_shift_that_is_compared_with_them(tmp_path: Path) -> None:
    def manifests() -> dict[str, str]:
        facts = source(tmp_path, CONVOLUTIONAL, "").identity
        return {name: facts.manifest(name) for name in ("home", "abroad")}

    before = manifests()
    assert manifests() == before

    save(tmp_path / "home" / "n02123045" / "8.png", 8)

    after = manifests()
    assert after["home"] != before["home"]
    assert after["abroad"] != before["abroad"]

"""What an answer costs: operations against a count by layers, time and memory of modules that take a known amount of both."""

from __future__ import annotations

import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fixtures.backbones import catalog, loading
from fixtures.backbones.backbone import Backbone
from fixtures.backbones.cost import FEWEST_TRIALS, MEMORY_TRIALS, device_name, fewest_images, machine, measure
from fixtures.backbones.networks import HeadedNetwork
from tests.command_line.subjects import Cramped

EMBEDDED = ("shapes_convnext_sup", "shapes_vit_sup", "shapes_convnext_clip", "shapes_vit_clip")


def loaded(name: str, device: str = "cpu") -> Backbone:
    return loading.load(catalog.resolve(name), device=device, precision="fp32")


def seeing(backbone: Backbone) -> nn.Module:
    return getattr(backbone.module, "visual", backbone.module)


def counted_by_layers(backbone: Backbone) -> int:
    """Each convolution and linear layer by its own formula, and for each attention two products of tokens × tokens × width."""
    total = 0

    def of_layer(module: Any, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            kernel = module.kernel_size[0] * module.kernel_size[1]  # type: ignore[operator]
            total += output.numel() * kernel * module.in_channels // module.groups
        elif isinstance(module, nn.Linear):
            total += output.numel() * module.in_features
        else:
            _, tokens, width = output.shape
            total += 2 * tokens * tokens * width

    kinds = (nn.Conv2d, nn.Linear)
    hooks = [
        module.register_forward_hook(of_layer)
        for module in seeing(backbone).modules()
        if isinstance(module, kinds) or type(module).__name__ == "Attention"
    ]
    side = backbone.preprocessing.input_size
    with torch.inference_mode():
        (backbone.logits if backbone.spec.label_space else backbone.features)(torch.zeros(1, 3, side, side))
    for hook in hooks:
        hook.remove()
    return total


@pytest.mark.slow
@pytest.mark.parametrize("name", EMBEDDED)
def test_operations_are_those_of_the_layers(name: str) -> None:
    backbone = loaded(name)

    assert measure(backbone, 2).multiply_accumulates == pytest.approx(counted_by_layers(backbone), rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("name", EMBEDDED)
def test_parameters_are_of_what_sees_images(name: str) -> None:
    backbone = loaded(name)

    assert measure(backbone, 2).parameters == sum(value.numel() for value in seeing(backbone).parameters())


class Heavy(nn.Module):
    """Takes 20 ms an answer and 64 MB meanwhile."""

    def forward(self, images: Tensor) -> Tensor:
        held = torch.ones(16 * 2**20, device=images.device)
        time.sleep(0.02)
        return torch.zeros(len(images), 12, device=images.device) + held[0]


def test_time_and_memory_are_those_that_were_taken() -> None:
    backbone = loaded("shapes_convnext_sup")
    heavy = replace(backbone, network=HeadedNetwork(Heavy()))

    found = measure(heavy, 4)

    assert len(found.batch_seconds) >= FEWEST_TRIALS
    assert 0.02 <= min(found.alone_seconds) < 0.2
    assert len(found.peak_bytes) == MEMORY_TRIALS
    assert 0.9 * 64 * 2**20 <= min(found.peak_bytes) <= max(found.peak_bytes) < 3 * 64 * 2**20
    assert found.tried == {"device": found.device, "threads": torch.get_num_threads(), "processes": found.processes, "batch": 4}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_memory_that_others_hold_on_a_gpu_is_not_counted() -> None:
    others = torch.ones(128 * 2**20, device="cuda")
    heavy = replace(loaded("shapes_convnext_sup", "cuda"), network=HeadedNetwork(Heavy()))

    found = measure(heavy, 4)

    assert others.nbytes == 512 * 2**20
    assert 64 * 2**20 <= min(found.peak_bytes) <= max(found.peak_bytes) < 66 * 2**20


def test_a_batch_that_memory_does_not_suffice_for_is_halved_and_said() -> None:
    found = measure(replace(loaded("shapes_convnext_sup"), network=HeadedNetwork(Cramped())), 6)

    assert (found.batch, found.tried["batch"]) == (1, 1)
    assert len(found.batch_seconds) >= FEWEST_TRIALS


class Watchful(nn.Module):
    """Counts its images, and remembers in which precision it was asked to multiply."""

    def __init__(self) -> None:
        super().__init__()
        self.images, self.precisions = 0, set()

    def forward(self, images: Tensor) -> Tensor:
        self.images += len(images)
        self.precisions.add((torch.backends.cudnn.conv.fp32_precision, torch.backends.cudnn.allow_tf32))  # type: ignore[attr-defined]
        time.sleep(0.17)
        return torch.zeros(len(images), 12)


def test_trials_are_made_in_the_precision_of_evidence_and_are_no_fewer_than_planned() -> None:
    watchful = Watchful()

    measure(replace(loaded("shapes_convnext_sup"), network=HeadedNetwork(watchful)), 2)

    assert watchful.precisions == {("ieee", False)}
    assert watchful.images == fewest_images(2)


@pytest.mark.skipif(platform.system() != "Linux", reason="other systems tell of a processor in their own way")
def test_a_cpu_is_named_as_the_system_names_it() -> None:
    told = Path("/proc/cpuinfo").read_text()
    name = device_name(torch.device("cpu")).removeprefix("CPU (").removesuffix(")")

    assert name
    assert f": {name}\n" in told or "model name" not in told


def test_trials_beside_other_processes_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
    alone = machine(torch.device("cpu"))
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")

    assert device_name(torch.device("cpu")) in alone
    assert machine(torch.device("cpu")) == [*alone[:-1], 3]

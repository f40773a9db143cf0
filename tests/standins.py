"""Stand-ins with a known behaviour: an oracle that every audit must pass, and for every audit a liar that it must fail.

Each is a factory for --backbone=tests.standins:NAME. A stand-in sees pixels only, like any backbone. It knows the audited images of the
embedded dataset under every view of the audits by how they look (a small signature of the pixels), and answers as its behaviour says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from audits.test_invariance import EVERYDAY
from fixtures.backbones.specification import Preprocessing
from fixtures.backbones.traits import UNKNOWN_STRIDE
from fixtures.datasets import catalog, loading
from fixtures.evidence.store import prepare
from fixtures.evidence.terms import Terms
from fixtures.progress import silent
from fixtures.views.view import CLEAN, View, grid, resolve

SIZE, CLASSES, SIGNATURE = 64, 12, 6
PREPROCESSING = Preprocessing(SIZE, 1.0, "bicubic", "shortest", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
VIEWS = tuple(dict.fromkeys([CLEAN, *grid("scale"), *grid("translation"), *grid("resolution"), *EVERYDAY]))


@dataclass(frozen=True)
class Sight:
    """What a stand-in recognises in a batch: the place in the dataset, the label, whether the image is as it was, its condition."""

    row: Tensor
    label: Tensor
    clean: Tensor
    occluded: Tensor
    images: Tensor
    call: int


Behaviour = Callable[[Sight], tuple[Tensor, Tensor]]  # -> (answers [n], probability of the answer [n])


@dataclass(frozen=True)
class Memory:
    """Signatures of all audited images under all views, and what they are of."""

    signatures: Tensor
    row: Tensor
    label: Tensor
    clean: Tensor
    occluded: Tensor

    def look(self, images: Tensor, call: int) -> Sight:
        nearest = torch.cdist(signature(images), self.signatures).argmin(dim=1)
        return Sight(self.row[nearest], self.label[nearest], self.clean[nearest], self.occluded[nearest], images, call)


def signature(images: Tensor) -> Tensor:
    """A few coarse colours of normalised images, [n, SIGNATURE² · 3]; the same at any resolution and nearly so in any precision."""
    return functional.adaptive_avg_pool2d(images.float(), SIGNATURE).flatten(1)


@lru_cache(maxsize=1)
def memory() -> Memory:
    dataset = loading.load(catalog.resolve("shapes"))
    terms = Terms(Path())
    labels, occluded = torch.from_numpy(np.asarray(dataset.labels)), torch.from_numpy(np.asarray(dataset.factors["occluder"]) != "none")
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        resolved = {view: resolve(view, PREPROCESSING, UNKNOWN_STRIDE) for view in VIEWS}
        wanted = {one.geometry: np.array([], dtype=np.int64) for one in resolved.values()}
        for view, one in resolved.items():
            wanted[one.geometry] = np.union1d(wanted[one.geometry], terms.rows(dataset, view, "standard"))
        stores = prepare(dataset, wanted, Path(folder), silent)
        for view, one in resolved.items():
            rows = terms.rows(dataset, view, "standard")
            images = torch.from_numpy(stores[one.geometry].batch(np.searchsorted(stores[one.geometry].rows, rows)))
            for part, places in zip(images.split(500), torch.from_numpy(rows).split(500), strict=True):
                pixels = one.apply(part.permute(0, 3, 1, 2).float() / 255, places)
                parts.append((signature((pixels - 0.5) / 0.5), places, torch.full((len(places),), _looks_clean(view))))
    row = torch.cat([part[1] for part in parts])
    return Memory(torch.cat([part[0] for part in parts]), row, labels[row], torch.cat([part[2] for part in parts]), occluded[row])


def _looks_clean(view: View) -> bool:
    return view in (CLEAN, View("scale", 1), View("translation", 0))


class StandIn(nn.Module):
    """A backbone with a 12-class head that behaves as it is told."""

    label_space = "shapes"
    pretrained_cfg = {  # noqa: RUF012
        "input_size": (3, SIZE, SIZE), "crop_pct": 1.0, "interpolation": "bicubic", "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5),
        "fixed_input_size": False,
    }  # fmt: skip

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__()
        self.behaviour, self.calls = behaviour, 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls += 1
        answers, probability = self.behaviour(memory().look(images, self.calls))
        rest = ((1 - probability) / (CLASSES - 1))[:, None].expand(-1, CLASSES)
        return rest.scatter(1, answers[:, None], probability[:, None]).log()


def _share(sight: Sight, share: float) -> Tensor:
    """The same pseudo-random part of the images every time, whatever the view."""
    return (sight.row * 2654435761 % 2**32) < share * 2**32


def _sure(sight: Sight, probability: float) -> Tensor:
    return torch.full((len(sight.row),), probability, dtype=torch.float64)


def _wrong(sight: Sight) -> Tensor:
    return (sight.label + 1 + sight.row % (CLASSES - 1)) % CLASSES


def oracle() -> StandIn:
    """Always right, and as sure as it should be."""
    return StandIn(lambda sight: (sight.label, _sure(sight, 0.995)))


def coin_flip() -> StandIn:
    """Knows nothing, and says so."""
    return StandIn(lambda sight: (sight.row * 2654435761 // 97 % CLASSES, _sure(sight, 1.01 / CLASSES)))


def overconfident() -> StandIn:
    """Right on 60 of 100 images, sure of all."""
    return StandIn(lambda sight: (torch.where(_share(sight, 0.6), sight.label, _wrong(sight)), _sure(sight, 0.99)))


def wrongly_sure() -> StandIn:
    """Less sure where it is right than where it is wrong: no temperature mends that."""

    def behaviour(sight: Sight) -> tuple[Tensor, Tensor]:
        right = _share(sight, 0.6)
        return torch.where(right, sight.label, _wrong(sight)), torch.where(right, 0.5, 0.95).double()

    return StandIn(behaviour)


def class_blind() -> StandIn:
    """Right, but for one class that it never sees."""
    return StandIn(lambda sight: (torch.where(sight.label == 3, 4, sight.label), _sure(sight, 0.92)))


def condition_blind() -> StandIn:
    """Right, but where something stands in front."""
    return StandIn(lambda sight: (torch.where(sight.occluded, _wrong(sight), sight.label), _sure(sight, 0.9)))


def clean_only() -> StandIn:
    """Right on the images as they are, lost under any view."""
    return StandIn(lambda sight: (torch.where(sight.clean, sight.label, _wrong(sight)), _sure(sight, 0.9)))


def restless() -> StandIn:
    """Changes its mind from one time to the next."""
    return StandIn(lambda sight: ((sight.label + sight.call) % CLASSES, _sure(sight, 0.9)))


def batch_minded() -> StandIn:
    """Answers otherwise when an image comes alone."""
    return StandIn(lambda sight: (sight.label if len(sight.row) > 1 else _wrong(sight), _sure(sight, 0.9)))


def precision_minded() -> StandIn:
    """Answers otherwise in half precision."""
    return StandIn(lambda sight: (sight.label if sight.images.dtype == torch.float32 else _wrong(sight), _sure(sight, 0.9)))

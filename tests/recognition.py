"""What stand-ins know of images: those that are audited, under every view, by a small signature of their pixels."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from filelock import FileLock
from torch import Tensor
from torch.nn import functional

from audits.test_invariance import EVERYDAY
from fixtures.backbones.specification import Preprocessing
from fixtures.backbones.traits import UNKNOWN_STRIDE
from fixtures.datasets import catalog, loading
from fixtures.datasets.dataset import Dataset
from fixtures.datasets.sweeps import AS_IT_IS
from fixtures.evidence.store import prepare
from fixtures.evidence.terms import Terms
from fixtures.policy import load_policy
from fixtures.progress import silent
from fixtures.shapes.scene import TEXTURE_NAMES
from fixtures.views.corruptions import SEVERITIES
from fixtures.views.view import CLEAN, View, corrupted, grid, measured, resolve

SIZE, SIGNATURE = 64, 6
PREPROCESSING = Preprocessing(SIZE, 1.0, "bicubic", "shortest", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
DEPTH = load_policy(None, Path(__file__).resolve().parents[1] / "audits" / "policy.toml").depth
SAMPLED = ("gaussian_noise", "glass_blur", "fog", "jpeg_compression")  # one of each kind: bounds differ by severity only
CORRUPTED = [
    view
    for view in corrupted()
    if measured(view, DEPTH.severities, DEPTH.jpeg_round_trip)
    or (view.name.removeprefix("corruption_") in SAMPLED and measured(view, SEVERITIES, DEPTH.jpeg_round_trip))
]
VIEWS = {
    "shapes": tuple(dict.fromkeys([CLEAN, *grid("scale"), *grid("translation"), *grid("resolution"), *EVERYDAY, *CORRUPTED])),
    "shapes_shifted": (CLEAN,),
    "shapes_styles": (CLEAN,),
    "shapes_cue_conflict": (CLEAN,),
    "shapes_factors": (CLEAN,),
    "shapes_empty": (CLEAN,),
    "shapes_domains": (CLEAN,),
}
LEARNT = ("shapes", "shapes_domains")  # whose train split tasks are fitted on, as far as the policy's depth says
MEMORY = "STANDINS_MEMORY"  # a file for what was looked at once, shared by the processes of one run of tests
SAME = 1e-8  # squared distance of two signatures of one image: what single precision rounds
SLIGHT = (View("blur", 1), View("corruption_gaussian_blur", 1))
KNOWN: dict[bytes, Tensor] = {}  # what each batch of signatures was found to be
LIGHTS = ("dark", "neutral", "bright")
CHANGED, EMPTY = "a factor is changed", "no object"
CONDITIONS = (*catalog.resolve("shapes").conditions, CHANGED, EMPTY)


@dataclass(frozen=True)
class Sight:
    """What a stand-in recognises in a batch: the place in the dataset, the label, the class that its texture comes with, its light (one of
    LIGHTS), whether the image is as it was, its condition, whether it is one of the usual ones and not of a shifted dataset."""

    row: Tensor
    label: Tensor
    texture: Tensor
    light: Tensor
    clean: Tensor
    slight: Tensor  # under a view that leaves coarse colours as they are: told from the image as it was by rounding only
    conditions: dict[str, Tensor]
    home: Tensor
    images: Tensor
    call: int


@dataclass(frozen=True)
class Memory:
    """Signatures of all audited images under all views, and what they are of."""

    signatures: Tensor
    row: Tensor
    label: Tensor
    texture: Tensor
    light: Tensor
    clean: Tensor
    slight: Tensor
    conditions: Tensor  # [n, CONDITIONS]
    home: Tensor

    @cached_property
    def half_norms(self) -> Tensor:
        """|signature|² / 2: with it the nearest is found by one product, also for one image at a time."""
        return self.signatures.square().sum(dim=1) / 2

    @cached_property
    def as_they_were(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of the images that are shown as they are: which they are, their signatures and half norms. Few, and asked about most."""
        which = self.clean.nonzero()[:, 0]
        return which, self.signatures[which], self.half_norms[which]

    def nearest(self, seen: Tensor) -> Tensor:
        """The signature that is nearest to each of those seen, [n]: searched once for all stand-ins that are shown the same batch."""
        key = seen.detach().numpy().tobytes()
        if key not in KNOWN:
            KNOWN[key] = self._searched(seen)
        return KNOWN[key]

    def _searched(self, seen: Tensor) -> Tensor:
        """One that is the same as an image that is shown as it is needs no search among all."""
        which, known, half_norms = self.as_they_were
        found = torch.addmm(half_norms[None], seen, known.T, alpha=-1).argmin(dim=1)
        same = (known[found] - seen).square().sum(dim=1) < SAME
        found = which[found]
        if not same.all():
            found[~same] = torch.addmm(self.half_norms[None], seen[~same], self.signatures.T, alpha=-1).argmin(dim=1)
        return found

    def look(self, images: Tensor, call: int) -> Sight:
        nearest = self.nearest(signature(images))
        holding = dict(zip(CONDITIONS, self.conditions[nearest].T, strict=True))
        columns = (self.row, self.label, self.texture, self.light, self.clean, self.slight, self.home)
        row, label, texture, light, clean, slight, home = (column[nearest] for column in columns)
        return Sight(row, label, texture, light, clean, slight, holding, home, images, call)


def signature(images: Tensor) -> Tensor:
    """A few coarse colours of normalised images, [n, SIGNATURE² · 3]; the same at any resolution and nearly so in any precision."""
    return functional.adaptive_avg_pool2d(images.float(), SIGNATURE).flatten(1)


@lru_cache(maxsize=1)
def memory() -> Memory:
    if MEMORY not in os.environ:
        return _looked()
    path = Path(os.environ[MEMORY])
    with FileLock(f"{path}.lock"):
        if not path.exists():
            looked = _looked()
            safetensors.torch.save_file({each.name: getattr(looked, each.name) for each in fields(looked)}, path)
    return Memory(**safetensors.torch.load_file(path))


def _looked() -> Memory:
    seen = [(loading.load(catalog.resolve(name)), views) for name, views in VIEWS.items()]
    seen += [(loading.load(catalog.resolve(name), split="train"), (CLEAN,)) for name in LEARNT]
    columns = [_columns(dataset, view) for dataset, views in seen for view in views]
    # In one piece and first: small pieces between the large ones that views take would keep these from being given back.
    signatures = torch.empty(sum(len(column[0]) for column in columns), 3 * SIGNATURE**2)
    place = 0
    for dataset, views in seen:
        for part in _signatures(dataset, views):
            signatures[place : place + len(part)] = part
            place += len(part)
    return Memory(signatures, *(torch.cat(column) for column in zip(*columns, strict=True)))


def _columns(dataset: Dataset, view: View) -> tuple[Tensor, ...]:
    """Row, label, the class of the texture, the light, whether the image is as it was, and the conditions, of all images under a view."""
    rows, nowhere = _rows(dataset, view), np.zeros(len(dataset), dtype=bool)
    texture = [TEXTURE_NAMES.index(each) for each in dataset.factors["texture"][rows].tolist()]
    holding = {**dataset.conditions, **_scenery(dataset)}
    conditions = np.stack([holding.get(name, nowhere) for name in CONDITIONS], axis=1)[rows]
    clean = torch.full((len(rows),), _looks_clean(view))
    return (
        torch.from_numpy(rows),
        torch.from_numpy(np.zeros(len(dataset), dtype=np.int64) if dataset.labels is None else dataset.labels)[rows],
        torch.tensor(texture),
        torch.tensor([LIGHTS.index(each) for each in dataset.factors["light"][rows].tolist()]),
        clean,
        torch.full((len(rows),), view in SLIGHT),
        torch.from_numpy(conditions),
        torch.full((len(rows),), dataset.name == "shapes"),
    )


def _rows(dataset: Dataset, view: View) -> np.ndarray:
    return dataset.subset(DEPTH.train_images) if dataset.split == "train" else Terms(Path()).rows(dataset, view, "standard")


def _scenery(dataset: Dataset) -> dict[str, np.ndarray]:
    """Whether an image shows its scene changed, where scenes are swept, and whether it shows no object."""
    empty = {EMPTY: dataset.factors["count"] == "none"}
    return empty if dataset.scene is None else {**empty, CHANGED: dataset.factors["sweep"] != AS_IT_IS}


def _signatures(dataset: Dataset, views: tuple[View, ...]) -> Iterator[Tensor]:
    """How the images of a dataset look under these views, a part of them at a time."""
    with tempfile.TemporaryDirectory() as folder:
        resolved = {view: resolve(view, PREPROCESSING, UNKNOWN_STRIDE) for view in views}
        wanted = {one.geometry: np.array([], dtype=np.int64) for one in resolved.values()}
        for view, one in resolved.items():
            wanted[one.geometry] = np.union1d(wanted[one.geometry], _rows(dataset, view))
        stores = prepare(dataset, wanted, Path(folder), silent)
        for view, one in resolved.items():
            for rows in np.array_split(_rows(dataset, view), 10):
                images = torch.from_numpy(stores[one.geometry].batch(np.searchsorted(stores[one.geometry].rows, rows)))
                pixels = one.apply(images.permute(0, 3, 1, 2).float() / 255, torch.from_numpy(dataset.id_words[rows]))
                yield signature((pixels - 0.5) / 0.5)


def _looks_clean(view: View) -> bool:
    return view in (CLEAN, View("scale", 1), View("translation", 0))

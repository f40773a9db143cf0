"""Stand-ins with a known behaviour under attack: an oracle that no small change leads astray, and its liars.

Each is a factory for --backbone=tests.attacked:NAME. It remembers the attacked images of the embedded dataset as they are, finds the one
that it sees by a small signature, and goes by what has been changed of it: whose light was raised by more than it tolerates, it takes for
something else. That is a way which gradients lead, unless it hides them. (Those of tests/standins.py give no gradients at all.)
"""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fixtures.datasets import catalog, loading
from fixtures.evidence.store import prepare
from fixtures.evidence.terms import Terms
from fixtures.progress import silent
from fixtures.views.view import View, resolve
from tests.recognition import PREPROCESSING, signature
from tests.standins import CLASSES, StandIn

LEVEL = 2 / 255  # of 255, in images normalised to [-1, 1]
SURE = 4.0  # the distance between the scores of the label and of the next class


@lru_cache(maxsize=1)
def remembered() -> tuple[Tensor, Tensor]:
    """The attacked images, normalised, and their labels."""
    dataset = loading.load(catalog.resolve("shapes"))
    rows, geometry = Terms(Path()).rows(dataset, View("pgd_linf", 1), "standard"), resolve(View("pgd_linf", 1), PREPROCESSING).geometry
    with tempfile.TemporaryDirectory() as folder:
        store = prepare(dataset, {geometry: rows}, Path(folder), silent)[geometry]
        images = torch.from_numpy(np.array(store.batch(np.arange(len(rows)))))
    return (images.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5, torch.from_numpy(np.asarray(dataset.labels)[rows])


class Remembering(nn.Module):
    """Right about every image whose light is raised by less than `tolerance` of 255 levels.

    `alarm`: noise of more than so many levels is noticed, and then the image is as it is remembered to be, without any gradient.
    """

    label_space, pretrained_cfg = StandIn.label_space, StandIn.pretrained_cfg

    def __init__(self, tolerance: float, alarm: float = float("inf")) -> None:
        super().__init__()
        self.tolerance, self.alarm = tolerance * LEVEL, alarm * LEVEL

    def forward(self, images: Tensor) -> Tensor:
        known, labels = remembered()
        nearest = torch.cdist(signature(images.detach()), signature(known)).argmin(dim=1)
        change = (images - known[nearest]).flatten(1)
        raised = change.mean(dim=1)
        noise = (change - raised[:, None]).square().mean(dim=1).sqrt().detach()
        seen = torch.where(noise > self.alarm, raised.detach() * 0, raised)
        label = functional.one_hot(labels[nearest], CLASSES)
        return SURE * (label + label.roll(1, dims=1) * (seen / self.tolerance)[:, None])


def oracle() -> Remembering:
    """Sees what is there until the light is raised by six levels."""
    return Remembering(tolerance=6)


def brittle() -> Remembering:
    """Sees something else as soon as the light is raised by a seventh of a level."""
    return Remembering(tolerance=0.15)


def wary() -> Remembering:
    """As brittle, but what begins with noise, as attacks of many steps do, does not find that out."""
    return Remembering(tolerance=0.15, alarm=0.2)


def wary_of_some() -> Remembering:
    """As brittle, but only for changes of a length of 0.5 (a third of a level in each pixel), not for those of 1."""
    return Remembering(tolerance=0.15, alarm=0.5)


def wary_of_much() -> Remembering:
    """As brittle, but only for changes that begin with little noise."""
    return Remembering(tolerance=0.15, alarm=0.8)

"""Stand-ins with a known behaviour: an oracle that every audit must pass, and for every audit a liar that it must fail.

Each is a factory for --backbone=tests.standins:NAME. A stand-in sees pixels only, like any backbone. It knows the audited images of the
embedded dataset under every view of the audits, and those whose shape and texture disagree, by how they look (recognition.py),
and answers as its behaviour says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from fixtures.shapes import subjects
from tests.recognition import CHANGED, EMPTY, SIZE, Sight, memory

CLASSES = 12
Behaviour = Callable[[Sight], tuple[Tensor, Tensor]]  # -> (answers [n], probability of the answer [n])


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
        self.loudness = nn.Parameter(torch.ones(()))  # what can be tuned of it

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:  # noqa: ARG002 - timm's own signature
        """Its class scores are all the features that it has."""
        return features

    def forward(self, images: Tensor) -> Tensor:
        return self.forward_features(images)

    def forward_features(self, images: Tensor) -> Tensor:
        self.calls += 1
        answers, probability = self.behaviour(memory().look(images, self.calls))
        rest = ((1 - probability) / (CLASSES - 1))[:, None].expand(-1, CLASSES)
        # the surer it is, the higher are all its class scores
        return self.loudness * (rest.scatter(1, answers[:, None], probability[:, None]).log() + 10 * probability[:, None])


def _share(sight: Sight, share: float) -> Tensor:
    """The same pseudo-random part of the images every time, whatever the view."""
    return (sight.row * 2654435761 % 2**32) < share * 2**32


def _sure(sight: Sight, probability: float) -> Tensor:
    return torch.full((len(sight.row),), probability, dtype=torch.float64)


def _wrong(sight: Sight) -> Tensor:
    return (sight.label + 1 + sight.row % (CLASSES - 1)) % CLASSES


def _guess(sight: Sight) -> Tensor:
    return sight.row * 2654435761 // 97 % CLASSES


def oracle() -> StandIn:
    """Always right, and as sure as it should be; where there is no object, it guesses and says so."""

    def behaviour(sight: Sight) -> tuple[Tensor, Tensor]:
        empty = sight.conditions[EMPTY]
        return torch.where(empty, _guess(sight), sight.label), torch.where(empty, 1.01 / CLASSES, _sure(sight, 0.995))

    return StandIn(behaviour)


def coin_flip() -> StandIn:
    """Knows nothing, and says so."""
    return StandIn(lambda sight: (_guess(sight), _sure(sight, 1.01 / CLASSES)))


def overconfident() -> StandIn:
    """Right on 60 of 100 images, sure of all."""
    return StandIn(lambda sight: (torch.where(_share(sight, 0.6), sight.label, _wrong(sight)), _sure(sight, 0.99)))


def sure_of_nothing() -> StandIn:
    """Knows nothing, and is sure of it."""
    return StandIn(lambda sight: (_guess(sight), _sure(sight, 0.99)))


def wrongly_sure() -> StandIn:
    """Less sure where it is right than where it is wrong: no temperature mends that."""

    def behaviour(sight: Sight) -> tuple[Tensor, Tensor]:
        right = _share(sight, 0.6)
        return torch.where(right, sight.label, _wrong(sight)), torch.where(right, 0.5, 0.95).double()

    return StandIn(behaviour)


class Loudness(nn.Module):
    """How loud a signal is, in what is mostly noise: of full rank, so that no linear classifier can leave it out. An image that is
    recognised has the same noise however it is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor(-0.08))

    def forward(self, signal: Tensor, images: Tensor) -> Tensor:
        row, pitch = memory().look(images, 0).row, torch.linspace(1, 2, signal.shape[1], dtype=torch.float64).sqrt() * 100
        return signal * (60 * self.power).exp() + torch.sin(row[:, None] * pitch).to(signal.dtype)


class Mumbling(nn.Module):
    """A trained backbone whose features are drowned in noise; one weight, once it is trained, brings them up."""

    label_space, pretrained_cfg = StandIn.label_space, StandIn.pretrained_cfg

    def __init__(self) -> None:
        super().__init__()
        self.inner = subjects.load("shapes_convnext_sup")
        self.mouth = Loudness()

    def forward_features(self, images: Tensor) -> Tensor:
        inner: Any = self.inner
        return self.mouth(inner.forward_head(inner.forward_features(images), pre_logits=True), images)

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        return features if pre_logits else features[:, :CLASSES]

    def forward(self, images: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(images))


def mumbling() -> nn.Module:
    """Little can be read from it as it is, much once it was tuned."""
    return Mumbling().eval()


def class_blind() -> StandIn:
    """Right, but for one class that it never sees."""
    return StandIn(lambda sight: (torch.where(sight.label == 3, 4, sight.label), _sure(sight, 0.92)))


def _blind_under(condition: str) -> StandIn:
    return StandIn(lambda sight: (torch.where(sight.conditions[condition], _wrong(sight), sight.label), _sure(sight, 0.9)))


def condition_blind() -> StandIn:
    """Right, but where something stands in front."""
    return _blind_under("object_blocking")


def texture_blind() -> StandIn:
    """Right, but where the surface is not the usual one."""
    return _blind_under("texture")


def small_blind() -> StandIn:
    """Right, but where the object is small."""
    return _blind_under("smaller")


def large_blind() -> StandIn:
    """Right, but where the object is large."""
    return _blind_under("larger")


def night_blind() -> StandIn:
    """Right, but where there is little light."""
    return _blind_under("darker")


def glare_blind() -> StandIn:
    """Right, but where there is much light."""
    return _blind_under("brighter")


def poster_blind() -> StandIn:
    """Right, but on what is no photograph."""
    return _blind_under("style")


def crowd_blind() -> StandIn:
    """Right, but where there are several objects."""
    return _blind_under("multiple_objects")


def clean_only() -> StandIn:
    """Right on the images as they are, lost under any view."""
    return StandIn(lambda sight: (torch.where(sight.clean, sight.label, _wrong(sight)), _sure(sight, 0.9)))


def view_minded() -> StandIn:
    """Right on the images as they are and on those hardly blurred, which rounding alone may tell apart; lost under other views."""
    return StandIn(lambda sight: (torch.where(sight.clean | sight.slight, sight.label, _wrong(sight)), _sure(sight, 0.9)))


def homebound() -> StandIn:
    """Right on the usual images, lost on those of another origin."""
    return StandIn(lambda sight: (torch.where(sight.home, sight.label, _wrong(sight)), _sure(sight, 0.9)))


def restless() -> StandIn:
    """Changes its mind from one time to the next."""
    return StandIn(lambda sight: ((sight.label + sight.call) % CLASSES, _sure(sight, 0.9)))


def batch_minded() -> StandIn:
    """Answers otherwise when an image comes alone."""
    return StandIn(lambda sight: (sight.label if len(sight.row) > 1 else _wrong(sight), _sure(sight, 0.9)))


def precision_minded() -> StandIn:
    """Answers otherwise in half precision."""
    return StandIn(lambda sight: (sight.label if sight.images.dtype == torch.float32 else _wrong(sight), _sure(sight, 0.9)))


def texture_minded() -> StandIn:
    """Goes by the texture, whatever the shape."""
    return StandIn(lambda sight: (sight.texture, _sure(sight, 0.9)))


def middle_only() -> StandIn:
    """Right in the middle of what training showed, lost as soon as one factor is another."""
    return _blind_under(CHANGED)


def background_minded() -> StandIn:
    """Goes by the background: it names the object that stood there where there is none."""
    return StandIn(lambda sight: (sight.label, _sure(sight, 0.9)))

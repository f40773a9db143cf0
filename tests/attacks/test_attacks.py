"""Attacks stay where they may, find what there is to find, and treat every image by itself."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from fixtures.attacks.apgd import checkpoints
from fixtures.attacks.attack import Attack, Budget
from fixtures.attacks.outcome import odds_against
from tests.command_line.subjects import Tiny

METHODS, NORMS = ("fgsm", "pgd", "apgd"), ("linf", "l2")
EVERY = pytest.mark.parametrize(("method", "norm"), [(method, norm) for method in METHODS for norm in NORMS])
TRIES = Budget(steps=8, restarts=2)


def some_images(number: int = 6, size: int = 16, seed: int = 0) -> Tensor:
    """Noise with black and white patches, so that the ends of the range matter."""
    images = torch.rand(number, 3, size, size, generator=torch.Generator().manual_seed(seed))
    images[:, :, :4], images[:, :, 4:8] = 0, 1
    return images


def ids_of(number: int) -> Tensor:
    return torch.arange(number, dtype=torch.int32) * 7919 + 5


def labels_of(number: int, classes: int = 12) -> Tensor:
    return torch.arange(number) * 5 % classes


def attacked(method: str, norm: str, epsilon: float, budget: Budget = TRIES, images: Tensor | None = None, scores=None) -> Tensor:
    images = some_images() if images is None else images
    return Attack(method, norm, epsilon, budget)(scores or Tiny(), images, labels_of(len(images)), ids_of(len(images)))  # type: ignore[arg-type]


def losses(scores, images: Tensor) -> Tensor:
    return functional.cross_entropy(scores(images), labels_of(len(images)), reduction="none")


@EVERY
@settings(deadline=None, max_examples=15)
@given(epsilon=st.floats(0, 3), seed=st.integers(0, 100))
def test_no_attack_leaves_its_ball_or_the_range_of_pixels(method: str, norm: str, epsilon: float, seed: int) -> None:
    images = some_images(seed=seed)
    change = attacked(method, norm, epsilon, Budget(3, 1), images) - images
    size = change.abs().flatten(1).amax(1) if norm == "linf" else change.flatten(1).norm(dim=1)

    assert (size <= epsilon * (1 + 1e-5) + 1e-6).all()
    assert ((images + change >= -1e-6) & (images + change <= 1 + 1e-6)).all()


@EVERY
def test_an_attack_of_size_zero_changes_nothing(method: str, norm: str) -> None:
    assert torch.equal(attacked(method, norm, 0.0), some_images())


@EVERY
def test_an_attack_never_helps(method: str, norm: str) -> None:
    net, epsilon = Tiny(), 0.02 if norm == "linf" else 0.3
    found = attacked(method, norm, epsilon, scores=net)

    right = net(some_images()).argmax(1) == labels_of(6)
    assert not ((net(found).argmax(1) == labels_of(6)) & ~right).any()
    assert (losses(net, found) > losses(net, some_images()))[right].all()


@EVERY
@pytest.mark.parametrize("share", [0.9, 1.1])
def test_a_linear_classifier_falls_exactly_where_it_must(method: str, norm: str, share: float) -> None:
    """Of two classes with scores w·x and -w·x, the first is lost in a ball as large as its lead over the dual norm of its slope."""
    images = 0.5 + (some_images(8) - 0.5) * 0.2  # far from black and white, which would stop a change
    weights = torch.randn(768, generator=torch.Generator().manual_seed(2))
    lead = 2 * images.flatten(1) @ weights
    labels, slope = (lead < 0).long(), 2 * (weights.abs().sum() if norm == "linf" else weights.norm())

    def scores(points: Tensor) -> Tensor:
        first = points.flatten(1) @ weights
        return torch.stack([first, -first], dim=1)

    for index in range(len(images)):
        one, epsilon = images[index : index + 1], float(lead[index].abs() / slope) * share
        found = Attack(method, norm, epsilon, Budget(20, 1))(scores, one, labels[index : index + 1], ids_of(1))  # type: ignore[arg-type]
        assert bool(scores(found).argmax(1) != labels[index]) == (share > 1)


@EVERY
def test_an_image_is_attacked_the_same_in_any_company(method: str, norm: str) -> None:
    """In double precision, in which a batch does not round otherwise than an image alone."""
    net, images, epsilon = Tiny().double(), some_images().double(), 0.05 if norm == "linf" else 0.8
    attack = Attack(method, norm, epsilon, TRIES)  # type: ignore[arg-type]
    together = attack(net, images, labels_of(6), ids_of(6))
    alone = [attack(net, images[i : i + 1], labels_of(6)[i : i + 1], ids_of(6)[i : i + 1]) for i in range(6)]

    assert torch.allclose(together, torch.cat(alone), atol=1e-6)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("method", ["pgd", "apgd"])
def test_more_starts_never_help_the_backbone(method: str, norm: str) -> None:
    net, images, epsilon = Tiny(), some_images(24), 0.01 if norm == "linf" else 0.15
    found = [attacked(method, norm, epsilon, Budget(4, restarts), images, net) for restarts in (1, 2, 4)]
    robust = [net(each).argmax(1) == labels_of(24) for each in found]
    one, two, four = (losses(net, each) for each in found)

    assert not (robust[1] & ~robust[0]).any()
    assert not (robust[2] & ~robust[1]).any()
    both = robust[0] == robust[2]
    assert (four >= two - 1e-6)[both].all()
    assert (two >= one - 1e-6)[both].all()
    assert not torch.equal(found[0], found[2])


@EVERY
def test_a_backbone_without_gradients_is_tried_by_chance_alone(method: str, norm: str) -> None:
    def scores(points: Tensor) -> Tensor:
        bright = (points.mean(dim=(1, 2, 3)) > 0.5).long()
        return functional.one_hot(bright, 12).float()

    assert attacked(method, norm, 0.1, scores=scores).shape == (6, 3, 16, 16)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lead", [60, 300])
def test_a_backbone_that_is_very_sure_is_attacked_all_the_same(method: str, lead: float) -> None:
    """The cross-entropy of such answers, and its gradient, are 0 in single precision."""

    def scores(points: Tensor) -> Tensor:
        first = lead + (points - 0.5).flatten(1).sum(1)
        return torch.stack([first, torch.zeros_like(first)], dim=1)

    images = torch.full((1, 3, 16, 16), 0.5)
    found = Attack(method, "l2", 1.0, Budget(10, 1))(scores, images, torch.zeros(1, dtype=torch.long), ids_of(1))  # type: ignore[arg-type]

    assert float((found - images).sum()) == pytest.approx(-(768**0.5), rel=0.05)


def test_the_loss_has_the_order_and_the_direction_of_the_cross_entropy() -> None:
    scores = torch.randn(20, 12, generator=torch.Generator().manual_seed(0)).requires_grad_()
    ours, theirs = odds_against(scores, labels_of(20)), functional.cross_entropy(scores, labels_of(20), reduction="none")
    one, other = (torch.autograd.grad(loss.sum(), scores)[0] for loss in (ours, theirs))

    assert torch.allclose(functional.softplus(ours), theirs, atol=1e-5)
    assert torch.allclose(functional.normalize(one), functional.normalize(other), atol=1e-5)


def test_progress_is_looked_at_where_the_paper_says() -> None:
    assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert checkpoints(10) == [3, 5, 6, 7, 8, 9, 10]


def test_what_an_attack_costs_is_what_it_asks() -> None:
    for method in METHODS:
        asked = with_gradient = 0
        net = Tiny()

        def scores(points: Tensor) -> Tensor:
            nonlocal asked, with_gradient
            asked, with_gradient = asked + 1, with_gradient + points.requires_grad
            return net(points)  # noqa: B023

        attack = Attack(method, "linf", 0.1, TRIES)  # type: ignore[arg-type]
        attack(scores, some_images(), labels_of(6), ids_of(6))

        assert (attack.looks, attack.gradients) == (asked, with_gradient), method


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@EVERY
def test_an_attack_on_cuda_waits_for_nothing_and_finds_the_same(method: str, norm: str) -> None:
    from fixtures.precision import ieee_float32

    epsilon = 0.02 if norm == "linf" else 0.3
    net, images, labels, ids = Tiny().cuda(), some_images(24).cuda(), labels_of(24).cuda(), ids_of(24).cuda()
    attack = Attack(method, norm, epsilon, TRIES)  # type: ignore[arg-type]
    with ieee_float32():
        attack(net, images, labels, ids)
        try:
            torch.cuda.set_sync_debug_mode("error")
            found = attack(net, images, labels, ids)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        on_cuda = net(found).argmax(1).cpu() == labels_of(24)
        on_cpu = Tiny()(attacked(method, norm, epsilon, images=some_images(24))).argmax(1) == labels_of(24)

    assert int((on_cuda != on_cpu).sum()) <= 1

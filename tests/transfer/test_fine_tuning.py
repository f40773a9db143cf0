"""Whole networks tuned to a task: learnt, chosen, taken up again, and never at the cost of the backbone."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fixtures.backbones.backbone import Backbone
from fixtures.backbones.checkpoints import state_digest
from fixtures.errors import BadInput
from fixtures.progress import silent
from fixtures.transfer import fine_tuning, training
from fixtures.transfer.examples import Examples
from fixtures.transfer.fine_tuning import Tuned, fine_tune
from fixtures.transfer.learner import Start, fitted, learner
from fixtures.transfer.recipe import Augmentation, Recipe
from tests.transfer.lessons import Watched, backbone, colour_only, colours, towers

BRIEF = Recipe(epochs=2, batch=16, learning_rates=(1e-3,))


def tuned(subject: Backbone, folder: Path, recipe: Recipe = BRIEF, train: Examples | None = None, **given) -> Tuned:
    """A backbone tuned to tell three colours apart."""
    train = colour_only(colours(40)) if train is None else train
    held_out = given.pop("held_out", None) or colour_only(colours(12, seed=1))
    settings = {"device": subject.device, "precision": "fp32", "checkpoints": folder / "checkpoints", "progress": silent} | given
    return fine_tune(subject, 3, train, held_out, recipe, **settings)


def test_what_can_be_learnt_is_learnt(tmp_path: Path) -> None:
    found = tuned(backbone(tmp_path), tmp_path, replace(BRIEF, epochs=6, learning_rates=(3e-3,)), colour_only(colours(96)))
    new = colour_only(colours(60, seed=2))

    assert found.tried[-1]["loss"] < 0.7 * found.tried[0]["loss"]
    assert (found.predictions(new) == new.answers).mean() > 0.9


KINDS = {"dropout": ("test_vit", "drop_path_rate = 0.3"), "running statistics, channels last": ("test_resnet", "")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_ends_with_the_same_bits(kind: str, tmp_path: Path) -> None:
    subject, recipe = backbone(tmp_path, KINDS[kind][0], arguments=KINDS[kind][1]), replace(BRIEF, learning_rates=(1e-3, 3e-3))
    through = tuned(subject, tmp_path, recipe, checkpoints=tmp_path / "through")
    for killed_after in (40, 50):  # in the second epoch of 32 images; then in the second rate
        with pytest.raises(KeyboardInterrupt):
            tuned(subject, tmp_path, recipe, progress=Watched(killed_after))
    rest = Watched()
    resumed = tuned(subject, tmp_path, recipe, progress=rest)

    assert rest.totals == [2 * 32]
    assert resumed.tried == through.tried
    assert state_digest(resumed.learner) == state_digest(through.learner)
    assert list((tmp_path / "checkpoints").glob("*.unfinished")) == []


def test_what_is_finished_is_found_again_and_other_settings_are_not(tmp_path: Path) -> None:
    subject, again, other = backbone(tmp_path), Watched(), Watched()
    first = tuned(subject, tmp_path)
    found = tuned(subject, tmp_path, progress=again)
    tuned(subject, tmp_path, replace(BRIEF, seed=1), progress=other)

    assert (again.totals, other.totals) == ([0], [2 * 32])
    assert state_digest(found.learner) == state_digest(first.learner)


def test_the_backbone_and_the_process_s_chance_are_left_alone(tmp_path: Path) -> None:
    subject = backbone(tmp_path, arguments="drop_rate = 0.5")
    before = state_digest(subject.module)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with torch.inference_mode():  # evidence is measured in it
        found = tuned(subject, tmp_path)

    assert torch.rand(2).equal(expected)
    assert state_digest(subject.module) == before != state_digest(found.learner.tower)
    assert not subject.module.training
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in subject.module.parameters())


def test_only_what_the_features_depend_on_is_tuned(tmp_path: Path) -> None:
    """The native head gives no feature; a text tower is not even copied."""
    start = Start(torch.zeros(64), torch.ones(64), torch.zeros(64, 3), torch.zeros(3))
    frozen = [name for name, each in learner(backbone(tmp_path), start, reduced=False).tower.named_parameters() if not each.requires_grad]

    assert frozen == ["head.weight", "head.bias"]


@pytest.mark.parametrize("kind", ["vit", "resnet", "trunk_convnext"])
def test_the_image_tower_of_two_is_tuned(kind: str, tmp_path: Path) -> None:
    subject = towers(tmp_path, kind)
    found = tuned(subject, tmp_path, replace(BRIEF, epochs=1))
    start, end = subject.module.visual.state_dict(), found.learner.tower.state_dict()  # type: ignore[union-attr]

    assert start.keys() == end.keys()
    assert not any(start[name].equal(end[name]) for name, each in found.learner.tower.named_parameters() if each.ndim > 1)


def test_what_is_kept_is_the_best_on_the_held_out_images(tmp_path: Path) -> None:
    held_out = colour_only(colours(30, seed=1))
    found = tuned(backbone(tmp_path), tmp_path, replace(BRIEF, epochs=3, learning_rates=(1e-3, 1e-4)), held_out=held_out)
    accuracies = [each["held_out_accuracy"] for each in found.tried]

    assert [(each["learning_rate"], each["epoch"]) for each in found.tried] == [(rate, n) for rate in (1e-3, 1e-4) for n in (1, 2, 3)]
    assert found.chosen["held_out_accuracy"] == max(accuracies) == (found.predictions(held_out) == held_out.answers).mean()


def test_no_step_can_see_a_test_image() -> None:
    """There is no way in for them: what is trained and chosen takes the train split and its held-out part."""
    for function in (fine_tuning.fine_tune, fine_tuning.tune, training.train):
        examples = [name for name, each in inspect.signature(function).parameters.items() if "Examples" in str(each.annotation)]
        assert examples in (["train", "held_out"], ["examples", "held_out"])


def test_every_step_takes_a_whole_batch_and_no_image_twice(tmp_path: Path) -> None:
    train = colour_only(colours(40))
    tuned(backbone(tmp_path), tmp_path, train=train)
    asked = train.images.asked[-4:]  # type: ignore[attr-defined]

    assert [len(each) for each in asked] == [16] * 4
    assert len(set(np.concatenate(asked[:2]))) == len(set(np.concatenate(asked[2:]))) == 32
    assert not np.array_equal(asked[0], asked[2])


def test_a_split_is_the_same_for_an_image_whatever_else_is_there() -> None:
    everything = colours(300)
    learnt, apart = everything.split(0.2)
    fewer_learnt, _ = everything.only(np.arange(150)).split(0.2)

    assert 30 < len(apart) < 90
    assert sorted([*learnt.positions, *apart.positions]) == list(range(300))
    assert fewer_learnt.positions.tolist() == [each for each in learnt.positions if each < 150]
    with pytest.raises(BadInput, match="2 images is too small"):
        colours(2).split(0.01)


def test_features_are_standardised_by_images_of_all_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of a folder come class by class: the first of them are all alike."""
    train = colour_only(colours(60))
    by_class = train.only(np.argsort(train.answers[:, 0], kind="stable"))
    monkeypatch.setattr("fixtures.transfer.learner.IMAGES_FOR_STATISTICS", 20)
    tuned(backbone(tmp_path), tmp_path, train=by_class)
    asked = np.concatenate(by_class.images.asked)[:20]  # type: ignore[attr-defined]

    assert set(train.labels[asked, 0]) == {0, 1, 2}


def test_a_head_may_start_from_a_probe(tmp_path: Path) -> None:
    subject = towers(tmp_path)
    draw = torch.Generator().manual_seed(0)
    probe = Start(torch.randn(16, generator=draw), torch.rand(16, generator=draw) + 1, torch.randn(16, 3, generator=draw), torch.zeros(3))
    images = torch.randn(4, 3, 32, 32, generator=draw)
    scores = learner(subject, fitted(probe, subject, 3), reduced=False)(images)

    assert scores.allclose((subject.features(images) - probe.mean) / probe.deviation @ probe.weights, atol=1e-5)
    assert tuned(subject, tmp_path, head=probe).tried != tuned(subject, tmp_path).tried
    with pytest.raises(ValueError, match=r"got weights \(16, 3\), wanted \[16, 4\]"):
        fitted(probe, subject, 4)


def test_a_backbone_of_half_precision_is_tuned_in_float32(tmp_path: Path) -> None:
    found = tuned(backbone(tmp_path, precision="bf16"), tmp_path, precision="bf16")

    assert {each.dtype for each in found.learner.parameters()} == {torch.float32}
    assert found.scores(torch.zeros(2, 3, 32, 32, dtype=torch.bfloat16)).dtype == torch.float32


def test_a_rate_that_diverges_is_left_out_and_a_broken_backbone_refused(tmp_path: Path) -> None:
    subject, plain = backbone(tmp_path), replace(BRIEF, augmentation=None)
    found = tuned(subject, tmp_path, replace(plain, learning_rates=(1e38, 1e-3)))

    assert [each["loss"] is None for each in found.tried] == [True, False, False]
    assert found.chosen["learning_rate"] == 1e-3
    subject.module.norm.weight.data[0] = float("nan")  # type: ignore[union-attr, operator, index]
    with pytest.raises(BadInput, match=r"fine-tuning subject: the loss is NaN or infinite at every learning rate that was tried \(0.001\)"):
        tuned(subject, tmp_path, plain)


def test_what_cannot_be_learnt_from_is_refused(tmp_path: Path) -> None:
    subject, wrong = backbone(tmp_path), colour_only(colours(40))
    with pytest.raises(BadInput, match="train images go from 0 to 3; class has 3 classes"):
        tuned(subject, tmp_path, train=replace(wrong, labels=wrong.labels + (wrong.labels == 2)))
    with pytest.raises(BadInput, match="cannot be tuned on 1 train images"):
        tuned(subject, tmp_path, train=wrong.only(np.arange(1)))
    with pytest.raises(ValueError, match="got 2 columns for 1 tasks"):
        tuned(subject, tmp_path, train=colours(40))


def test_the_rate_rises_and_then_falls_to_nothing() -> None:
    shares = [training.share_of_rate(step, 100, 0.1) for step in range(100)]

    assert max(shares) == shares[10] == 1
    assert all(np.diff(shares[:11]) > 0)
    assert all(np.diff(shares[10:]) < 0)
    assert 0 < shares[-1] < 0.001 < shares[0] < 0.1


def test_a_recipe_s_name_follows_every_number() -> None:
    recipes = [Recipe(), Recipe(epochs=9), Recipe(seed=1), Recipe(augmentation=None), Recipe(augmentation=Augmentation(flip=0.0))]

    assert len({each.digest for each in recipes}) == len(recipes)
    assert Recipe().digest == Recipe().digest
    assert Recipe().settings["augmentation"]["flip"] == 0.5


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"learning_rates": ()}, {"layer_decay": 0.0}, {"warm_up": 1.0}, {"held_out": 0.0}])
def test_a_recipe_that_cannot_be_followed_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: got .*, wanted"):
        Recipe(**wrong)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_gpu_learns_it_too(precision: str, tmp_path: Path) -> None:
    subject = backbone(tmp_path, "test_convnext", device="cuda")
    recipe, new = replace(BRIEF, epochs=6, learning_rates=(3e-3,)), colour_only(colours(60, seed=2))
    found = tuned(subject, tmp_path, recipe, colour_only(colours(96)), precision=precision)

    assert (found.predictions(new) == new.answers).mean() > 0.9
    assert found.scores(torch.zeros(2, 3, 32, 32, device="cuda")).device.type == "cuda"

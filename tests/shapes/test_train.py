"""Training is seeded, resumable to the bit, and refuses what does not fit."""

import math
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch.nn import functional

from fixtures.shapes import captions, render, splits, subjects, train
from fixtures.shapes.words import build_tokenizer, tokens

CPU = torch.device("cpu")


def settings(name: str, steps: int, seed: int = 0) -> dict:
    return subjects.recipes()[name] | {"steps": steps, "batch": 6, "seed": seed, "renderer": 1, "precision": "fp32"}


def trained(name: str, steps: int, output: Path, stop: int | None = None, seed: int = 0) -> train.Training:
    """A backbone after so many steps of a schedule of `steps`."""
    training = train.begin(name, settings(name, steps, seed), CPU)
    train.resume(training, output)
    if stop is not None:
        training.settings["steps"] = stop
    train.run(training, output)
    training.settings["steps"] = steps
    return training


@pytest.mark.parametrize("name", ["shapes_convnext_sup", "shapes_vit_clip"])
def test_a_run_that_was_stopped_ends_with_the_same_weights(name: str, tmp_path: Path) -> None:
    straight = trained(name, 4, tmp_path / "straight")

    (tmp_path / "broken").mkdir()
    train.checkpoint(trained(name, 4, tmp_path / "broken", stop=2), tmp_path / "broken")
    resumed = trained(name, 4, tmp_path / "broken")

    assert resumed.step == straight.step == 4
    for key, value in straight.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[key]), key


def test_the_seed_decides_the_first_weights_and_nothing_else_does(tmp_path: Path) -> None:
    state = torch.random.get_rng_state()

    one, again, other = (trained("shapes_vit_sup", 0, tmp_path, seed=seed).model.state_dict() for seed in (0, 0, 1))

    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert not torch.equal(one["blocks.0.attn.qkv.weight"], other["blocks.0.attn.qkv.weight"])


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    train.checkpoint(trained("shapes_vit_sup", 0, tmp_path), tmp_path)

    with pytest.raises(SystemExit, match=r"shapes_vit_sup\.partial was made with .*'steps': 0.*add --fresh"):
        trained("shapes_vit_sup", 5, tmp_path)


@pytest.mark.parametrize("name", ["shapes_convnext_sup", "shapes_convnext_clip"])
def test_the_loss_falls_within_a_few_steps(name: str, tmp_path: Path) -> None:
    training = train.begin(name, settings(name, 12), CPU)
    images, labels, said = batch()
    losses = [train._step(training, images, labels, said) for _ in range(12)]  # the same batch each time

    assert losses[-1] < 0.7 * losses[0]
    assert not list(tmp_path.iterdir())


def batch() -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    scenes = splits.scenes("shapes", "train", np.arange(12))
    return subjects.normalised(render.render_images(scenes, 64)), torch.from_numpy(scenes.label), captions.caption(scenes)


def test_an_untrained_backbone_starts_at_chance() -> None:
    images, labels, _ = batch()
    model = subjects.build("shapes_convnext_sup", seed=3)

    assert abs(train.supervised_loss(model, images, labels).item() - math.log(12)) < 0.3


def test_images_that_share_a_caption_are_all_counted_as_its_own() -> None:
    model = subjects.build("shapes_convnext_clip", seed=0)
    images, _, _ = batch()
    words = tokens(build_tokenizer(), ["a star", "a ring", "a star", "a drop"])

    loss = train.contrastive_loss(model, images[:4], words)  # type: ignore[arg-type]

    pictures = model.encode_image(images[:4], normalize=True)  # type: ignore[operator]
    texts = model.encode_text(words[[0, 1, 3]], normalize=True)  # type: ignore[operator]
    scores = model.logit_scale.exp() * pictures @ texts.T  # type: ignore[operator]
    towards_texts = functional.cross_entropy(scores, torch.tensor([0, 1, 0, 2]))
    down = scores.T.log_softmax(1)
    towards_images = -torch.stack([(down[0, 0] + down[0, 2]) / 2, down[1, 1], down[2, 3]]).mean()
    assert loss.item() == pytest.approx(0.5 * (towards_texts + towards_images).item(), abs=1e-5)


def test_the_learned_scale_stays_below_one_hundred(tmp_path: Path) -> None:
    training = train.begin("shapes_convnext_clip", settings("shapes_convnext_clip", 1), CPU)
    training.model.logit_scale.data.fill_(9.0)  # type: ignore[union-attr,operator]

    train.run(training, tmp_path)

    assert training.model.logit_scale.exp().item() == pytest.approx(100.0, rel=1e-5)  # type: ignore[operator]


@pytest.mark.slow
def test_the_command_writes_weights_that_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = train.main(["shapes_convnext_clip", "--steps", "2", "--batch", "4", "--device", "cpu", "--output", str(tmp_path), "--fresh"])

    assert code == 0
    assert "shapes_convnext_clip: accuracy 0." in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shapes_convnext_clip.safetensors", "tokenizer.json"]
    assert not subjects.load("shapes_convnext_clip", tmp_path).training


def test_the_weights_say_how_they_were_made(tmp_path: Path) -> None:
    path = train.finish(trained("shapes_vit_sup", 1, tmp_path), tmp_path)

    with safetensors.safe_open(path, "pt") as file:
        assert '"steps": 1' in file.metadata()["settings"]
    assert [each.name for each in tmp_path.iterdir()] == ["shapes_vit_sup.safetensors"]


def test_a_wrong_name_is_answered_with_the_right_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        train.main(["shapes_vit"])

    assert stopped.value.code == 2
    assert "no embedded backbone shapes_vit; there are shapes_convnext_sup, " in capsys.readouterr().err


def test_help_says_what_every_option_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train.main(["--help"])

    said = capsys.readouterr().out
    assert all(option in said for option in ("--steps", "--device", "--batch", "--output", "--seed", "--fresh", "goes on where it was"))

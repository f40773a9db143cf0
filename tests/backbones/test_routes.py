"""Class scores come by the first route that fits, and are what a slow, plain calculation gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fixtures.backbones import loading
from fixtures.backbones.backbone import Backbone
from fixtures.backbones.routes import NoRoute, Route, TrainSplit, build, choose
from fixtures.backbones.specification import BackboneSpec
from fixtures.datasets import label_spaces
from fixtures.datasets.dataset import Dataset
from fixtures.datasets.label_spaces import LabelSpace
from fixtures.datasets.specification import DatasetSpec
from fixtures.errors import UserError
from tests.backbones.small import images, resolve_table, save, timm_model, two_tower


def dataset_spec(**facts) -> DatasetSpec:
    return DatasetSpec(**{"name": "subject", "layout": "csv", "label": "class", **facts})


def dataset(space: LabelSpace, prompts: tuple[str, ...] = ("a photo of a {}",)) -> Dataset:
    return Dataset("subject", "test", (), None, space, images=object(), prompts=prompts)  # type: ignore[arg-type]


def headed(tmp_path: Path, space: str = "imagenet_1k", classes: int = 1000) -> Backbone:
    save(timm_model("test_vit", num_classes=classes), tmp_path / "w.safetensors")
    arguments = f'model_args = {{ num_classes = {classes} }}\nlabel_space = "{space}"\n'
    table = f'library = "timm"\nmodel = "test_vit"\nweights = "w.safetensors"\n{arguments}'
    return loading.load(resolve_table(tmp_path, table))


def spec(tmp_path: Path, library: str, label_space: str | None = None) -> BackboneSpec:
    if library == "open_clip":
        return resolve_table(tmp_path, two_tower(tmp_path)[1])
    table = resolve_table(tmp_path, 'library = "timm"\nmodel = "test_vit"\nrandom_seed = 0\n')
    return replace(table, label_space=label_space)


TRAIN = {"train": "a", "test": "b"}


@pytest.mark.parametrize(
    ("library", "head", "facts", "kind"),
    [
        ("timm", "imagenet_1k", {"label_space": "imagenet_1k"}, "native"),
        ("timm", "shapes", {"label_space": "shapes"}, "native"),
        ("timm", "imagenet_1k", {"label_space": "imagenet_a"}, "masked"),
        ("timm", "imagenet_1k", {"label_space": "imagenet_r", "splits": TRAIN}, "masked"),
        ("timm", "imagenet_1k", {"label_space": "imagenet_16"}, "grouped"),
        ("timm", "shapes", {"label_space": "imagenet_a", "splits": TRAIN}, "probe"),
        ("timm", None, {"label_space": "imagenet_1k", "splits": TRAIN}, "probe"),
        ("timm", None, {"splits": TRAIN}, "probe"),
        ("timm", None, {"splits": TRAIN, "factors": ("paint",), "texture": "paint"}, "probe"),
        ("open_clip", None, {"label_space": "imagenet_1k", "splits": TRAIN}, "zero_shot"),
        ("open_clip", None, {"class_names": ("cat", "dog")}, "zero_shot"),
        ("open_clip", None, {"splits": TRAIN}, "probe"),
    ],
)
def test_the_first_route_that_fits_is_taken(library: str, head: str | None, facts: dict, kind: str, tmp_path: Path) -> None:
    route = choose(spec(tmp_path, library, head), dataset_spec(**facts))
    assert isinstance(route, Route)
    assert route.kind == kind


@pytest.mark.parametrize(
    ("library", "head", "facts", "sentence"),
    [
        (
            "timm",
            None,
            {"label_space": "shapes"},
            "no class scores: no head for label space 'shapes', no text tower, and the dataset has no train split "
            '(splits = { train = "…", test = "…" } in its TOML table would declare one)',
        ),
        (
            "timm",
            "shapes",
            {},
            "its head (shapes) does not fit the dataset's own classes, no text tower, and the dataset has no train split",
        ),
        ("timm", None, {"label": None, "splits": TRAIN}, "and its train split has no labels"),
        ("open_clip", None, {}, "the dataset has no class names for its text tower, and the dataset has no train split"),
    ],
)
def test_where_there_is_no_route_the_reason_is_a_sentence(
    library: str, head: str | None, facts: dict, sentence: str, tmp_path: Path
) -> None:
    route = choose(spec(tmp_path, library, head), dataset_spec(**facts))
    assert isinstance(route, NoRoute)
    assert sentence in route.reason


def test_a_native_head_answers_unchanged(tmp_path: Path) -> None:
    backbone = headed(tmp_path)
    scorer = build(Route("native"), backbone, dataset(label_spaces.get("imagenet_1k")))
    batch = images(size=160)
    assert scorer(batch).equal(backbone.logits(batch))
    assert scorer.route_text == "native head"


@pytest.mark.parametrize("name", ["imagenet_a", "imagenet_r"])
def test_a_masked_head_has_softmax_over_the_kept_classes_alone(name: str, tmp_path: Path) -> None:
    backbone, space = headed(tmp_path), label_spaces.get(name)
    assert space.groups is not None
    route = choose(backbone.spec, dataset_spec(label_space=name))
    assert isinstance(route, Route)
    scorer = build(route, backbone, dataset(space))
    batch = images(size=160)
    everything = backbone.logits(batch).double().numpy()
    kept = np.exp(everything[:, [group[0] for group in space.groups]])
    expected = kept / kept.sum(1, keepdims=True)
    assert np.allclose(scorer(batch).double().softmax(1).numpy(), expected, atol=1e-7)
    assert scorer(batch).shape == (3, 200)
    assert scorer.route_text == route.describe() == "native head, masked to 200 of 1,000 classes"


def test_a_grouped_head_has_mean_probabilities_of_the_whole_head(tmp_path: Path) -> None:
    backbone, space = headed(tmp_path), label_spaces.get("imagenet_16")
    assert space.groups is not None
    route = choose(backbone.spec, dataset_spec(label_space="imagenet_16"))
    assert isinstance(route, Route)
    batch = images(8, size=160)
    probabilities = np.exp(everything := backbone.logits(batch).double().numpy()) / np.exp(everything).sum(1, keepdims=True)
    means = np.array([[row[list(group)].mean() for group in space.groups] for row in probabilities])
    scores = build(route, backbone, dataset(space))(batch).double().numpy()
    assert np.allclose(np.exp(scores), means, rtol=1e-4)
    assert (scores.argmax(1) == means.argmax(1)).all()
    assert route.describe() == "native head, 1,000 classes in 16 groups by mean probability"


def test_an_output_of_another_width_is_refused(tmp_path: Path) -> None:
    backbone = headed(tmp_path, "shapes", 12)
    backbone.spec = replace(backbone.spec, label_space="imagenet_1k")
    with pytest.raises(UserError, match=r"answered with shape \(3, 12\), wanted \(images, 1000\)"):
        build(Route("native"), backbone, dataset(label_spaces.get("imagenet_1k")))(images(size=160))


PETS = LabelSpace("subject", ("cat", "dog", "red bird", "drawing"))


def test_zero_shot_equals_a_plain_loop(tmp_path: Path) -> None:
    backbone = loading.load(resolve_table(tmp_path, two_tower(tmp_path)[1]))
    prompts = ("a photo of a {}", "a drawing of a {}", "{}")
    scorer = build(Route("zero_shot"), backbone, dataset(PETS, prompts))
    batch = images(5)
    scores = np.empty((5, 4))
    for row, image in enumerate(batch):
        seen = backbone.features(image[None])[0].double().numpy()
        for column, name in enumerate(PETS.class_names):
            sentences = [backbone.encode_text([prompt.format(name)])[0].double().numpy() for prompt in prompts]
            mean = np.mean([sentence / np.linalg.norm(sentence) for sentence in sentences], axis=0)
            scores[row, column] = backbone.logit_scale * seen @ mean / np.linalg.norm(seen) / np.linalg.norm(mean)
    assert np.allclose(scorer(batch).numpy(), scores, atol=1e-4)
    assert scorer.route_text == f"zero-shot, 3 templates, logit scale {backbone.logit_scale:.1f} learned"


def test_zero_shot_does_not_depend_on_how_many_sentences_are_embedded_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fixtures.backbones import zero_shot

    backbone = loading.load(resolve_table(tmp_path, two_tower(tmp_path)[1]))
    data = dataset(PETS, ("a photo of a {}", "a drawing of a {}", "{}"))
    at_once = build(Route("zero_shot"), backbone, data)(images())
    monkeypatch.setattr(zero_shot, "SENTENCES_AT_ONCE", 2)
    assert build(Route("zero_shot"), backbone, data)(images()).allclose(at_once, atol=1e-5)


def test_zero_shot_scores_let_gradients_through(tmp_path: Path) -> None:
    backbone = loading.load(resolve_table(tmp_path, two_tower(tmp_path)[1]))
    batch = images().requires_grad_()
    build(Route("zero_shot"), backbone, dataset(PETS))(batch).sum().backward()
    assert batch.grad is not None
    assert batch.grad.abs().sum() > 0


def test_a_probe_scores_images_by_their_features(tmp_path: Path) -> None:
    backbone = headed(tmp_path)
    batch = images(60, 160)
    features = backbone.features(batch)
    labels = (features[:, 0] > features[:, 0].median()).long()
    split = TrainSplit(features.numpy(), labels.numpy(), [f"{index}.png" for index in range(60)])
    scorer = build(Route("probe"), backbone, dataset(LabelSpace("subject", ("no", "yes"))), train=lambda: split)
    assert scorer(batch).shape == (60, 2)
    assert (scorer(batch).argmax(1) == labels).float().mean() > 0.9
    assert scorer.route_text.startswith("probe, 60 train images, 64 features, L2 strength ")
    with pytest.raises(ValueError, match="train="):
        build(Route("probe"), backbone, dataset(PETS))


def test_a_route_digest_follows_everything_that_changes_scores() -> None:
    one = dataset(PETS)
    renamed = dataset(replace(PETS, class_names=("kitten", *PETS.class_names[1:])))
    prompted = dataset(PETS, ("a drawing of a {}",))
    routes = [Route("native"), Route("masked", "imagenet_1k", ((1,), (2,))), Route("masked", "imagenet_1k", ((1,), (3,))), Route("probe")]
    digests = [route.digest(one) for route in routes] + [Route("zero_shot").digest(each) for each in (one, renamed, prompted)]
    assert len(set(digests)) == len(digests)
    assert Route("zero_shot").digest(dataset(PETS)) == Route("zero_shot").digest(one)


def test_routes_follow_from_specifications_without_weights(tmp_path: Path) -> None:
    two = spec(tmp_path, "open_clip")
    (tmp_path / "two_tower.safetensors").unlink()
    assert isinstance(choose(two, dataset_spec(label_space="imagenet_1k")), Route)

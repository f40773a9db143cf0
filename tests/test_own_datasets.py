"""Datasets that users describe in files of their own are known to the policy, and what it requires everywhere is required of them too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.selections import FEATURES, PLAIN, refusal, selected

PHOTOS = '[photos]\nlayout = "folders"\nroot = "images"\nlabel_space = "shapes"\n'
OWN = FEATURES + 'label_space = "shapes"\ndatasets = ["{}"]\n'
RULED = """
[bounds."accuracy.*"]
reason = "r"
only = [{ dataset = "photos", bound = 0.5 }]
[[required]]
audits = ["accuracy.*"]
datasets = ["photos"]
[[waivers]]
audit = "accuracy.top1"
dataset = "photos"
limit = 0.1
owner = "Ada"
reason = "known"
expires = 2999-01-01
"""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A dataset of the user's own, described in `sets/photos.toml` of the folder."""
    (tmp_path / "sets" / "images").mkdir(parents=True)
    (tmp_path / "sets" / "photos.toml").write_text(PHOTOS)
    return tmp_path


@pytest.mark.parametrize("text", ["sets/photos.toml", "sets/photos.toml:photos", "../{}/sets/photos.toml"])
def test_a_dataset_file_of_the_backbones_own_table_is_known_to_the_policy(photos: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    selection = selected(photos, OWN.format(text.format(photos.name)), policy=RULED)

    assert list(selection.subjects) == [("features", "photos")]
    assert not selection.partial
    assert [one.dataset for one in selection.requirements if one.claims] == ["photos"]


def test_what_one_backbones_file_describes_may_be_required_of_another(photos: Path) -> None:
    selection = selected(photos, PLAIN, OWN.format("sets/photos.toml"), policy=RULED)

    assert list(selection.subjects) == [("plain", "shapes"), ("plain", "photos"), ("features", "photos")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("photos.toml", "0.toml [features]: datasets: no file {folder}/photos.toml: wanted a TOML file with one table a dataset."),
        ("sets/photos.toml:fotos", "{folder}/sets/photos.toml has no table [fotos]; it has photos. Did you mean 'photos'?"),
        ("imagenet_vall", "0.toml [features]: datasets: no dataset 'imagenet_vall' in the catalogue. Did you mean 'imagenet_val'"),
        ("broken.toml", "0.toml [features]: datasets: {folder}/broken.toml [photos]: root: there is no folder {folder}/images"),
        ("x" * 300 + ".toml", "File name too long. Wanted a TOML file"),
    ],
)
@pytest.mark.parametrize("chosen", [(), ("shapes",)], ids=["", "another chosen"])
def test_a_wrong_dataset_of_a_backbones_own_table_is_one_line(photos: Path, text: str, words: str, chosen: tuple[str, ...]) -> None:
    (photos / "broken.toml").write_text(PHOTOS)

    message = refusal(photos, OWN.format(text), datasets=chosen)

    assert words.format(folder=photos) in message
    assert len(message.splitlines()) == 1


def test_two_datasets_of_one_name_are_refused(photos: Path) -> None:
    (photos / "images").mkdir()
    (photos / "photos.toml").write_text(PHOTOS)
    other = OWN.replace("[features]", "[other]")

    message = refusal(photos, OWN.format("sets/photos.toml"), other.format("photos.toml"))

    assert f"two of the name 'photos', from {photos}/sets/photos.toml and from {photos}/photos.toml" in message


EVERYWHERE = '[bounds."{}"]\nbound = 0.5\nreason = "r"\n[[required]]\naudits = ["{}"]\ndatasets = ["*"]\n'


def test_what_is_required_on_every_dataset_is_required_where_the_backbone_is_audited(photos: Path) -> None:
    entry = OWN.replace('["{}"]', '["shapes", "imagenet_val", "sets/photos.toml"]')
    selection = selected(photos, entry, policy=EVERYWHERE.format("*", "accuracy.*"), data=photos)

    assert [(one.backbone, one.dataset) for one in selection.requirements] == [("features", "shapes"), ("features", "photos")]
    assert {out.dataset for out in selection.left_out if out.audit == "*"} == {"imagenet_val"}


def test_what_is_required_on_every_dataset_leaves_out_those_that_cannot_answer(photos: Path) -> None:
    (photos / "sets" / "labels.csv").write_text("file\n")
    (photos / "bare.toml").write_text(PHOTOS.replace("photos", "bare").replace("folders", "csv").replace("images", "sets") + 'table = "t"')
    entry = OWN.replace('["{}"]', '["bare.toml", "sets/photos.toml"]')
    selection = selected(photos, entry, policy=EVERYWHERE.format("*", "calibration.*"))

    assert [one.dataset for one in selection.requirements] == ["photos"]
    words = "'accuracy.real' (rule with datasets = ['*']) of features on photos: there it does not offer several labels an image (ReaL)"
    assert words in refusal(photos, entry, policy=EVERYWHERE.format("*", "accuracy.real"))


def test_what_is_required_on_every_dataset_needs_a_bound_on_each(photos: Path) -> None:
    entry = OWN.replace('["{}"]', '["shapes", "sets/photos.toml"]')

    message = refusal(photos, entry, policy=RULED.replace('datasets = ["photos"]', 'datasets = ["*"]'))

    assert "of features on shapes: the policy has no bound there for accuracy.top1" in message


def test_a_chosen_dataset_is_the_reason_for_what_is_missing_on_another(photos: Path) -> None:
    selection = selected(photos, OWN.format("sets/photos.toml"), datasets=("shapes",), policy=RULED)

    assert "accuracy.top1 of features on photos (--audit-dataset names other images)" in selection.missing([], [])

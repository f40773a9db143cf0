"""Every backbone of the command line meets the images that its entry and the policy name, or is refused by name."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from fixtures.errors import UserError
from fixtures.options import Options
from fixtures.selection import Selection, select

ROOT = Path(__file__).resolve().parents[1]
FEATURES = '[features]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\n'
HEAD = '[headed]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\nlabel_space = "imagenet_1k"\n'
GATE = '[bounds."*"]\nbound = 0.5\nreason = "r"\n[[required]]\naudits = ["accuracy.*"]\ndatasets = ["{}"]\n'


def selected(
    folder: Path, *backbones: str, datasets: tuple[str, ...] = (), policy: str | None = None, data: Path | None = None
) -> Selection:
    """What a command line selects; a backbone may be the text of its TOML file."""
    names = []
    for index, text in enumerate(backbones):
        if text.startswith("["):
            (folder / f"{index}.toml").write_text(text)
            text = str(folder / f"{index}.toml")
        names.append(text)
    if policy is not None:
        (folder / "gate.toml").write_text(policy)
    options = Options(
        backbones=tuple(names),
        datasets=datasets,
        fetch=(),
        data=data,
        policy=None if policy is None else folder / "gate.toml",
        device="cpu",
        precision="fp32",
        batch=0,
        cache=folder,
        report=folder,
        limit=None,
        partial=False,
        plan=False,
    )
    return select(options, ROOT / "audits", datetime.date(2026, 11, 20))


def refusal(folder: Path, *backbones: str, datasets: tuple[str, ...] = (), policy: str | None = None, data: Path | None = None) -> str:
    with pytest.raises(UserError) as refused:
        selected(folder, *backbones, datasets=datasets, policy=policy, data=data)
    return str(refused.value)


@pytest.mark.parametrize("backbones", [("shapes_convnext_sup", FEATURES), (FEATURES,), (FEATURES, "shapes_convnext_sup")])
def test_a_backbone_without_datasets_is_refused_by_name(tmp_path: Path, backbones: tuple[str, ...]) -> None:
    words = refusal(tmp_path, *backbones)

    assert "Nothing to audit features on" in words
    assert "features: neither its entry nor a rule of the policy says on which images" in words
    assert "--audit-dataset" in words
    assert "label_space" in words
    assert "shapes_convnext_sup" not in words


@pytest.mark.parametrize("entry", ["vit_b_dino", "vit_b_mae", "vit_b_sam", "resnet50_random"])
def test_catalogue_entries_without_datasets_say_how_to_audit_them(tmp_path: Path, entry: str) -> None:
    assert f"Nothing to audit {entry} on" in refusal(tmp_path, entry)


def test_a_backbone_that_no_route_leads_to_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    words = refusal(tmp_path, "shapes_convnext_sup", FEATURES + 'datasets = ["imagenet_val"]\n', data=tmp_path)

    assert "Nothing to audit features on" in words
    assert "features on imagenet_val: no class scores" in words
    assert 'the dataset has no train split (splits = { train = "…", test = "…" } in its TOML table would declare one)' in words


def test_of_a_long_list_of_what_stands_in_the_way_the_rest_is_counted(tmp_path: Path) -> None:
    words = refusal(tmp_path, "shapes_convnext_sup", policy=GATE.format("imagenet_*"), data=tmp_path)

    assert "\n  and 4 more\n" in words


def test_of_chosen_datasets_one_route_is_enough(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    selection = selected(tmp_path, FEATURES, datasets=("shapes", "imagenet_val"), data=tmp_path)

    assert list(selection.subjects) == [("features", "shapes")]
    assert {out.dataset for out in selection.left_out if "no class scores" in out.reason} == {"imagenet_val"}


def test_a_dataset_that_the_policy_requires_is_audited_though_no_entry_names_it(tmp_path: Path) -> None:
    selection = selected(tmp_path, "shapes_convnext_sup", policy=GATE.format("shapes_styles"))

    assert list(selection.subjects) == [("shapes_convnext_sup", "shapes"), ("shapes_convnext_sup", "shapes_styles")]
    assert not selection.partial


def test_a_required_dataset_that_no_entry_names_must_be_there(tmp_path: Path) -> None:
    words = refusal(tmp_path, "shapes_convnext_sup", policy=GATE.format("imagenet_val"), data=tmp_path)

    assert "No images for shapes_convnext_sup: policy gate requires what is not there." in words
    assert str(tmp_path / "imagenet_val") in words


def test_a_required_dataset_without_a_route_is_refused(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    words = refusal(tmp_path, "shapes_convnext_sup", policy=GATE.format("imagenet_val"), data=tmp_path)

    assert "'accuracy.*' (rule with datasets = ['imagenet_val']) of shapes_convnext_sup on imagenet_val: no class scores" in words


def test_a_chosen_dataset_leaves_what_is_required_to_be_missed_at_the_end(tmp_path: Path) -> None:
    selection = selected(tmp_path, "shapes_convnext_sup", datasets=("shapes",), policy=GATE.format("imagenet_val"))

    assert selection.partial == ("--audit-dataset",)
    assert len(selection.missing([], [])) == 1
    assert "accuracy.* of shapes_convnext_sup on imagenet_val (no class scores" in selection.missing([], [])[0]


def test_datasets_of_the_entry_that_were_not_found_are_listed(tmp_path: Path) -> None:
    (tmp_path / "imagenet_val").mkdir()
    selection = selected(tmp_path, HEAD, data=tmp_path)
    absent = {out.dataset: out.reason for out in selection.left_out if out.audit == "*"}

    assert list(selection.subjects) == [("headed", "imagenet_val"), ("headed", "imagenet_real")]
    assert {"imagenet_a", "imagenet_r", "imagenet_sketch"} <= absent.keys()
    assert absent["imagenet_a"].startswith("its images were not found: ")
    assert str(tmp_path / "imagenet_a") in absent["imagenet_a"]


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
    selection = selected(photos, "shapes_convnext_sup", OWN.format("sets/photos.toml"), policy=RULED)

    assert list(selection.subjects) == [("shapes_convnext_sup", "shapes"), ("shapes_convnext_sup", "photos"), ("features", "photos")]


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

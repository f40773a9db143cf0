"""What labels mean: ImageNet's classes, its subsets and groupings."""

import json
from importlib import resources

import pytest
from open_clip import IMAGENET_CLASSNAMES, OPENAI_IMAGENET_TEMPLATES
from timm.data import ImageNetInfo, RealLabelsImagenet

from fixtures.datasets import catalog, label_spaces, loading
from fixtures.datasets.labelling import indices, readings
from fixtures.errors import UserError
from tests.datasets.pictures import REAL, save


def test_thousand_classes_are_timms_in_timms_order():
    space, info = label_spaces.get("imagenet_1k"), ImageNetInfo("imagenet-1k")

    assert list(space.class_ids or ()) == info.label_names() == sorted(info.label_names())
    assert list(space.class_names) == list(IMAGENET_CLASSNAMES)


def test_names_and_wnids_of_two_libraries_tell_of_the_same_classes():
    """Names were curated and differ in places from WordNet's; lists shifted by a single class would share next to none."""
    space, info = label_spaces.get("imagenet_1k"), ImageNetInfo("imagenet-1k")

    names = [name.lower() for name in space.class_names]
    lemmas = [lemma.lower() for lemma in info.label_descriptions()]

    assert sum(name == lemma for name, lemma in zip(names, lemmas, strict=True)) > 400
    assert sum(name == lemma for name, lemma in zip(names, lemmas[1:], strict=False)) < 5
    assert all(set(names[start : start + 25]) & set(lemmas[start : start + 25]) for start in range(0, 1000, 25))


@pytest.mark.parametrize("name", ["imagenet_a", "imagenet_r"])
def test_masks_are_timms_index_files(name):
    data = resources.files("timm.data")
    kept = [int(line) for line in data.joinpath("_info", f"{name}_indices.txt").read_text().split()]
    wnids = data.joinpath("_info", f"{name}_synsets.txt").read_text().split()
    space, whole = label_spaces.get(name), label_spaces.get("imagenet_1k")

    assert len(space) == 200
    assert space.parent == "imagenet_1k"
    assert space.groups == tuple((index,) for index in kept)
    assert list(space.class_ids or ()) == wnids
    assert list(space.class_names) == [whole.class_names[index] for index in kept]


def test_sixteen_categories_share_no_class():
    space = label_spaces.get("imagenet_16")
    members = [index for group in space.groups or () for index in group]

    assert list(space.class_names) == sorted(space.class_names)
    assert len(space) == len(space.groups or ()) == 16
    assert len(members) == len(set(members)) == 207
    assert all(0 <= index < 1000 for index in members)


def test_sixteen_categories_are_the_published_ones():
    file = REAL / "cue_conflict_trials" / "categories16_imagenet_indices.json"
    if not file.is_file():
        pytest.skip(f"no {file}: the published categories are compared where they are at hand")
    space = label_spaces.get("imagenet_16")

    assert dict(zip(space.class_names, map(list, space.groups or ()), strict=True)) == json.loads(file.read_text())


def test_prompts_of_each_label_space():
    assert label_spaces.templates("imagenet_r") == tuple(template("{}") for template in OPENAI_IMAGENET_TEMPLATES)
    assert len(label_spaces.templates("imagenet_1k")) == 80
    assert label_spaces.templates("clothing") == ("a photo of a {}.",)
    for name in label_spaces.names():
        assert all(prompt.count("{}") == 1 for prompt in label_spaces.templates(name))


def test_unknown_label_space_is_refused():
    with pytest.raises(UserError, match=r"no label space 'imagenet_k'; known: imagenet_1k, .*Did you mean"):
        label_spaces.get("imagenet_k")


def test_every_way_of_writing_a_label_means_the_same():
    space = label_spaces.get("imagenet_1k")
    rows = [0, 1, 500, 999]
    ways = readings(space)

    assert space.class_ids is not None
    for texts in ([space.class_ids[row] for row in rows], [space.class_names[row] for row in rows], [str(row) for row in rows]):
        assert indices(texts, ways).tolist() == rows


def test_name_of_two_classes_means_neither():
    space = label_spaces.get("imagenet_1k")
    double = next(name for name in space.class_names if space.class_names.count(name) > 1)

    assert indices([space.class_names[0], space.class_names[1], double], readings(space)).tolist() == [0, 1, -1]


def test_one_way_of_writing_holds_for_all_labels():
    assert indices(["0", "1", "n01440764"], readings(label_spaces.get("imagenet_1k"))).tolist() == [0, 1, -1]
    assert indices(["0", "n01440764", "n01443537"], readings(label_spaces.get("imagenet_1k"))).tolist() == [-1, 0, 1]


def test_real_labels_are_timms(tmp_path):
    reference = RealLabelsImagenet([""] * 50_000).real_labels
    names = [f"ILSVRC2012_val_{number:08}.JPEG" for number in (1, 2, 17, 49_999, 50_000)]
    for number, name in enumerate(names):
        save(tmp_path / "imagenet_val" / ("n01440764" if number % 2 else "n01443537") / name)

    loaded = loading.load(catalog.resolve("imagenet_real", tmp_path))

    loaded.check()
    assert loaded.real_labels is not None
    assert loaded.real_labels[loaded.ids.index(f"n01443537/{names[0]}")] == ()
    for name, labels in zip(loaded.ids, loaded.real_labels, strict=True):
        assert list(labels) == reference[name.rpartition("/")[2]]


def test_real_labels_need_imagenets_file_names(tmp_path):
    save(tmp_path / "imagenet_val" / "n01440764" / "tench.png")
    save(tmp_path / "imagenet_val" / "n01440764" / "ILSVRC2012_val_00050001.JPEG")

    with pytest.raises(UserError, match=r"2 images have others: n01440764/ILSVRC2012_val_00050001\.JPEG, n01440764/tench\.png"):
        loading.load(catalog.resolve("imagenet_real", tmp_path))

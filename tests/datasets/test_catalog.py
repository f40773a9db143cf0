"""Datasets known by name: found where people keep them, and never opened before they are needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.datasets import catalog, fetch, label_spaces, loading
from fixtures.errors import UserError
from tests.datasets.pictures import class_folders

PUBLIC = [name for name in catalog.names() if not name.startswith("shapes")]


def test_named_datasets_are_known():
    assert {
        "imagenet_val", "imagenet_real", "imagenet_x", "imagenet_v2", "imagenet_v2_threshold", "imagenet_v2_top", "imagenet_a",
        "imagenet_r", "imagenet_sketch", "cifar10_1", "shapes", "shapes_shifted", "shapes_cue_conflict", "shapes_styles",
        "shapes_factors", "shapes_empty", "pug_imagenet", "imagenet_o", "textures", "shapes_domains", "aircraft", "cars", "food101",
        "cifar10", "voc2007", "inaturalist", "chexpert", "pacs", "visda2017",
    } <= set(catalog.names())  # fmt: skip


@pytest.mark.parametrize("name", catalog.names())
def test_entry_is_complete(name):
    spec = catalog.resolve(name)

    assert spec.licence
    assert spec.obtain.endswith(".")
    assert spec.shift_of is None or spec.shift_of in catalog.names()
    assert spec.label_space is None or spec.label_space in label_spaces.names()
    assert bool(spec.folders) == (spec.layout != "shapes")


def test_only_permissive_licences_are_fetched():
    assert fetch.fetchable()
    for name in fetch.fetchable():
        assert catalog.resolve(name).licence.startswith("MIT (")
    assert not {name for name in catalog.names() if name.startswith("imagenet")} & set(fetch.fetchable())


def test_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(UserError, match=r"no dataset 'imagenet_va' in the catalogue\. Did you mean 'imagenet_val'"):
        catalog.resolve("imagenet_va")
    with pytest.raises(UserError, match=r"Known: imagenet_val, .*Your own: FILE\.toml"):
        catalog.resolve("zzz")


@pytest.mark.parametrize(("name", "folder"), [(name, folder) for name in PUBLIC for folder in catalog.resolve(name).folders])
def test_dataset_is_found_under_each_of_its_folders(tmp_path, name, folder):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / (catalog.resolve(name).annotations or folder)).mkdir(exist_ok=True)

    spec = catalog.resolve(name, tmp_path)

    assert catalog.is_present(spec)
    assert spec.root == tmp_path / folder


@pytest.mark.parametrize("name", PUBLIC)
def test_dataset_that_is_not_there_says_where_it_was_looked_for(tmp_path, name):
    spec = catalog.resolve(name, tmp_path)

    assert not catalog.is_present(spec)
    for folder in spec.folders:
        assert str(tmp_path / folder) in catalog.where_looked(spec)
    assert "--audit-data DIR was not given" in catalog.where_looked(catalog.resolve(name))
    with pytest.raises(UserError, match="no folder found"):
        loading.load(spec)


def test_embedded_datasets_are_always_present():
    assert all(catalog.is_present(catalog.resolve(name)) for name in catalog.names() if name.startswith("shapes"))


def test_imagenet_v2_folders_count_by_number(tmp_path):
    class_folders(tmp_path / "imagenet_v2", {"0": 1, "2": 1, "10": 1, "999": 1})

    loaded = loading.load(catalog.resolve("imagenet_v2", tmp_path))

    loaded.check()
    assert loaded.labels is not None
    assert dict(zip(loaded.ids, loaded.labels.tolist(), strict=True)) == {"0/0.png": 0, "2/0.png": 2, "10/0.png": 10, "999/0.png": 999}


def test_catalogue_is_read_without_torch_numpy_or_pandas():
    code = (
        "import sys; from fixtures.datasets import catalog; catalog.resolve('imagenet_val');"
        "print([name for name in ('torch', 'timm', 'open_clip', 'numpy', 'pandas', 'PIL') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"

"""Datasets that torchvision's own classes read: from tiny files in the form in which their publishers give them."""

import sys

import numpy as np
import pytest

from fixtures.datasets import catalog, loading
from fixtures.datasets.dataset import Dataset
from fixtures.errors import UserError
from tests.datasets import originals
from tests.datasets.pictures import class_folders, dataset, pixels, save, write


def loaded(data, name, split="test") -> Dataset:
    found = loading.load(catalog.resolve(name, data), split)
    found.check()
    return found


def named(found: Dataset) -> dict[str, str]:
    """Class of each image, by name."""
    assert found.labels is not None
    return dict(zip(found.ids, (found.label_space.class_names[label] for label in found.labels), strict=True))


def shown(found: Dataset) -> list[dict[str, int]]:
    """Labels of each image that are not 0."""
    assert found.label_matrix is not None
    assert found.label_matrix.dtype == np.int8
    rows = found.label_matrix.tolist()
    return [{name: value for name, value in zip(found.label_space.class_names, row, strict=True) if value} for row in rows]


def same_pixels(found: Dataset, folder) -> bool:
    from PIL import Image

    images = found.read(range(len(found)))
    return all(np.array_equal(pixels(image), pixels(Image.open(folder / name))) for image, name in zip(images, found.ids, strict=True))


def test_flowers_are_read_with_names_and_both_train_splits(tmp_path, monkeypatch):
    originals.flowers(tmp_path, monkeypatch)

    test, train = loaded(tmp_path, "flowers102"), loaded(tmp_path, "flowers102", "train")

    assert named(test) == {
        "jpg/image_00004.jpg": "english marigold", "jpg/image_00005.jpg": "pink primrose",
        "jpg/image_00006.jpg": "blackberry lily", "jpg/image_00007.jpg": "hard-leaved pocket orchid",
    }  # fmt: skip
    assert sorted(train.ids) == [f"jpg/image_0000{number}.jpg" for number in (1, 2, 3, 8)]
    assert named(train)["jpg/image_00003.jpg"] == "english marigold"
    assert test.label_space == train.label_space
    assert test.metric == "mean_per_class"
    assert {"labels", "class_names", "train_split", "in_distribution"} <= test.knows
    assert same_pixels(test, tmp_path / "flowers-102")


def test_aircraft_are_read_by_variant(tmp_path):
    originals.aircraft(tmp_path)

    test, train = loaded(tmp_path, "aircraft"), loaded(tmp_path, "aircraft", "train")

    assert named(test) == {"data/images/1006.jpg": "707-320", "data/images/1007.jpg": "A340 600", "data/images/1008.jpg": "DH-82"}
    assert len(train) == 6
    assert same_pixels(train, tmp_path / "fgvc-aircraft-2013b")


def test_pets_are_read_with_breeds_as_words(tmp_path):
    originals.pets(tmp_path)

    test = loaded(tmp_path, "pets")

    assert named(test) == {"images/american_bulldog_3.jpg": "American Bulldog", "images/Abyssinian_4.jpg": "Abyssinian"}
    assert same_pixels(test, tmp_path / "oxford-iiit-pet")


def test_describable_textures_are_read_by_their_first_partition(tmp_path):
    originals.textures(tmp_path)

    test, train = loaded(tmp_path, "dtd"), loaded(tmp_path, "dtd", "train")

    assert named(test) == {"dtd/images/banded/banded_0002.jpg": "banded", "dtd/images/zigzagged/zigzagged_0002.jpg": "zigzagged"}
    assert len(train) == 4
    assert catalog.resolve("textures", tmp_path).root == tmp_path / "dtd" / "dtd" / "images"


def test_cifar_images_are_those_of_the_batches(tmp_path, monkeypatch):
    images = originals.cifar10(tmp_path, monkeypatch)

    test, train = loaded(tmp_path, "cifar10"), loaded(tmp_path, "cifar10", "train")

    assert named(test) == {"test-0": "airplane", "test-1": "automobile", "test-2": "bird"}
    assert len(train) == 10
    assert train.ids[9] == "train-9"
    assert np.array_equal(np.stack([pixels(image) for image in test.read([2, 0])]), images[[12, 10]])


def test_cars_are_read_with_their_models(tmp_path):
    originals.cars(tmp_path)

    test = loaded(tmp_path, "cars")

    assert named(test) == {"cars_test/00001.jpg": "Acura RL Sedan 2012", "cars_test/00002.jpg": "AM General Hummer SUV 2000"}
    assert loaded(tmp_path, "cars", "train").ids == ("cars_train/00001.jpg", "cars_train/00002.jpg")


def test_dishes_are_read_with_names_as_words(tmp_path):
    originals.dishes(tmp_path)

    assert named(loaded(tmp_path, "food101")) == {"images/apple_pie/101.jpg": "apple pie", "images/waffles/101.jpg": "waffles"}
    assert len(loaded(tmp_path, "food101", "train")) == 2


def test_scenes_are_drawn_and_named_by_their_whole_path(tmp_path):
    originals.places(tmp_path)

    test, train = loaded(tmp_path, "sun397"), loaded(tmp_path, "sun397", "train")

    assert len({*test.ids, *train.ids}) == len(test) + len(train) == 20
    assert named(train)["a/apartment_building/outdoor/sun_10.jpg"] == "apartment building/outdoor"
    assert list(train.ids) == sorted(train.ids)


def test_house_numbers_are_digits(tmp_path, monkeypatch):
    images = originals.house_numbers(tmp_path, monkeypatch)

    test = loaded(tmp_path, "svhn")

    assert named(test) == {"test-0": "0", "test-1": "1", "test-2": "2", "test-3": "0"}
    assert np.array_equal(np.stack([pixels(image) for image in test.read(range(4))]), images)
    assert "class_names" not in test.knows


def test_species_are_read_by_version(tmp_path):
    originals.species(tmp_path)

    test = loaded(tmp_path, "inaturalist")

    assert test.ids == ("2021_valid/00000_Animalia_A_B_C_D_E_f/0.jpg", "2021_valid/00001_Plantae_A_B_C_D_E_f/1.jpg")
    assert loaded(tmp_path, "inaturalist", "train").ids[1] == "2021_train_mini/00001_Plantae_A_B_C_D_E_f/1.jpg"


def test_eurosat_is_drawn_into_splits_that_hold_every_image_once(tmp_path):
    classes = (
        "AnnualCrop", "Forest", "HerbaceousVegetation", "Highway", "Industrial", "Pasture", "PermanentCrop", "Residential", "River",
        "SeaLake",
    )  # fmt: skip
    class_folders(tmp_path / "EuroSAT" / "2750", dict.fromkeys(classes, 12))

    test, train = loaded(tmp_path, "eurosat"), loaded(tmp_path, "eurosat", "train")

    assert len(set(test.ids) | set(train.ids)) == len(test) + len(train) == 120
    assert 10 <= len(test) <= 40
    assert test.label_space == train.label_space
    assert named(train)["Forest/0.png" if "Forest/0.png" in train.ids else "Forest/1.png"] == "forest"
    assert same_pixels(test, tmp_path / "EuroSAT" / "2750")


def test_caltech_trains_on_so_many_of_each_class(tmp_path):
    originals.caltech101(tmp_path)
    table = '[d]\nlayout = "torchvision"\ntorchvision = "Caltech101"\nroot = "caltech101"\ndrawn = { train_per_class = 3 }\n'

    train, test = dataset(tmp_path, table, "train"), dataset(tmp_path, table)

    test.check()
    assert sorted(named(train).values()) == ["Faces easy"] * 3 + ["accordion"] * 3
    assert sorted(named(test).values()) == ["Faces easy"] * 2 + ["accordion"] * 2
    assert not set(train.ids) & set(test.ids)
    assert same_pixels(test, tmp_path / "caltech101")
    assert len(loaded(tmp_path, "caltech101", "train")) == 10  # thirty of each are not there


def test_objects_are_counted_by_torchvision(tmp_path):
    originals.blocks(tmp_path)

    assert list(named(loaded(tmp_path, "clevr_count")).values()) == ["3", "4", "3"]


def test_voc_images_have_several_labels_and_difficult_ones_are_unknown(tmp_path):
    originals.objects_of_voc(tmp_path)

    test, train = loaded(tmp_path, "voc2007"), loaded(tmp_path, "voc2007", "train")

    assert (train.labels, test.labels) == (None, None)
    assert shown(train) == [{"dog": 1, "person": 1}, {"cat": -1}]
    assert shown(test) == [{"cat": 1}, {}]
    assert test.ids == ("VOC2007/JPEGImages/3.jpg", "VOC2007/JPEGImages/4.jpg")
    assert test.metric == "mean_average_precision"
    assert "label_matrix" in test.knows
    assert not {"labels", "right_answers", "class_names"} & test.knows


@pytest.mark.parametrize("name", ["flowers102", "cifar10", "svhn"])
def test_digests_follow_content_and_not_the_way_of_asking(tmp_path, monkeypatch, name):
    make = {"flowers102": originals.flowers, "cifar10": originals.cifar10, "svhn": originals.house_numbers}[name]
    make(tmp_path, monkeypatch)
    found = loaded(tmp_path, name)

    digests = found.digests(range(len(found)), tmp_path / "cache")

    assert len(set(digests)) == len(found)
    assert all(len(digest) == 64 for digest in digests)
    assert loaded(tmp_path, name).digests([2, 0], tmp_path / "cache") == [digests[2], digests[0]]


def test_a_root_may_be_the_folder_that_torchvision_makes_or_the_one_around_it(tmp_path):
    originals.pets(tmp_path / "around")
    table = '[d]\nlayout = "torchvision"\ntorchvision = "OxfordIIITPet"\nroot = "around"\nsplits = { train = "trainval", test = "test" }\n'

    assert dataset(tmp_path, table).ids[0] == "oxford-iiit-pet/images/american_bulldog_3.jpg"
    assert dataset(tmp_path, table.replace('"around"', '"around/oxford-iiit-pet"')).ids[0] == "images/american_bulldog_3.jpg"


def test_missing_images_are_named(tmp_path):
    originals.pets(tmp_path)
    (tmp_path / "oxford-iiit-pet" / "images" / "Abyssinian_4.jpg").unlink()

    with pytest.raises(UserError, match=r"1 of 2 images are not there: images/Abyssinian_4\.jpg"):
        loaded(tmp_path, "pets")


PETS = 'layout = "torchvision"\ntorchvision = "OxfordIIITPet"\nroot = "oxford-iiit-pet"\n'
SPLITS = 'splits = { train = "trainval", test = "test" }\n'
REFUSED = {
    "no class": (PETS.replace('torchvision = "OxfordIIITPet"\n', ""), r"torchvision: missing; layout 'torchvision' needs the name"),
    "unknown class": (
        PETS.replace("Pet", "Pets"),
        r"torchvision: got 'OxfordIIITPets', wanted one of CIFAR10, .*Did you mean 'OxfordIIITPet'",
    ),
    "unknown argument": (
        PETS + SPLITS + "arguments = { partition = 2 }",
        r"arguments: OxfordIIITPet takes no partition; it takes root, split",
    ),
    "unknown split": (PETS + SPLITS.replace('"test"', '"val"'), r"OxfordIIITPet cannot read .*: Unknown value 'val' for argument split"),
    "class without splits": (
        PETS.replace("OxfordIIITPet", "SUN397").replace("oxford-iiit-pet", "SUN397") + SPLITS,
        r"splits: torchvision's SUN397 has none; use drawn",
    ),
    "other layout": (PETS.replace('layout = "torchvision"', 'layout = "folders"'), r"torchvision: only used with layout 'torchvision'"),
    "table": (PETS + 'table = "x.csv"', r"table: not used with layout 'torchvision'"),
    "folder of another": (PETS.replace("OxfordIIITPet", "Food101") + SPLITS, r"Food101 looks for a folder .*/food-101, which is not there"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_mistake_in_a_table_is_named(tmp_path, text, message):
    originals.pets(tmp_path)
    save(tmp_path / "SUN397" / "a.jpg")

    with pytest.raises(UserError, match=message) as caught:
        dataset(tmp_path, f"[mine]\n{text}\n")

    assert "\n" not in str(caught.value)


def test_files_that_are_not_the_published_ones_are_refused_with_how_to_obtain_them(tmp_path, monkeypatch):
    originals.flowers(tmp_path, monkeypatch)
    write(tmp_path / "flowers-102" / "setid.mat", "changed")

    with pytest.raises(UserError, match=r"torchvision's Flowers102 cannot read .*not found or corrupted.*Unpack 102flowers\.tgz"):
        loaded(tmp_path, "flowers102")


def test_patches_without_the_library_that_reads_them_are_refused_in_a_line(tmp_path, monkeypatch):
    (tmp_path / "pcam").mkdir()
    monkeypatch.setitem(sys.modules, "h5py", None)

    with pytest.raises(UserError, match=r"h5py is not found.*pip install h5py") as caught:
        loaded(tmp_path, "camelyon")

    assert "\n" not in str(caught.value)


def test_patches_are_read_from_their_two_files(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py, which reads PatchCamelyon, is not installed")
    (tmp_path / "pcam").mkdir()
    images = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    for split, name in (("train", "train"), ("val", "valid"), ("test", "test")):
        with h5py.File(tmp_path / "pcam" / f"camelyonpatch_level_2_split_{name}_x.h5", "w") as file:
            file["x"] = images
        with h5py.File(tmp_path / "pcam" / f"camelyonpatch_level_2_split_{name}_y.h5", "w") as file:
            file["y"] = np.array([0, 1, int(split == "test")], dtype=np.uint8).reshape(3, 1, 1, 1)

    test, train = loaded(tmp_path, "camelyon"), loaded(tmp_path, "camelyon", "train")

    assert named(test) == {"test-0": "0", "test-1": "1", "test-2": "1"}
    assert train.ids[2:4] == ("train-2", "val-0")
    assert np.array_equal(np.stack([pixels(image) for image in test.read([2, 1])]), images[[2, 1]])
    assert train.digests([0, 3], tmp_path / "cache") == test.digests([0, 0], tmp_path / "cache")

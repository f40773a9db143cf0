"""Public datasets in the form in which their publishers give them, but tiny: what the readers of transfer tasks are tested on."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from torchvision import datasets

from tests.datasets.pictures import save, write


def flowers(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight flowers: 1, 2 to train on, 3, 8 for validation, 4 to 7 to test on; labels from 1."""
    root = data / "flowers-102"
    for number in range(1, 9):
        save(root / "jpg" / f"image_{number:05d}.jpg", number)
    scipy.io.savemat(root / "imagelabels.mat", {"labels": np.array([[1, 102, 5, 5, 1, 102, 2, 1]])})
    scipy.io.savemat(root / "setid.mat", {"trnid": np.array([[2, 1]]), "valid": np.array([[3, 8]]), "tstid": np.array([[7, 4, 5, 6]])})
    sums = {key: (name, digest) for key, (name, digest) in datasets.Flowers102._file_dict.items()}
    for key in ("label", "setid"):
        sums[key] = (sums[key][0], md5(root / sums[key][0]))
    monkeypatch.setattr(datasets.Flowers102, "_file_dict", sums)


def aircraft(data: Path) -> None:
    """Three variants, two images of each to train on and one to test on."""
    folder = data / "fgvc-aircraft-2013b" / "data"
    variants = ["707-320", "A340 600", "DH-82"]
    write(folder / "variants.txt", "\n".join(variants) + "\n")
    for split, numbers in (("trainval", range(6)), ("test", range(6, 9))):
        lines = [f"{1000 + number} {variants[number % 3]}" for number in numbers]
        write(folder / f"images_variant_{split}.txt", "\n".join(lines) + "\n")
        for number in numbers:
            save(folder / "images" / f"{1000 + number}.jpg", number)


def pets(data: Path) -> None:
    """Two breeds, cats in capitals; columns: name, class from 1, species, breed within it."""
    root = data / "oxford-iiit-pet"
    rows = {"trainval": ["Abyssinian_1 1 1 1", "american_bulldog_2 2 2 1"], "test": ["american_bulldog_3 2 2 1", "Abyssinian_4 1 1 1"]}
    for split, lines in rows.items():
        write(root / "annotations" / f"{split}.txt", "\n".join(lines) + "\n")
        for line in lines:
            name = line.split()[0]
            save(root / "images" / f"{name}.jpg", len(name))


def textures(data: Path) -> None:
    """Two textures, one image each in train, val and test of the first partition."""
    folder = data / "dtd" / "dtd"
    for seed, part in enumerate(("train", "val", "test")):
        names = [f"{each}/{each}_{seed:04d}.jpg" for each in ("banded", "zigzagged")]
        write(folder / "labels" / f"{part}1.txt", "\n".join(names) + "\n")
        for number, name in enumerate(names):
            save(folder / "images" / name, 10 * seed + number)


def cifar10(data: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Five batches of two images and a test batch of three; the images, uint8 [13, 32, 32, 3]."""
    kind, root = datasets.CIFAR10, data / "cifar-10-batches-py"
    root.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (13, 32, 32, 3), dtype=np.uint8)
    batches = [(name, range(2 * number, 2 * number + 2)) for number, (name, _) in enumerate(kind.train_list)]
    for name, rows in [*batches, ("test_batch", range(10, 13))]:
        pixels = images[list(rows)].transpose(0, 3, 1, 2).reshape(len(rows), -1)
        (root / name).write_bytes(pickle.dumps({"data": pixels, "labels": [row % 10 for row in rows]}))
    classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (root / "batches.meta").write_bytes(pickle.dumps({"label_names": classes}))
    for key in ("train_list", "test_list"):
        monkeypatch.setattr(kind, key, [[name, md5(root / name)] for name, _ in getattr(kind, key)])
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": md5(root / "batches.meta")})
    return images


def house_numbers(data: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Four images a split, the digit 0 written as 10; those of the test split, uint8 [4, 32, 32, 3]."""
    (data / "svhn").mkdir(parents=True)
    images = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3, 4), dtype=np.uint8)
    sums = dict(datasets.SVHN.split_list)
    for number, split in enumerate(("train", "test")):
        url, name, _ = sums[split]
        scipy.io.savemat(data / "svhn" / name, {"X": images[number], "y": np.array([[10], [1], [2], [10]])})
        sums[split] = [url, name, md5(data / "svhn" / name)]
    monkeypatch.setattr(datasets.SVHN, "split_list", sums)
    return images[1].transpose(3, 0, 1, 2)


def objects_of_voc(data: Path) -> None:
    """Two images to train on, two to test on: a dog and a person, two difficult cats; a cat and a difficult cat, nothing."""
    folder = data / "VOCdevkit" / "VOC2007"
    shown = {"1": [("dog", 0), ("person", 0)], "2": [("cat", 1), ("cat", 1)], "3": [("cat", 0), ("cat", 1)], "4": []}
    for name, objects in shown.items():
        parts = "".join(f"<object><name>{each}</name><difficult>{hard}</difficult></object>" for each, hard in objects)
        write(folder / "Annotations" / f"{name}.xml", f"<annotation><filename>{name}.jpg</filename>{parts}</annotation>")
        save(folder / "JPEGImages" / f"{name}.jpg", int(name))
    for split, names in (("trainval", "12"), ("test", "34")):
        write(folder / "ImageSets" / "Main" / f"{split}.txt", "\n".join(names) + "\n")


def caltech101(data: Path) -> None:
    """Two classes of five images, and the one that is no class."""
    folder = data / "caltech101" / "101_ObjectCategories"
    for seed, name in enumerate(("BACKGROUND_Google", "Faces_easy", "accordion")):
        for number in range(1, 6):
            save(folder / name / f"image_{number:04d}.jpg", 10 * seed + number)


def cars(data: Path) -> None:
    """Two models, one image each to train on and to test on; classes from 1."""
    root = data / "stanford_cars"
    (root / "devkit").mkdir(parents=True)
    names = np.array(["AM General Hummer SUV 2000", "Acura RL Sedan 2012"], dtype=object)
    scipy.io.savemat(root / "devkit" / "cars_meta.mat", {"class_names": names})
    for split, table in (("train", "devkit/cars_train_annos.mat"), ("test", "cars_test_annos_withlabels.mat")):
        rows = [(2, "00001.jpg"), (1, "00002.jpg")]
        scipy.io.savemat(root / table, {"annotations": np.array(rows, dtype=[("class", object), ("fname", object)])})
        for seed, (_, name) in enumerate(rows):
            save(root / f"cars_{split}" / name, seed)


def dishes(data: Path) -> None:
    """Two dishes, one image each in train and test."""
    root = data / "food-101"
    for number, split in enumerate(("train", "test")):
        listed = {name: [f"{name}/{100 + number}"] for name in ("apple_pie", "waffles")}
        write(root / "meta" / f"{split}.json", json.dumps(listed))
        for seed, name in enumerate(listed):
            save(root / "images" / name / f"{100 + number}.jpg", 10 * number + seed)


def places(data: Path) -> None:
    """Two scenes of SUN397, one of them in a folder of its own kind, ten images each."""
    root = data / "SUN397"
    write(root / "ClassName.txt", "/a/abbey\n/a/apartment_building/outdoor\n")
    for seed, name in enumerate(("abbey", "apartment_building/outdoor")):
        for number in range(10):
            save(root / "a" / name / f"sun_{seed}{number}.jpg", 10 * seed + number)


def species(data: Path) -> None:
    """Two species of iNaturalist 2021, one image each in two splits."""
    for seed, split in enumerate(("2021_train_mini", "2021_valid")):
        for number, name in enumerate(("00000_Animalia_A_B_C_D_E_f", "00001_Plantae_A_B_C_D_E_f")):
            save(data / "inaturalist" / split / name / f"{number}.jpg", 10 * seed + number)


def blocks(data: Path) -> None:
    """CLEVR scenes of three and four objects, the nearest at the third of their pixel coordinates."""
    folder = data / "clevr" / "CLEVR_v1.0"
    distances = {"train": [[12.0, 8.0, 9.1], [7.5, 11.0, 10.0]], "val": [[8.0, 9.0, 13.0], [8.01, 9.0, 9.4, 12.0], [10.5, 10.6, 11.0]]}
    for split, scenes in distances.items():
        rows = []
        for number, of_scene in enumerate(scenes):
            name = f"CLEVR_{split}_{number:06d}.png"
            objects = [{"pixel_coords": [100, 90, distance], "shape": "cube"} for distance in of_scene]
            rows.append({"image_index": number, "image_filename": name, "objects": objects})
            save(folder / "images" / split / name, number)
        write(folder / "scenes" / f"CLEVR_{split}_scenes.json", json.dumps({"info": {"split": split}, "scenes": rows}))


def toys(data: Path) -> np.ndarray:
    """Small NORB: five pairs of pictures a split; the first pictures of the test split, uint8 [5, 96, 96]."""
    (data / "smallnorb").mkdir(parents=True)
    pictures = np.random.default_rng(2).integers(0, 256, (2, 5, 2, 96, 96), dtype=np.uint8)
    info = np.array([[1, 0, 0, 5], [1, 8, 34, 0], [2, 3, 2, 1], [2, 3, 4, 1], [3, 1, 10, 2]], dtype="<i4")
    for number, split in enumerate(("5x46789x9x18x6x2x96x96-training", "5x01235x9x18x6x2x96x96-testing")):
        for part, array in (("dat", pictures[number]), ("cat", np.arange(5, dtype="<i4")), ("info", info)):
            sizes = [*array.shape, *[1] * (3 - array.ndim)]
            head = [0x1E3D4C55 if array.dtype == np.uint8 else 0x1E3D4C54, array.ndim, *sizes]
            (data / "smallnorb" / f"smallnorb-{split}-{part}.mat").write_bytes(np.array(head, dtype="<i4").tobytes() + array.tobytes())
    return pictures[1, :, 0]


def sprites(data: Path, n: int = 200) -> np.ndarray:
    """dSprites with n images of 64 px, every angle and x among them; the images, uint8 [n, 64, 64] of 0 and 1."""
    (data / "dsprites").mkdir(parents=True)
    images = np.random.default_rng(3).integers(0, 2, (n, 64, 64), dtype=np.uint8)
    index = np.arange(n)
    latents = np.stack([0 * index, index % 3, index % 6, index % 40, index % 32, index % 32], axis=1)
    path = data / "dsprites" / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
    np.savez_compressed(path, imgs=images, latents_classes=latents)
    return images


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()

"""Names of views, what they mean for a backbone, and the laws that hold for every view."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.errors import UserError
from fixtures.views import view as view_module
from fixtures.views.corruptions import INSTRUMENT, VERSION
from fixtures.views.families import FAMILIES
from fixtures.views.family import Choice, SizeAndCrop
from fixtures.views.geometry import clean_geometry
from fixtures.views.view import CLEAN, View, grid, parse, resolve
from tests.views import preprocessing

# Of corruptions one severity; test_corruptions.py holds the others to the same laws.
EVERY_VIEW = [CLEAN, *(view for name in FAMILIES for view in grid(name) if view.value == 3 or not FAMILIES[name].graded)]
ON_THE_DEVICE = [view for view in EVERY_VIEW if view != CLEAN and FAMILIES[view.name].change]


def words(n):
    """Words of the ids of n images."""
    return torch.arange(n, dtype=torch.int32) * 7919


def some_images(number: int = 4, size: int = 64, seed: int = 0) -> torch.Tensor:
    return torch.rand(number, 3, size, size, generator=torch.Generator().manual_seed(seed))


def any_view() -> st.SearchStrategy[View]:
    def values(name: str) -> st.SearchStrategy[View]:
        takes = FAMILIES[name].takes
        if isinstance(takes, Choice):
            return st.sampled_from(takes.words).map(lambda word: View(name, word))
        if isinstance(takes, SizeAndCrop):
            return st.tuples(st.integers(1, 4096), st.integers(1, 1999)).map(lambda pair: View(name, f"{pair[0]}@{pair[1] / 1000:g}"))
        whole = st.integers(int(takes.low) + 1, int(takes.high)) if takes.high >= 1 else st.just(0)
        return (whole if takes.whole else whole | st.floats(takes.low, takes.high)).map(lambda value: View(name, value))

    return st.just(CLEAN) | st.sampled_from(sorted(FAMILIES)).flatmap(values)


@given(any_view())
def test_every_view_is_what_its_name_says(view):
    assert parse(str(view)) == view
    assert hash(parse(str(view))) == hash(view)


def test_one_view_has_one_name():
    assert str(CLEAN) == "clean"
    assert str(parse(" rotation = 10.0 ")) == "rotation=10"
    assert parse("rotation=10.0") == View("rotation", 10)
    assert str(View("scale", 1.25)) == "scale=1.25"
    assert str(View("flip", "horizontal")) == "flip=horizontal"
    assert str(View("translation", -0.0)) == "translation=0"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rotaton=10", r"there is no view 'rotaton'\. Did you mean 'rotation'.*Views: clean, scale"),
        ("", "there is no view ''"),
        ("rotation", r"takes a number from -180 to 180 \(degrees\), got no value\. For example rotation=20"),
        ("rotation=ten", "got 'ten'"),
        ("rotation=nan", "got nan"),
        ("brightness=inf", "got inf"),
        ("rotation=181", "got 181"),
        ("scale=0", "takes a number from 0.1 to 10"),
        ("resolution=112.5", "takes a whole number from 14 to 4096"),
        ("flip=sideways", "one of horizontal, vertical"),
        ("flip", "got no value"),
        ("clean=3", "clean takes no value"),
        ("hue=30", r"from -0\.5 to 0\.5 \(turns\)"),
    ],
)
def test_impossible_views_are_refused_with_what_is_possible(text, says):
    with pytest.raises(UserError, match=says):
        parse(text)


def test_grids_are_the_protocol():
    assert [view.value for view in grid("scale")] == [1, 1.25, 1.5, 2, 3]
    assert [view.value for view in grid("translation")] == [0, 5, 30, 75, 100]
    assert [view.value for view in grid("resolution")] == [56, 84, 112, 224, 336, 512, 640]


def test_clean_is_the_stored_image_itself():
    clean = resolve(CLEAN, preprocessing(), 16)
    images = some_images()
    assert clean.apply(images, None) is images
    assert clean.geometry == clean_geometry(preprocessing())
    assert clean.actual == {"input_px": 224, "resize_px": 256}


def test_grids_scale_with_the_input_and_the_record_holds_the_actual_pixels():
    small = preprocessing(64, 1.0)
    assert [resolve(view, small, 8).input_size for view in grid("resolution")] == [16, 24, 32, 64, 96, 144, 184]
    assert [resolve(view, small, 8).actual["shift_px"] for view in grid("translation")] == [0, 1, 9, 21, 29]
    assert [resolve(view, small, 8).actual["resize_px"] for view in grid("scale")] == [64, 80, 96, 128, 192]
    assert resolve(parse("blur=2"), small, 8).actual["sigma_px"] == pytest.approx(2 * 64 / 224)
    assert resolve(parse("resolution=224"), preprocessing(crop_pct=1.0), 16).actual == {"input_px": 224, "resize_px": 256}
    assert resolve(parse("rotation=10"), small, 8).actual == {"input_px": 64, "resize_px": 64, "angle_degrees": 10}


def test_digest_tells_views_and_backbones_apart():
    digests = {resolve(view, preprocessing(), 16).digest for view in EVERY_VIEW}
    assert len(digests) == len(EVERY_VIEW) - 2  # scale=1 and resolution=224 are the clean image
    assert resolve(CLEAN, preprocessing(crop_pct=0.9), 16).digest != resolve(CLEAN, preprocessing(), 16).digest
    assert resolve(parse("blur=1"), preprocessing(64, 0.875), 1).digest != resolve(parse("blur=1"), preprocessing(), 1).digest
    assert resolve(parse("blur=1"), preprocessing(), 16).digest == resolve(View("blur", 1.0), preprocessing(), 16).digest


def test_resolved_views_cross_process_borders():
    for view in EVERY_VIEW:
        resolved = resolve(view, preprocessing(64, 1.0), 8)
        there = pickle.loads(pickle.dumps(resolved))
        assert there == resolved
        assert torch.equal(there.apply(some_images(), words(4)), resolved.apply(some_images(), words(4)))


@pytest.mark.parametrize("view", EVERY_VIEW, ids=str)
def test_a_view_keeps_shape_type_and_range_and_leaves_its_input_alone(view):
    apply = resolve(view, preprocessing(64, 1.0), 8).apply
    images = some_images()
    before = images.clone()
    changed = apply(images, words(4))
    assert changed.shape == images.shape
    assert changed.dtype == torch.float32
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert torch.equal(images, before)


@pytest.mark.parametrize("view", ON_THE_DEVICE, ids=str)
def test_a_view_is_the_same_in_any_batch_and_memory_format(view):
    apply = resolve(view, preprocessing(64, 1.0), 8).apply
    images = some_images(8)
    together = apply(images, words(8))
    one_by_one = torch.cat([apply(images[i : i + 1], words(8)[i : i + 1]) for i in range(8)])
    assert (together - one_by_one).abs().max() <= 1e-6
    assert torch.equal(together, apply(images.contiguous(memory_format=torch.channels_last), words(8)))


@pytest.mark.parametrize("view", ON_THE_DEVICE, ids=str)
def test_a_view_is_a_function_and_not_an_event(view):
    apply = resolve(view, preprocessing(64, 1.0), 8).apply
    torch.manual_seed(1)
    first = apply(some_images(), words(4))
    state = torch.get_rng_state()
    assert torch.equal(first, apply(some_images(), words(4)))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("view", ON_THE_DEVICE, ids=str)
def test_a_view_is_the_same_on_cpu_and_on_cuda(view):
    apply = resolve(view, preprocessing(), 8).apply
    images = some_images(4, 224)
    assert (apply(images, words(4)) - apply(images.cuda(), words(4).cuda()).cpu()).abs().max() <= 1e-4


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.sampled_from(["horizontal", "vertical"]))
def test_flipping_twice_gives_the_image_back(seed, direction):
    apply = resolve(View("flip", direction), preprocessing(64, 1.0), 8).apply
    images = some_images(2, seed=seed)
    assert not torch.equal(apply(images, None), images)
    assert torch.equal(apply(apply(images, None), None), images)


@pytest.mark.parametrize("name", ["rotation=0", "hue=0", "blur=0", "brightness=1", "contrast=1"])
def test_the_mildest_of_a_family_leaves_the_image_as_it_is(name):
    images = some_images(2, 224)
    assert (resolve(parse(name), preprocessing()).apply(images, None) - images).abs().max() <= 5e-5


def test_naming_views_loads_no_torch():
    program = (
        "import sys; from fixtures.views.view import parse; parse('rotation=10');"
        "print(*sorted({'torch', 'kornia', 'torchvision', 'timm'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_views_that_cut_the_same_pixels_share_a_digest():
    square = preprocessing(crop_pct=1.0)
    assert resolve(parse("scale=1"), square, 16).digest == resolve(CLEAN, square, 16).digest
    assert resolve(parse("scale=1.25"), square, 16).digest != resolve(CLEAN, square, 16).digest
    assert resolve(parse("resolution=56"), square, 32).digest == resolve(parse("resolution=60"), square, 32).digest
    assert resolve(parse("brightness=1"), square, 16).digest != resolve(CLEAN, square, 16).digest


def test_records_of_corruptions_name_the_instrument_with_its_version():
    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]["name"]
    named = {view.name for view in EVERY_VIEW if resolve(view, preprocessing(64, 1.0), 8).actual.get("instrument") == INSTRUMENT}

    assert f"{project} corruptions version {VERSION}" == INSTRUMENT
    assert named == {name for name, family in FAMILIES.items() if family.graded}


@pytest.mark.parametrize("library", ["kornia", "scipy", "pillow"])
def test_a_new_release_of_a_library_changes_the_digest_of_what_is_made_with_it_and_no_other(library, monkeypatch):
    before = {view: resolve(view, preprocessing(), 16).digest for view in EVERY_VIEW}

    monkeypatch.setattr(view_module, "version", lambda name: "9999" if name == library else version(name))

    changed = {view.name for view in EVERY_VIEW if resolve(view, preprocessing(), 16).digest != before[view]}
    assert changed == {name for name, family in FAMILIES.items() if library in family.made_with}
    assert changed


@pytest.mark.parametrize("view", ON_THE_DEVICE, ids=str)
def test_a_view_is_made_with_the_libraries_that_it_names_and_no_others(view, monkeypatch):
    imports = {"kornia": "kornia", "scipy": "scipy", "pillow": "PIL"}
    images = some_images(2, 56)  # a size at which no other test has made, and kept, what is made once
    for library, package in imports.items():
        if library not in FAMILIES[view.name].made_with:
            for name in {package, *(name for name in sys.modules if name.startswith(f"{package}."))}:
                monkeypatch.setitem(sys.modules, name, None)

    resolve(view, preprocessing(56, 1.0), 8).apply(images, words(2))

"""The renderer shows what the factors say, and gives the same pixels to everyone."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fixtures.shapes import chance, splits
from fixtures.shapes.render import OCCLUDER_MASK, render, render_images
from fixtures.shapes.scene import CLASS_NAMES, OCCLUDER_NAMES, SCENE_NAMES, STYLE_NAMES, Scenes

ROOT = Path(__file__).resolve().parents[2]


def plainly(n: int = 12, **columns: object) -> Scenes:
    """One upright object of each class in the middle of a plain background, evenly lit, nothing in front of it."""
    quiet = {
        "label": np.arange(n) % 12, "texture": 7, "scene": SCENE_NAMES.index("snow"), "x": 0.0, "y": 0.0, "scale": 0.6, "hue": 0.66,
        "rotation_degrees": 0.0, "mirrored": False, "brightness": 1.0, "occluder": 0, "occluder_size": 0.0, "count": 1,
        "style": STYLE_NAMES.index("poster"), "instance": 5, "backdrop": 6,
    }  # fmt: skip
    return splits.scenes("shapes", "val", np.arange(n)).replace(**(quiet | columns))


def iou(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Overlap of boolean masks [n, size, size], each with its partner."""
    return (a & b).sum((1, 2)) / (a | b).sum((1, 2))


@pytest.mark.parametrize("dataset", splits.datasets())
def test_pixels_do_not_depend_on_the_batch(dataset: str) -> None:
    scenes = splits.scenes(dataset, "val", np.arange(70))  # more than fit into one pass

    together = render_images(scenes, 64)

    alone = torch.cat([render_images(scenes.take([row]), 64) for row in (0, 31, 32, 69)])
    assert torch.equal(together[[0, 31, 32, 69]], alone)


def test_images_alone_are_those_of_the_full_rendering() -> None:
    scenes = splits.scenes("shapes_styles", "val", np.arange(60))

    assert torch.equal(render_images(scenes, 48), render(scenes, 48).images)


@pytest.mark.parametrize("instructions", ["default", pytest.param("avx2", marks=pytest.mark.slow)])
def test_pixels_do_not_depend_on_the_processor(instructions: str) -> None:
    program = (
        "import hashlib, numpy as np; from fixtures.shapes import splits, render;"
        "scenes = splits.scenes('shapes_styles', 'val', np.arange(60));"
        "print(hashlib.sha256(render.render_images(scenes, 64).numpy().tobytes()).hexdigest())"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": instructions}
    command = [sys.executable, "-c", program]
    there = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=300)

    here = render_images(splits.scenes("shapes_styles", "val", np.arange(60)), 64)

    assert there.stdout.strip() == hashlib.sha256(here.numpy().tobytes()).hexdigest()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("dataset", splits.datasets())
def test_pixels_do_not_depend_on_the_device(dataset: str) -> None:
    scenes = splits.scenes(dataset, "val", np.arange(256))
    here, there = render(scenes, 64, "cpu"), render(scenes, 64, "cuda")

    for name in ("images", "masks", "depth", "boxes"):
        assert torch.equal(getattr(here, name), getattr(there, name).cpu()), name


def test_the_global_random_state_is_left_alone() -> None:
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()

    render(splits.scenes("shapes", "val", np.arange(4)), 32)

    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


def test_the_twelve_outlines_differ_from_each_other() -> None:
    masks = render(plainly(), 64).masks == 1

    overlaps = torch.stack([iou(masks, mask.expand_as(masks)) for mask in masks])

    assert overlaps.fill_diagonal_(0.0).max() < 0.93, CLASS_NAMES  # circle and hexagon


def test_the_twelve_objects_are_of_a_size() -> None:
    areas = (render(plainly(), 128).masks == 1).float().mean((1, 2))

    assert 0.06 < areas.min() < areas.max() < 0.25


def test_an_object_stands_where_its_factors_say() -> None:
    rendering = render(plainly(x=0.25, y=-0.125, scale=0.4), 128)

    middles = (rendering.boxes[:, 0, :2] + rendering.boxes[:, 0, 2:]) / 2

    # A quarter of a half-frame to the right and an eighth up; the outlines themselves are off their centre by less than 0.3 radii.
    assert (middles - torch.tensor([80.0, 56.0])).abs().max() < 0.3 * 0.4 * 64


def test_a_scene_without_an_object_is_the_same_background() -> None:
    own, empty = render(plainly(), 64), render(plainly(count=0), 64)

    behind = (own.masks == 0)[:, None].expand_as(own.images)
    assert not empty.masks.any()
    assert (own.masks == 1).any(dim=(1, 2)).all()
    assert (own.images[behind] == empty.images[behind]).float().mean() > 0.95  # all but the rim of the object


def test_scale_is_the_radius_of_the_object() -> None:
    small, large = (render(plainly(scale=scale), 128).masks == 1 for scale in (0.3, 0.6))

    ratio = large.sum((1, 2)) / small.sum((1, 2))

    assert (ratio - 4.0).abs().max() < 0.3


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_turning_the_object_turns_its_mask(quarter_turns: int) -> None:
    upright = render(plainly(), 64).masks == 1

    turned = render(plainly(rotation_degrees=90.0 * quarter_turns), 64).masks == 1

    # rot90 with a negative number of turns is clockwise; rounding of the turn may move a pixel on the edge
    assert iou(turned, torch.rot90(upright, -quarter_turns, (1, 2))).min() > 0.97


def test_mirroring_the_object_mirrors_its_mask() -> None:
    instance = int(np.abs(chance.uniform(np.arange(2000), -0.1, 0.1, "lean")).argmin())  # one that does not lean to a side
    upright, mirrored = (render(plainly(mirrored=mirrored, instance=instance), 64).masks == 1 for mirrored in (False, True))

    assert iou(mirrored, upright.flip(2)).min() > 0.97
    assert iou(upright, upright.flip(2)).min() < 0.7  # else nothing was tested: the ell has a left and a right


@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_objects_as_counted_are_seen_apart(count: int) -> None:
    rendering = render(plainly(count=count, scale=0.45), 64)

    present = (rendering.boxes[:, :, 2] > rendering.boxes[:, :, 0]).sum(1)

    assert present.tolist() == [count] * 12
    assert sorted(rendering.masks.unique().tolist()) == list(range(count + 1))


def test_boxes_are_the_extent_of_what_is_seen() -> None:
    rendering = render(splits.scenes("shapes_shifted", "val", np.arange(60)), 64)

    for mask, boxes in zip(rendering.masks.numpy(), rendering.boxes.tolist(), strict=True):
        for number, box in enumerate(boxes, start=1):
            down, across = np.nonzero(mask == number)
            seen = [across.min(), down.min(), across.max() + 1, down.max() + 1] if len(down) else [0, 0, 0, 0]
            assert box == seen


@pytest.mark.parametrize("kind", ["bar", "disc"])
def test_an_occluder_hides_part_of_the_object_and_is_nearest(kind: str) -> None:
    free, hidden = (render(plainly(occluder=OCCLUDER_NAMES.index(name), occluder_size=0.3), 64) for name in ("none", kind))

    lost = 1.0 - (hidden.masks == 1).sum((1, 2)) / (free.masks == 1).sum((1, 2))

    assert 0.02 < lost.mean() < 0.6
    assert hidden.depth[hidden.masks == OCCLUDER_MASK].unique().tolist() == [0.5]
    assert (free.depth[free.masks == 1].max() < free.depth[free.masks == 0].min()).item()


def test_brightness_lightens_every_image() -> None:
    dark, bright = (render_images(plainly(brightness=brightness), 32).float().mean((1, 2, 3)) for brightness in (0.5, 1.0))

    assert ((bright / dark - 2.0).abs() < 0.1).all()


def test_light_comes_from_where_it_is_said_to() -> None:
    lit = render_images(plainly(light_degrees=0.0, style=STYLE_NAMES.index("photo"), label=0), 64).float()

    assert (lit[:, :, :, 44:].mean((1, 2, 3)) > lit[:, :, :, :20].mean((1, 2, 3)) + 10).all()


def test_an_instance_stays_itself_under_another_scene() -> None:
    here, there = (render(plainly(scene=SCENE_NAMES.index(name), texture=1), 64) for name in ("snow", "forest"))
    outside = (here.masks != 1).float()
    core = (torch.nn.functional.max_pool2d(outside, 3, 1, 1) == 0.0)[:, None].expand_as(here.images)

    assert torch.equal(here.masks, there.masks)
    assert torch.equal(here.images[core], there.images[core])
    assert not torch.equal(here.images, there.images)


def test_two_instances_differ() -> None:
    one, other = (render_images(plainly(instance=instance, texture=5), 64).float() for instance in (1, 2))

    assert ((one - other).abs().mean((1, 2, 3)) > 2.0).all()


def test_one_scene_is_the_same_picture_at_any_resolution() -> None:
    scenes = splits.scenes("shapes", "val", np.arange(24)).replace(style=STYLE_NAMES.index("poster"))
    small, large = (render_images(scenes, size).float() for size in (64, 256))

    reduced = torch.nn.functional.avg_pool2d(large, 4)

    assert (reduced - small).abs().mean() < 6.0  # levels of 255: edges are antialiased by one pixel at either size


def test_nothing_to_render_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot render 0 scenes at 64 px"):
        render_images(splits.scenes("shapes", "val", []), 64)

"""The engine gives what a plain loop gives, at any batch size, and refuses answers that are no numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from fixtures.errors import BadInput
from fixtures.evidence import columns, engine
from fixtures.progress import silent
from fixtures.views.view import CLEAN, grid, resolve
from tests.views import preprocessing

CPU = torch.device("cpu")
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


@dataclass
class Images:
    array: np.ndarray

    def batch(self, positions: np.ndarray) -> np.ndarray:
        return self.array[positions]


def network(classes: int = 7) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(3)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(32, classes)
    )
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return net.eval()


def work_of(
    n: int, answer: Callable[[Tensor], Mapping[str, Tensor]], change: Callable[[Tensor, Tensor], Tensor] | None = None
) -> engine.Pass:
    draw = np.random.default_rng(5)
    images = draw.integers(0, 256, (n, 12, 12, 3), dtype=np.uint8)
    everything = np.arange(n)
    return engine.Pass(
        Images(images), everything, everything * 2, draw.integers(0, 7, n), change or (lambda pixels, _: pixels), answer, MEAN, STD
    )


def measured(
    work: engine.Pass, batch: int, matrices: dict[str, np.ndarray] | None = None, device: torch.device = CPU
) -> dict[str, np.ndarray]:
    return engine.run(
        work, device=device, dtype=torch.float32, batch=batch, reduction=columns.reduce, matrices=matrices or {},
        channels_last=False, progress=silent, description="",
    )  # fmt: skip


def plain(work: engine.Pass, net: torch.nn.Module) -> Tensor:
    """One image after the other, by the book."""
    logits = []
    for image in work.images.batch(work.positions):
        pixels = (torch.from_numpy(image).permute(2, 0, 1) / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
        logits.append(net(pixels[None])[0])
    return torch.stack(logits).detach()


def test_columns_are_those_of_a_plain_loop() -> None:
    net = network()
    work = work_of(23, lambda images: {"logits": net(images)})
    logits = np.zeros((23, 7), dtype=np.float32)

    found = measured(work, 5, {"logits": logits})
    wanted = plain(work, net)
    probabilities = wanted.softmax(1)
    labels = torch.from_numpy(work.labels)

    np.testing.assert_allclose(logits, wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found["prediction"], wanted.argmax(1))
    np.testing.assert_allclose(found["confidence"], probabilities.amax(1), atol=1e-5)
    np.testing.assert_allclose(
        found["log_p_label"], -torch.nn.functional.cross_entropy(wanted, labels, reduction="none"), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(found["probability_square_sum"], (probabilities**2).sum(1), atol=1e-5)
    np.testing.assert_allclose(found["top_two_gap"], probabilities.topk(2).values.diff(dim=1).abs()[:, 0], atol=1e-5)
    np.testing.assert_array_equal(found["top5_hit"], [label in row for label, row in zip(labels, wanted.topk(5).indices, strict=True)])


@settings(deadline=None, max_examples=20)
@given(n=st.integers(1, 30), batch=st.integers(1, 40))
def test_the_batch_size_changes_nothing(n: int, batch: int) -> None:
    net = network()
    seen: list[int] = []

    def change(images: Tensor, rows: Tensor) -> Tensor:
        seen.extend(rows.tolist())
        return images + rows.view(-1, 1, 1, 1) / 1000

    work = work_of(n, lambda images: {"logits": net(images)}, change)
    found, alone = measured(work, batch), measured(work, 1)

    np.testing.assert_array_equal(found["prediction"], alone["prediction"])
    np.testing.assert_allclose(found["confidence"], alone["confidence"], atol=1e-5)
    assert set(seen) == set(range(0, 2 * n, 2))


def test_memory_that_runs_out_halves_the_batch() -> None:
    net, sizes = network(), []

    def answer(images: Tensor) -> Mapping[str, Tensor]:
        sizes.append(len(images))
        if len(images) > 4:
            raise torch.OutOfMemoryError("too large")
        return {"logits": net(images)}

    work = work_of(20, answer)
    found = measured(work, 16)

    assert max(sizes) > 4 >= sizes[-1]
    np.testing.assert_array_equal(found["prediction"], plain(work, net).argmax(1))


def test_an_empty_dataset_says_nothing() -> None:
    with pytest.raises(BadInput, match="no images"):
        measured(work_of(0, lambda images: {"logits": images}), 4)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_images_without_a_number_for_an_answer_are_named(bad: float) -> None:
    net = network()

    def answer(images: Tensor) -> Mapping[str, Tensor]:
        logits = net(images)
        logits[images[:, 0, 0, 0] > 1.5] = bad
        return {"logits": logits}

    work = work_of(30, answer)
    broken = [f"{row}.png" for row in np.flatnonzero((work.images.batch(work.positions)[:, 0, 0, 0] / 255 - 0.5) / 0.2 > 1.5)]
    ids = np.array([f"{row}.png" for row in range(30)], dtype=object)

    with pytest.raises(BadInput) as refused:
        engine.refuse_nonfinite(measured(work, 7), ids, "vit", "photos, clean")
    assert f"{len(broken)} of 30 images of photos, clean: {broken[0]}" in str(refused.value)


def test_features_without_scores_fill_their_matrix() -> None:
    work = replace(work_of(9, lambda images: {"features": images.mean(dim=(2, 3))}), labels=None)
    features = np.zeros((9, 3), dtype=np.float32)

    assert measured(work, 4, {"features": features}) == {}
    pixels = work.images.batch(work.positions) / 255
    np.testing.assert_allclose(features, (pixels.mean(axis=(1, 2)) - MEAN) / STD, atol=1e-5)


def test_a_model_may_answer_every_batch_in_the_same_memory() -> None:
    net, memory = network(), torch.zeros(5, 7)
    work = work_of(20, lambda images: {"logits": memory.copy_(net(images))})
    logits = np.zeros((20, 7), dtype=np.float32)
    measured(work, 5, {"logits": logits})

    np.testing.assert_allclose(logits, plain(work, net), rtol=1e-4, atol=1e-4)


def test_memory_that_runs_out_after_the_answer_leaves_one_row_an_image() -> None:
    class Matrix:
        refusals, dtype = 1, np.dtype(np.float32)

        def __setitem__(self, rows: slice, _: np.ndarray) -> None:
            if rows.start == 8 and self.refusals:
                self.refusals -= 1
                raise torch.OutOfMemoryError("no place for the copy")

    net = network()
    work = work_of(20, lambda images: {"logits": net(images)})
    found = measured(work, 8, {"logits": Matrix()})  # type: ignore[dict-item]

    np.testing.assert_array_equal(found["prediction"], plain(work, net).argmax(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_pass_multiplies_float32_as_such_and_leaves_the_process_as_it_was(dtype: torch.dtype) -> None:
    """In bf16 too: views and class scores are float32 there."""
    seen: set[object] = set()

    def settings() -> tuple[str, str, bool]:
        backends = torch.backends
        return backends.cudnn.conv.fp32_precision, backends.cuda.matmul.fp32_precision, backends.cudnn.allow_tf32

    def answer(images: Tensor) -> Mapping[str, Tensor]:
        seen.add(settings())
        return {"logits": images.float().mean(dim=(2, 3))}

    before = settings()
    work = replace(work_of(6, answer), labels=None)
    engine.run(
        work, device=torch.device("cpu"), dtype=dtype, batch=4, reduction=columns.reduce, matrices={}, channels_last=False,
        progress=silent, description="",
    )  # fmt: skip

    assert seen == {("ieee", "ieee", False)}
    assert settings() == before
    assert before[2]  # what torch allows unless told otherwise


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("view", ["clean", "rotation", "brightness", "contrast", "hue", "blur", "flip"])
def test_cuda_waits_for_nothing_until_the_last_batch(view: str) -> None:
    """torch raises at every wait that it makes between the second batch and the last."""
    net, batches = network().cuda(), 0
    resolved = resolve(CLEAN if view == "clean" else grid(view)[0], preprocessing(12, 1.0))

    def answer(images: Tensor) -> Mapping[str, Tensor]:
        nonlocal batches
        batches += 1
        torch.cuda.set_sync_debug_mode("error" if 1 < batches < 10 else "default")
        logits = net(images)
        return {"logits": logits, "features": logits[:, :3]}

    work = work_of(100, answer, resolved.apply)
    found = {"logits": np.zeros((100, 7), dtype=np.float32), "features": np.zeros((100, 3), dtype=np.float32)}
    try:
        measured(work, 10, found, torch.device("cuda"))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    again = {name: np.zeros_like(matrix) for name, matrix in found.items()}
    net.cpu()
    batches = 100
    measured(work, 10, again)

    assert batches == 110
    np.testing.assert_allclose(found["logits"], again["logits"], atol=1e-3)
    np.testing.assert_allclose(found["features"], again["features"], atol=1e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_answers_as_the_cpu() -> None:
    net = network()
    work = work_of(50, lambda images: {"logits": net.to(images.device)(images)})
    on_cpu = measured(work, 16)
    on_cuda = engine.run(
        work, device=torch.device("cuda"), dtype=torch.float32, batch=16, reduction=columns.reduce, matrices={}, channels_last=True,
        progress=silent, description="",
    )  # fmt: skip

    np.testing.assert_allclose(on_cuda["confidence"], on_cpu["confidence"], atol=1e-3)

"""How much of an audit's time is not the backbone's: our engine beside a loop that decodes every image again for every view.

python -m tests.benchmarks.engine [--images N] [--rounds N]

Both sides run the same ResNet-18 at 224 px in float32, over the same JPEG photographs (synthetic, 500 x 375) under the same ten views,
interleaved in one run. The peer is a DataLoader at its own best number of workers (tried first). What is compared:

  views   (wall time - bare forward time) of ten views: engine / loop. Wanted: at most 0.5.
  clean   throughput on the stored clean view / throughput of a bare forward over a resident tensor. Wanted: at least 0.90.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from fixtures.backbones.specification import Preprocessing
from fixtures.evidence import columns, engine
from fixtures.evidence.store import prepare
from fixtures.progress import silent
from fixtures.views.view import CLEAN, ResolvedView, View, resolve

PREPROCESSING = Preprocessing(224, 0.875, "bicubic", "shortest", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
VIEWS = (
    CLEAN, View("scale", 1.25), View("scale", 1.5), View("translation", 30), View("flip", "horizontal"), View("rotation", 10),
    View("brightness", 0.7), View("contrast", 0.7), View("hue", 0.05), View("blur", 1),
)  # fmt: skip
BATCH = 32


class Photographs(Dataset[Tensor]):
    """JPEG files; as a torch dataset, the peer: each item is decoded and cut for one view."""

    def __init__(self, folder: Path, count: int) -> None:
        self.paths = [folder / f"{index}.jpg" for index in range(count)]
        self.geometry = resolve(CLEAN, PREPROCESSING).geometry
        draw = np.random.default_rng(0)
        for path in self.paths:
            coarse = Image.fromarray(draw.integers(0, 256, (24, 32, 3), dtype=np.uint8)).resize((500, 375), Image.Resampling.BICUBIC)
            coarse.save(path, quality=90)
        self.ids = tuple(path.name for path in self.paths)
        self.name, self.split = "photographs", "test"

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        with Image.open(self.paths[index]) as image:
            return torch.from_numpy(self.geometry.cut(image.convert("RGB"))).permute(2, 0, 1)

    def read(self, indices: list[int]) -> list[Image.Image]:
        return [Image.open(self.paths[index]).convert("RGB") for index in indices]

    def digests(self, indices: list[int], _cache: Path) -> list[str]:
        return [self.ids[index] for index in indices]


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


@torch.inference_mode()
def bare(net: nn.Module, resident: Tensor) -> None:
    for begin in range(0, len(resident), BATCH):
        net(resident[begin : begin + BATCH])


@torch.inference_mode()
def loop(net: nn.Module, photographs: Photographs, views: list[ResolvedView], workers: int) -> None:
    """What research scripts do: one DataLoader a view, every image decoded again."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (PREPROCESSING.mean, PREPROCESSING.std))
    for view in views:
        photographs.geometry = view.geometry
        row = 0
        for images in DataLoader(photographs, BATCH, num_workers=workers):
            pixels = view.apply(images.float().div_(255), torch.arange(row, row + len(images)))
            columns.reduce(net(pixels.sub(mean).div_(std).contiguous(memory_format=torch.channels_last)), None)
            row += len(images)


def ours(net: nn.Module, photographs: Photographs, views: list[ResolvedView], cache: Path | None) -> None:
    """One decoding pass for all views, then the engine; a cache that is given holds the decoded images already."""
    rows = np.arange(len(photographs))
    with nullcontext(str(cache)) if cache else tempfile.TemporaryDirectory() as folder:
        stores = prepare(photographs, {view.geometry: rows for view in views}, Path(folder), silent)
        for view in views:
            work = engine.Pass(
                stores[view.geometry],
                rows,
                rows,
                None,
                view.apply,
                lambda images: {"logits": net(images)},
                PREPROCESSING.mean,
                PREPROCESSING.std,
            )
            engine.run(
                work,
                device=torch.device("cpu"),
                dtype=torch.float32,
                batch=BATCH,
                reduction=columns.reduce,
                matrices={},
                channels_last=True,
                progress=silent,
                description="",
            )


def told(name: str, figures: list[float], form: str = "{:.2f}") -> None:
    low, middle, high = (form.format(value) for value in (min(figures), statistics.median(figures), max(figures)))
    print(f"  {name:<46} median {middle}   (from {low} to {high}, {len(figures)} rounds)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=128, help="photographs (default 128)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    options = parser.parse_args()
    net = timm.create_model("resnet18").eval().to(memory_format=torch.channels_last)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        photographs = Photographs(Path(folder), options.images)
        views = [resolve(view, PREPROCESSING) for view in VIEWS]
        resident = torch.randn(options.images, 3, 224, 224).contiguous(memory_format=torch.channels_last)
        bare(net, resident)
        ours(net, photographs, views[:1], Path(cache))
        tried = {workers: seconds(lambda workers=workers: loop(net, photographs, views[:1], workers)) for workers in (0, 1, 2)}
        workers = min(tried, key=tried.__getitem__)
        print(f"{options.images} images, {len(views)} views, {torch.get_num_threads()} threads, torch {torch.__version__}")
        print(f"the loop runs best with {workers} workers")
        forward, peer, engine_all, engine_clean = [], [], [], []
        for _ in range(options.rounds):
            forward.append(seconds(lambda: bare(net, resident)))
            peer.append(seconds(lambda: loop(net, photographs, views, workers)))
            engine_clean.append(seconds(lambda: ours(net, photographs, views[:1], Path(cache))))
            engine_all.append(seconds(lambda: ours(net, photographs, views, None)))
    base = [len(views) * value for value in forward]
    told("bare forward of ten views, s", base)
    told("loop over ten views, s", peer)
    told("engine over ten views, decoding included, s", engine_all)
    told("non-forward time, engine / loop", [(a - f) / (b - f) for a, b, f in zip(engine_all, peer, base, strict=True)])
    told("clean throughput, engine / bare forward", [f / e for f, e in zip(forward, engine_clean, strict=True)], "{:.3f}")


if __name__ == "__main__":
    main()

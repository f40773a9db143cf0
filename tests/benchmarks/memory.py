"""Peak anonymous memory of decoding and streaming many images against few: memory must not grow with the dataset.

Synthetic images of an npy dataset are decoded into a store, then streamed through a view in batches, in a child process each time. A thread
of the child samples RssAnon of /proc/self/status: peak RSS would count the pages of the memory map, which the kernel takes back at will.

    python -m tests.benchmarks.memory                 # 50,000 images against 5,000: about two minutes, 1.3 GB of disk for a while
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

WANTED_RATIO = 1.2
SIZE = 64
BATCH = 256


def main() -> int:
    arguments = _parser().parse_args()
    if arguments.child:
        print(*_measure(arguments.child, arguments.folder))
        return 0
    peaks = {}
    print(f"{'images':>8}  {'peak RssAnon':>12}  {'prepare':>8}  {'stream':>8}")
    for number in (arguments.against, arguments.images):
        peak, prepare, stream = _in_a_child(number, arguments.folder)
        peaks[number] = peak
        print(f"{number:>8,}  {peak / 1e6:>9,.1f} MB  {prepare:>6.1f} s  {stream:>6.1f} s", flush=True)
    ratio = peaks[arguments.images] / peaks[arguments.against]
    print(f"ratio {ratio:.3f}: {'within' if ratio <= WANTED_RATIO else 'ABOVE'} the {WANTED_RATIO} that is wanted")
    return int(ratio > WANTED_RATIO)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.memory", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=int, default=50_000, metavar="N", help="the large dataset (default 50,000)")
    parser.add_argument("--against", type=int, default=5_000, metavar="N", help="the small one (default 5,000)")
    parser.add_argument(
        "--folder", type=Path, default=None, metavar="DIR", help="where to put images and stores meanwhile (default: a temporary folder)"
    )
    parser.add_argument("--child", type=int, default=0, help=argparse.SUPPRESS)
    return parser


def _in_a_child(number: int, folder: Path | None) -> tuple[float, float, float]:
    """Peak anonymous memory in bytes, seconds of preparing, seconds of streaming."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [sys.executable, "-m", "tests.benchmarks.memory", "--child", str(number), "--folder", place]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    peak, prepare, stream = map(float, output.split())
    return peak, prepare, stream


def _measure(number: int, folder: Path) -> tuple[float, float, float]:
    from fixtures.backbones.specification import Preprocessing
    from fixtures.datasets.loading import load
    from fixtures.datasets.toml_table import from_table
    from fixtures.evidence.store import prepare
    from fixtures.progress import on
    from fixtures.views.view import View, resolve

    _write_images(folder, number)
    dataset = load(from_table("synthetic", {"layout": "npy", "root": str(folder)}, "the benchmark", folder))
    preprocessing = Preprocessing(SIZE, 1.0, "bicubic", "shortest", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    view = resolve(View("blur", 2), preprocessing)
    with _AnonymousMemory() as memory:
        start = time.perf_counter()
        store = prepare(dataset, {view.geometry: np.arange(number)}, folder / "cache", on())[view.geometry]
        prepared = time.perf_counter()
        _stream(store, view)
        end = time.perf_counter()
    return memory.peak, prepared - start, end - prepared


def _write_images(folder: Path, number: int) -> None:
    generator = np.random.default_rng(0)
    images = np.lib.format.open_memmap(folder / "images.npy", mode="w+", dtype=np.uint8, shape=(number, SIZE, SIZE, 3))
    for begin in range(0, number, 1000):
        images[begin : begin + 1000] = generator.integers(0, 256, images[begin : begin + 1000].shape, dtype=np.uint8)
    np.save(folder / "labels.npy", np.arange(number) % 10)


def _stream(store, view) -> None:
    import torch

    total = torch.zeros(())
    with torch.inference_mode():
        for begin in range(0, len(store), BATCH):
            positions = np.arange(begin, min(begin + BATCH, len(store)))
            images = torch.from_numpy(store.batch(positions)).permute(0, 3, 1, 2).float().div_(255)
            total += view.apply(images, positions).mean()
    assert 0 < float(total) < len(store)


class _AnonymousMemory:
    """The most anonymous memory that this process held within a block, in bytes, sampled every few milliseconds."""

    def __enter__(self) -> _AnonymousMemory:
        self.peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            status = Path("/proc/self/status").read_text()
            self.peak = max(self.peak, 1024 * float(status.split("RssAnon:")[1].split()[0]))
            if self._over.wait(0.005):
                return


if __name__ == "__main__":
    sys.exit(main())

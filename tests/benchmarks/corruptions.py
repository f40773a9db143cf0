"""How many images a second each corruption makes, beside its authors' code.

python -m tests.benchmarks.corruptions [--images N] [--rounds N] [--severity N] [--only NAME ...]

The same synthetic photographs at 224 px, in memory, on the host, one after the other in each round: theirs image by image, as they are
written, ours as one batch; both with as many threads as torch has. What is made once a process is made before the first round, on both
sides, and shown: our pools of layers, their compiled loop.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from imagecorruptions import corruptions as reference
from PIL import Image

from fixtures.views.corruptions import CORRUPTIONS
from tests.views import made_photo


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def rates(name: str, severity: int, count: int, rounds: int) -> tuple[tuple[float, float], list[float], list[float]]:
    """Seconds of the first call and images a second of each round, of ours and of theirs."""
    photos = [made_photo(224, 224, seed) for seed in range(count)]
    pixels = np.stack([np.asarray(photo) for photo in photos])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float().div_(255)
    ids = torch.arange(count, dtype=torch.int32) * 7919

    @torch.inference_mode()
    def ours() -> None:
        CORRUPTIONS[name].function(images, ids, severity).clamp(0, 1)

    def theirs(photos: list[Image.Image] = photos) -> None:
        for photo in photos:
            np.uint8(getattr(reference, name)(photo, severity))

    first = seconds(ours), seconds(lambda: theirs(photos[:1]))
    pairs = [(count / seconds(ours), count / seconds(theirs)) for _ in range(rounds)]
    return first, [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--severity", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(CORRUPTIONS))
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        f"images/s at 224 px, severity {chosen.severity}, {chosen.images} images, {torch.get_num_threads()} threads: median (least to most)"
    )
    print(f"{'':18}{'ours':>24}{'published code':>24}{'ratio':>8}{'first call, s':>18}")
    for name in chosen.only:
        first, ours, theirs = rates(name, chosen.severity, chosen.images, chosen.rounds)
        shown = [f"{statistics.median(each):.0f} ({min(each):.0f} to {max(each):.0f})" for each in (ours, theirs)]
        ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
        print(f"{name:18}{shown[0]:>24}{shown[1]:>24}{ratio:>8.1f}{first[0]:>9.2f}{first[1]:>9.2f}", flush=True)


if __name__ == "__main__":
    main()

"""How many seconds a strength of the probe's grid takes, beside scikit-learn's LogisticRegression on the same features.

python -m tests.benchmarks.probe [--images N] [--width N] [--classes N] [--rounds N] [--strength X] [--tolerance X] [--tight]
    [--probe]

Made features: class means and noise in correlated directions that fade as those of trained backbones do, one label in twenty wrong.
Both get them standardised, in single precision, and lower the same objective with as many threads as torch has. In each round, one after
the other: ours walks the whole grid of fifteen strengths, turning the features included; scikit-learn fits one strength, at the largest
of a few tolerances that brings its loss within 1e-4 (relative) of the lowest known; the first round finds out which that is.
The lowest known is the lower of ours and theirs at the tightest tolerance that was tried, or, with --tight, a fit of ours in double
precision until next to nothing is left. 50,000 images of 768 features and 1,000 classes are meant to take a quarter of an hour in two
rounds at a given tolerance, on two free cores and in a few GiB. Let nothing else run: threads that wait for each other cost most.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import NamedTuple

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from fixtures.backbones import logistic, probe
from fixtures.backbones.probe import ANSWERING, CHOOSING, STRENGTHS, Learned
from fixtures.progress import on

TOLERANCES = (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6)
CLOSE = 1e-4


class Timed(NamedTuple):
    result: object
    seconds: float


def made(images: int, width: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Standardised features [images, width] float32 and labels [images]."""
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), generator.integers(0, classes, images - classes)])
    fading = (np.arange(1, width + 1) ** -0.5).astype(np.float32)
    features = generator.standard_normal((images, width), dtype=np.float32) * fading
    features += (generator.standard_normal((classes, width), dtype=np.float32) * fading)[labels]
    features @= np.linalg.qr(generator.standard_normal((width, width)))[0].astype(np.float32)
    wrong = generator.random(images) < 0.05
    wrong[:classes] = False
    labels = np.where(wrong, generator.integers(0, classes, images), labels)
    return ((features - features.mean(0)) / features.std(0)).astype(np.float32), labels


def ours(features: np.ndarray, labels: np.ndarray, classes: int) -> Timed:
    """The grid's minima and what they cost, in seconds."""
    begin = time.perf_counter()
    learned = Learned.of(torch.from_numpy(features), torch.from_numpy(labels), classes)
    found = list(logistic.path(learned.fits, STRENGTHS, tolerance=CHOOSING))
    return Timed((learned, found), time.perf_counter() - begin)


def theirs(features: np.ndarray, labels: np.ndarray, strength: float, tolerance: float) -> Timed:
    begin = time.perf_counter()
    fitted = LogisticRegression(C=1 / (strength * len(labels)), tol=tolerance, max_iter=2000).fit(features, labels)
    return Timed(fitted, time.perf_counter() - begin)


def objective(features: np.ndarray, labels: np.ndarray, strength: float, weights: Tensor, bias: Tensor) -> float:
    """Of weights [width, classes], in double precision."""
    total, weights = 0.0, weights.double()
    for rows in np.array_split(np.arange(len(labels)), max(1, len(labels) // 4096)):
        scores = torch.from_numpy(features[rows]).double() @ weights + bias
        total += float(torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels[rows]), reduction="sum"))
    return total / len(labels) + strength / 2 * float(weights.square().sum())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--strength", type=float, default=STRENGTHS[7], help="scikit-learn's; the nearest of the grid is taken")
    parser.add_argument(
        "--tight", action="store_true", help="find the lowest objective in double precision: slow where there is much to fit"
    )
    parser.add_argument(
        "--probe", action="store_true", help="time the whole probe too: held-out fifth, grid, all images in double precision"
    )
    parser.add_argument("--tolerance", type=float, help="scikit-learn's, instead of a search for the largest that comes close enough")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    place = min(range(len(STRENGTHS)), key=lambda index: abs(np.log(STRENGTHS[index] / chosen.strength)))
    strength = STRENGTHS[place]
    features, labels = made(chosen.images, chosen.width, chosen.classes)
    size = f"{chosen.images:,} images x {chosen.width:,} features, {chosen.classes:,} classes"
    print(f"{size}, {torch.get_num_threads()} threads, strength {strength:g} of scikit-learn", flush=True)

    grid = ours(features, labels, chosen.classes)
    learned, found = grid.result  # type: ignore[misc]
    print("passes a strength:", *(one.passes for one in found), f"in all {sum(one.passes for one in found)}", flush=True)
    reached = objective(features, labels, strength, *learned.turned.back(found[place].parameters[0]))
    lowest = reached
    if chosen.tight:
        exact = Learned.of(torch.from_numpy(features), torch.from_numpy(labels), chosen.classes, exact=True)
        start = found[place].parameters.double()
        lowest = float(logistic.minimum(exact.fits, strength, tolerance=ANSWERING, start=start).objective)
    tolerance, seconds = TOLERANCES[-1], 0.0
    for tolerance in (chosen.tolerance,) if chosen.tolerance else TOLERANCES:
        fitted, seconds = theirs(features, labels, strength, tolerance)
        above = objective(features, labels, strength, torch.from_numpy(fitted.coef_.T), torch.from_numpy(fitted.intercept_))  # type: ignore
        print(f"scikit-learn, tolerance {tolerance:g}: {int(fitted.n_iter_[0])} iterations, {seconds:.2f} s, ", end="")  # type: ignore
        print(f"{above / lowest - 1:.1e} above the lowest", flush=True)
        lowest = min(lowest, above)
        if above <= lowest * (1 + CLOSE):
            break
    print(f"ours: {reached / lowest - 1:.1e} above the lowest", flush=True)

    pairs = [(grid.seconds / len(STRENGTHS), seconds)]
    for _ in range(chosen.rounds - 1):
        mine = ours(features, labels, chosen.classes).seconds / len(STRENGTHS)
        pairs.append((mine, theirs(features, labels, strength, tolerance).seconds))
    ratio = statistics.median(reference / mine for mine, reference in pairs)
    for name, times in zip(("ours, of fifteen", f"scikit-learn, tolerance {tolerance:g}"), zip(*pairs, strict=True), strict=True):
        print(f"{name}: {statistics.median(times):.3f} s a strength ({min(times):.3f} to {max(times):.3f})")
    print(f"times as fast a strength: {ratio:.1f} (median of {len(pairs)} rounds)", flush=True)
    if chosen.probe:
        begin = time.perf_counter()
        fitted = probe.fit(
            features, labels, [f"{index}.png" for index in range(len(labels))], classes=chosen.classes, device="cpu", progress=on()
        )
        print(f"the whole probe: {time.perf_counter() - begin:.1f} s; {fitted.describe()}")


if __name__ == "__main__":
    main()

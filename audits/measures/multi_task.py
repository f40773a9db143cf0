"""Measures of tuned networks: what one network for several tasks gains or loses, and how much of a result is owed to tuning at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from audits.measures.columns import array, same_length
from audits.measures.estimate import Estimate, bootstrap
from audits.measures.paired import difference
from audits.measures.tails import NORMAL, of_limits

Floats = NDArray[np.float64]


def delta(single: Mapping[str, Any], multi: Mapping[str, Any], ids: Sequence[Any], *, confidence_level: float = 0.95) -> Estimate:
    """What a network gains on a task by being tuned to others as well: the mean over tasks of (M_multi − M_single) / M_single.

    M is accuracy, so more is better and every task enters with a plus (Zhou et al. 2021). single, multi: task → correct, [seeds, n]
    booleans of the same test images, ids [n], row i of both from seed i. M is a mean over the seeds too.

    Interval: another run could have drawn other test images and other seeds. How far the first reaches is the standard error of a bootstrap
    over images of the mean over seeds, the second Student's t of the seeds' own Δ; both are joined as the root of the sum of their squares
    (Howe 1974), which with three seeds covers 95 to 98 % whichever of them is larger (adding variances and taking Satterthwaite's degrees
    of freedom 92 %). What a seed does to single images is counted in both, on the safe side. A t over the seeds alone would leave out the
    images that all of them are tested on, a bootstrap over images alone would take these seeds for all there are. The limits are never
    nearer than what images that were not seen may change: a share of 1 - 0.025^(1/n).
    detail: accuracy alone and together and their relative difference by task, Δ by seed, and both standard errors.
    Errors: ValueError for different tasks, shapes or lengths, fewer than two seeds, a task that a network tuned to it never answers right.
    """
    tasks, ours, theirs = _columns(single, multi, ids)
    seeds = ours.shape[2]
    alone, together = ours.mean(axis=(0, 2)), theirs.mean(axis=(0, 2))
    never = [task for task, accuracy in zip(tasks, ours.mean(axis=0).min(axis=1), strict=True) if accuracy == 0]
    if never:
        raise ValueError(f"delta: a network tuned to {', '.join(never)} alone is never right; a gain relative to nothing has no value.")
    relative = together / alone - 1
    value = float(relative.mean())
    of_seeds = (theirs.mean(axis=0) / ours.mean(axis=0) - 1).mean(axis=0)  # [seeds]
    drawn = bootstrap(_relative, ids, [ours.mean(axis=2), theirs.mean(axis=2)]).replicates
    assert drawn is not None
    by_images, by_seeds = float(drawn.std(ddof=1)), float(of_seeds.std(ddof=1)) / math.sqrt(seeds)

    def limits(tail: float) -> tuple[float, float]:
        apart = math.hypot(NORMAL.inv_cdf(1 - tail) * by_images, float(stdtrit(seeds - 1, 1 - tail)) * by_seeds)
        unseen = (1 - tail ** (1 / len(ids))) * float(np.mean(1 / alone))
        return value - max(apart, unseen), value + max(apart, unseen)

    low, high = limits((1 - confidence_level) / 2)
    named = zip(tasks, alone, together, relative, strict=True)
    detail = {
        "tasks": {task: {"alone": float(a), "together": float(b), "relative": float(c)} for task, a, b, c in named},
        "seeds": [float(each) for each in of_seeds],
        "standard_error": {"images": by_images, "seeds": by_seeds},
    }
    return Estimate(value, low, high, len(ids), confidence_level, "images and seeds", detail, tail=of_limits(limits))


def reliance(tuned_correct: Any, probe_correct: Any, ids: Sequence[Any] | None = None) -> Estimate:
    """How much more often a backbone is right once all of it is tuned than with a linear probe on frozen features: share minus share.

    Little means that the features hold what the task needs; much that the result is owed to training on the task. tuned_correct,
    probe_correct: [n] booleans of the same test images, ids [n]. The interval is about images, for this one tuning and this one probe
    (`difference`: Newcombe's for paired proportions). Errors: those of `difference`.
    """
    return difference(tuned_correct, probe_correct, ids)


def _columns(single: Mapping[str, Any], multi: Mapping[str, Any], ids: Sequence[Any]) -> tuple[list[str], Floats, Floats]:
    """The tasks, and what is right alone and together, [n, tasks, seeds] each."""
    if not single or set(single) != set(multi):
        raise ValueError(f"delta: got tasks {sorted(single)} alone and {sorted(multi)} together; wanted the same ones, at least one.")
    tasks = list(single)
    rows = [array(f"{kind} {task}", given[task]) for kind, given in (("single", single), ("multi", multi)) for task in tasks]
    if len({row.shape for row in rows}) != 1 or rows[0].ndim != 2 or len(rows[0]) < 2:
        shapes = ", ".join(str(row.shape) for row in rows)
        raise ValueError(f"delta: got shapes {shapes}; wanted [seeds, n] for every task, the same seeds and images, at least two seeds.")
    if not all(np.isin(row, (0, 1)).all() for row in rows):
        raise ValueError("delta: wanted correct or not, true or false (0 or 1), for every seed and image.")
    same_length(ids=ids, images=rows[0][0])
    stacked = np.stack([row.astype(np.float64) for row in rows]).transpose(2, 0, 1)
    return tasks, stacked[:, : len(tasks)], stacked[:, len(tasks) :]


def _relative(weights: Floats, single: Floats, multi: Floats) -> Floats:
    return ((weights @ multi) / (weights @ single) - 1).mean(axis=1)

"""Measures of accuracy: how often a backbone is right, over all images and where it is right least often."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from audits.measures.columns import class_indices, column, flags, same_length
from audits.measures.estimate import ANSWERS, Estimate, proportion, with_hits
from audits.measures.slices import sliced
from audits.measures.tails import of_limits

Floats = NDArray[np.float64]

CONFIDENCE_LEVEL = 0.95
SMALLEST_SLICE = 20  # images: below it a slice's accuracy says more about luck than about the backbone
LOWEST_IN_DETAIL = 5
SMALL_IN_DETAIL = 20


Ids = Sequence[Any] | None  # names of the images: with them the same score of another backbone or release can be compared image by image


def top1(correct: Any, ids: Ids = None) -> Estimate:
    """Share of images whose most probable class is the label.

    correct: [n] booleans; ids: [n]. Interval: Wilson. Errors: ValueError for no images or values other than true and false.
    """
    return proportion(flags("correct", correct), ids)


def topk(hit: Any, k: int = 5, ids: Ids = None) -> Estimate:
    """Share of images whose label is among the k most probable classes.

    hit: [n] booleans, whether it is; ids: [n]; k goes into the detail. Interval: Wilson.
    Errors: ValueError for no images or values other than true and false.
    """
    return proportion(flags("hit", hit), ids, detail={"k": k})


def real(prediction: Any, valid_labels: Sequence[Collection[int]], ids: Ids = None) -> Estimate:
    """Share of images whose prediction is one of the labels that people hold valid for it: photographs show more than one thing.

    prediction: [n] class indices; valid_labels: n collections of class indices. Images without a valid label are left out
    and counted in the detail as `without_label`. Interval: Wilson; n counts the images that entered.
    Errors: ValueError for no images, different lengths, or no image with a valid label. Source: Beyer et al. 2020 (ReaL).
    """
    predicted = column("prediction", prediction)
    n = same_length(prediction=predicted, valid_labels=valid_labels)
    entering = np.array([len(labels) > 0 for labels in valid_labels])
    hits = [int(index) in labels for index, labels in zip(predicted, valid_labels, strict=True) if len(labels)]
    if not hits:
        raise ValueError(f"valid_labels: none of {n} images has a valid label, wanted at least one that has.")
    names = None if ids is None else np.asarray(ids, dtype=object)[entering].tolist()
    return proportion(hits, names, detail={"without_label": n - len(hits)})


def worst_class(correct: Any, labels: Any, class_names: Sequence[str], minimum_count: int = 1, ids: Ids = None) -> Estimate:
    """Accuracy on the class that a backbone is worst at: an average hides a class that is always wrong.

    correct: [n] booleans; labels: [n] indices into class_names. Interval, detail and errors: as `worst_slice`, with one
    slice a class; classes of fewer than `minimum_count` images do not enter. Every class that has an image does, unless
    told otherwise: a class of few images widens the interval, and so decides nothing on its own.
    """
    right, label = flags("correct", correct), class_indices("labels", labels, len(class_names))
    same_length(correct=right, labels=label)
    counts = np.bincount(label, minlength=len(class_names))
    hits = np.bincount(label[right], minlength=len(class_names))
    lowest = _lowest(list(class_names), hits, counts, minimum_count, int(counts[counts >= minimum_count].sum()))
    return with_hits(lowest, right, ids, _entering([label], counts, minimum_count))


def worst_slice(correct: Any, factors: Mapping[str, Any], minimum_count: int = SMALLEST_SLICE, ids: Ids = None) -> Estimate:
    """Accuracy under the condition that a backbone is worst at: at night, on sketches, behind an occluder.

    correct: [n] booleans; factors: name → [n] values. Every `factor=value` is a slice; numbers of more than 20 values are cut
    into five ranges (`sliced`). Slices of different factors overlap. The value is the lowest slice accuracy, which is biased
    downwards when many slices are alike.
    Interval of the lowest *true* accuracy, one lower bound for all slices at once: low is the least lower limit, high the
    least upper limit (`slice_limits`). n: images in at least one slice that entered.
    detail: `worst`, its `worst_n`, the `lowest` five as {name, accuracy, low, high, count}, `limited_by`, the slice with the
    least lower limit (more images of it move it), how many were `compared`, and `too_small` slices ({name, count};
    `too_small_count` in all), which have fewer than `minimum_count` images and do not enter, unless no slice has that many: then all do.
    Errors: ValueError for no images, no factors, different lengths or NaN.
    """
    right = flags("correct", correct)
    slices = sliced(right, factors)
    minimum_count = minimum_count if slices.counts.max() >= minimum_count else 1
    lowest = _lowest(slices.names, slices.hits, slices.counts, minimum_count, slices.images_in(slices.counts >= minimum_count))
    return with_hits(lowest, right, ids, _entering(slices.membership, slices.counts, minimum_count))


def slice_limits(hits: Any, counts: Any, confidence_level: float = CONFIDENCE_LEVEL) -> tuple[Floats, Floats]:
    """Limits of every slice's accuracy whose least lower and least upper ones hold the least true accuracy.

    hits, counts: [slices] → two of [slices], exact binomial limits (Clopper & Pearson 1934). The lower ones need no
    correction for many slices: to lie above the least true accuracy, the least of them must lie above that of the one
    slice that has it (an intersection-union test, Berger 1982), and then all slices are at least that good. The upper
    ones do, since luck may pick any slice: each tail is divided by the number of slices (Bonferroni).
    """
    hits, counts = np.asarray(hits, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    tail = (1 - confidence_level) / 2
    misses = counts - hits
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), misses + 1, tail), 0.0)
    high = np.where(misses > 0, betaincinv(hits + 1, np.maximum(misses, 1), 1 - tail / len(counts)), 1.0)
    return low, high


def _entering(membership: Sequence[NDArray[np.int64]], counts: NDArray[np.int64], minimum_count: int) -> NDArray[np.int64]:
    """The slice of every image by each factor, [factors, n]; -1 for slices that do not enter."""
    return np.stack([np.where(counts[slice_of] >= max(1, minimum_count), slice_of, -1) for slice_of in membership])


def _lowest(names: Sequence[str], hits: NDArray[np.int64], counts: NDArray[np.int64], minimum_count: int, entered: int) -> Estimate:
    large = np.flatnonzero(counts >= max(1, minimum_count))
    small = np.flatnonzero(counts < max(1, minimum_count))
    if not len(large):
        raise ValueError(
            f"None of {len(names)} slices has {minimum_count} images (the largest, {names[int(counts.argmax())]!r}, has {counts.max()}); "
            "measure on more images or ask for a smaller minimum_count."
        )

    def limits(tail: float) -> tuple[float, float]:
        low, high = slice_limits(hits[large], counts[large], 1 - 2 * tail)
        return float(low.min()), float(high.min())

    low, high = slice_limits(hits[large], counts[large])
    accuracy = hits[large] / counts[large]
    # Of equally bad slices the largest is named: it is the surest.
    order = np.lexsort((-counts[large], accuracy))[:LOWEST_IN_DETAIL]
    table = {"name": np.array(names)[large], "accuracy": accuracy, "low": low, "high": high, "count": counts[large]}
    lowest = [{key: values[place].item() for key, values in table.items()} for place in order]
    detail = {
        "worst": lowest[0]["name"],
        "worst_n": lowest[0]["count"],
        "lowest": lowest,
        "limited_by": names[large[low.argmin()]],
        "compared": len(large),
        "too_small": [{"name": names[index], "count": int(counts[index])} for index in small[:SMALL_IN_DETAIL]],
        "too_small_count": len(small),
    }
    ends = (float(low.min()), float(high.min()))
    return Estimate(
        float(accuracy.min()), *ends, entered, CONFIDENCE_LEVEL, "clopper-pearson", detail, tail=of_limits(limits), averages=ANSWERS
    )

"""Measures of calibration: does a backbone know how often it is right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.calibration_bins import Cells, bin_index, class_cells, top_label_cells
from audits.measures.calibration_interval import gaussian_noise, invert, resampled_noise, tail_of
from audits.measures.columns import class_indices, column, flags, log_probabilities, probabilities, same_length
from audits.measures.estimate import ANSWERS, PROBABILITIES, Estimate, with_replicates
from audits.measures.means import mean
from audits.measures.temperature_scaling import fitted_half, fitted_temperature, top_label
from audits.measures.wide import WideRows, wide_rows

BINS = 15
METHOD = "inverted bins"
CLASSES_IN_DETAIL = 5
PAPERS_LOGIT_SCALE = 100.0
COSTLIEST = 20.0  # nats: p(label) = 2e-9, about as far as a softmax in single precision lets a class sink in practice


def expected_calibration_error(confidence: Any, correct: Any, bins: int = BINS, ids: Sequence[Any] | None = None) -> Estimate:
    """How far confidence is from accuracy, on average: 0 for a backbone that is right in 80 % of what it says with 80 %.

    Σ over equal-width bins (low, high] of the share of images in the bin times |accuracy - mean confidence| there; 0 to 1.
    confidence: [n] probability of the predicted class; correct: [n] whether it was right; ids: [n].
    The value is the plug-in, biased upwards (0.017 at 5,000 images for a perfectly calibrated backbone); the interval
    inverts a test of it and may exclude the value (calibration_interval.py).
    detail: `bins` as {low, high, count, confidence, accuracy}, for the reliability diagram and the confidence histogram;
    `confidence` and `accuracy` over all images.
    Errors: ValueError for no images, different lengths, NaN, confidences outside [0, 1]. Source: Guo et al. 2017.
    """
    said, right = probabilities("confidence", column("confidence", confidence)), flags("correct", correct)
    n = same_length(confidence=said, correct=right)
    cells = top_label_cells(said, right, bins)
    detail = {"bins": cells.table(), "confidence": float(said.mean()), "accuracy": float(right.mean())}
    gaps = np.zeros((n, bins))
    gaps[np.arange(n), bin_index(said, bins)] = right - said
    return with_replicates(_inverted(cells, gaussian_noise(cells), n, detail), _weighted_error, ids, [gaps])


def _weighted_error(weights: NDArray[np.float64], gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)


def ece_at_scale(
    logits: Any,
    labels: Any,
    learned_scale: float,
    scale: float = PAPERS_LOGIT_SCALE,
    bins: int = BINS,
    ids: Sequence[Any] | None = None,
) -> Estimate:
    """How far a two-tower backbone's confidence would be from its accuracy at another logit scale than the one that it learned.

    Zero-shot class scores are cosines times a learned scale; published comparisons often used 100 for all of them. The expected
    calibration error of softmax(logits · scale / learned_scale). logits: [n, classes] at the learned scale; labels, ids: [n].
    detail: that of the expected calibration error; `logit_scale`, the learned one.
    Errors: as the expected calibration error, and ValueError for a learned scale that is not above 0.
    Source: Vishniakov et al. 2023; the scale of 100 is where Radford et al. 2021 clip it.
    """
    if not learned_scale > 0:
        raise ValueError(f"learned_scale: got {learned_scale}, wanted the scale of a two-tower backbone, above 0.")
    rows = wide_rows("logits", logits)
    label = class_indices("labels", labels, rows.classes)
    same_length(logits=rows, labels=label)
    confidence, prediction = top_label(rows, learned_scale / scale)
    found = expected_calibration_error(confidence, prediction == label, bins, ids)
    return replace(found, detail={**(found.detail or {}), "logit_scale": learned_scale})


def classwise_calibration_error(logits: Any, labels: Any, bins: int = BINS) -> Estimate:
    """How far the probability of *every* class is from that class's frequency: thresholds on one class need this one.

    The expected calibration error of each class's probability against whether the label is that class, averaged over the
    classes; 0 to 1, and smaller the more classes there are. logits: [n, classes], of which the softmax is taken; labels: [n].
    The interval inverts the same test as for the expected calibration error, with labels drawn anew from the
    probabilities, because the classes of one image are not independent; it leans to the wide side with few images a class.
    detail: `worst` classes as {class, error}.
    Errors: ValueError for no images, different lengths, NaN, labels outside the classes.
    Source: Kull et al. 2019 ("Beyond temperature scaling").
    """
    rows = wide_rows("logits", logits)
    label = class_indices("labels", labels, rows.classes)
    n = same_length(logits=rows, labels=label)
    cells = class_cells(rows, label, bins)
    return _inverted(cells, resampled_noise(cells, rows), n, {"worst": _worst_classes(cells, n)})


def negative_log_likelihood(log_p_label: Any, ids: Sequence[Any]) -> Estimate:
    """How surprised a backbone is by the truth: a proper score, which punishes confident mistakes without limit.

    Mean of -log p(label), in nats; 0 is perfect. log_p_label: [n] natural logarithm of the label's probability; ids: [n].
    Interval: bootstrap over images. Errors: ValueError for no images, different lengths, NaN or infinite numbers, log p
    above 0. Source: Good 1952.

    A mistake that was not seen may still cost COSTLIEST nats in the interval; where one can cost more, and at most 3.7 / n of the
    images do, the upper limit can be too low.
    """
    return mean(-log_probabilities("log_p_label", log_p_label), ids, within=(0.0, COSTLIEST))


def brier(probability_square_sum: Any, p_label: Any, ids: Sequence[Any]) -> Estimate:
    """How far the probabilities are from the truth, squared: a proper score in which no single mistake weighs too much.

    Mean over images of Σ over classes (p - [class is the label])² = Σ p² - 2 p(label) + 1; 0 is perfect, 2 the worst.
    probability_square_sum: [n] Σ p²; p_label: [n]; ids: [n]. Interval: bootstrap over images.
    Errors: ValueError for no images, different lengths, NaN, numbers outside [0, 1]. Source: Brier 1950.
    """
    squares = probabilities("probability_square_sum", column("probability_square_sum", probability_square_sum))
    p = probabilities("p_label", column("p_label", p_label))
    same_length(probability_square_sum=squares, p_label=p, ids=ids)
    return replace(mean(squares - 2 * p + 1, ids, within=(0.0, 2.0)), averages=PROBABILITIES)


def overconfidence(confidence: Any, correct: Any, ids: Sequence[Any]) -> Estimate:
    """Does a backbone say more than it knows? Above 0 it is overconfident, below 0 it is too modest.

    Mean confidence - accuracy, -1 to 1. confidence: [n] probability of the predicted class; correct: [n]; ids: [n].
    detail: `confidence` and `accuracy`. Interval: bootstrap over images, and what was not seen: wrong at the highest
    confidence of all, right at the lowest.
    Errors: ValueError for no images, different lengths, NaN, confidences outside [0, 1]. Source: Guo et al. 2017.
    """
    said, right = probabilities("confidence", column("confidence", confidence)), flags("correct", correct)
    same_length(confidence=said, correct=right, ids=ids)
    detail = {"confidence": float(said.mean()), "accuracy": float(right.mean())}
    excess = mean(said - right, ids, detail=detail, within=(said.min() - 1, said.max()))
    return replace(excess, averages=ANSWERS + PROBABILITIES)


def temperature(logits: Any, labels: Any, ids: Sequence[Any]) -> float:
    """How much a backbone exaggerates: its logits divided by this number predict the labels best; 1 is just right.

    The T that minimises the negative log-likelihood of softmax(logits / T) over one half of the images, chosen by a hash
    of each id, so that an image is in the same half in every run; between 0.01 and 100.
    logits: [n, classes]; labels: [n]; ids: [n].
    Errors: ValueError for different lengths, NaN, labels outside the classes, no image in this half. Source: Guo et al. 2017.
    """
    scores, label, fitted = _split(logits, labels, ids)
    return fitted_temperature(scores.part(fitted), label[fitted])


def ece_after_temperature(logits: Any, labels: Any, ids: Sequence[Any], bins: int = BINS) -> Estimate:
    """How much miscalibration is left once one number has mended what it can: it cannot mend a wrong order of confidences.

    The expected calibration error of softmax(logits / T), T fitted on one hashed half of the images (`temperature`) and the
    error judged on the other, n images, as if that T shipped with the backbone.
    detail: that of the expected calibration error; `temperature`; `fitted_on`, the images of the first half; `before`, the
    error of the judged half at T = 1.
    Errors: as `temperature`, and ValueError where the judged half is empty. Source: Guo et al. 2017.
    """
    scores, label, fitted = _split(logits, labels, ids)
    t = fitted_temperature(scores.part(fitted), label[fitted])
    judged, truth = scores.part(~fitted), label[~fitted]
    confidence, prediction = top_label(judged, t)
    after = expected_calibration_error(confidence, prediction == truth, bins, np.asarray(ids, dtype=object)[~fitted].tolist())
    before = top_label_cells(top_label(judged, 1.0)[0], prediction == truth, bins).value
    detail = {**(after.detail or {}), "temperature": t, "fitted_on": int(fitted.sum()), "before": before}
    return replace(after, detail=detail)


def _inverted(cells: Cells, noise: NDArray[np.float64], n: int, detail: dict[str, Any]) -> Estimate:
    low, high = invert(cells, noise)
    return Estimate(cells.value, low, high, n, method=METHOD, detail=detail, tail=tail_of(cells, noise), averages=ANSWERS + PROBABILITIES)


def _split(logits: Any, labels: Any, ids: Sequence[Any]) -> tuple[WideRows, NDArray[np.int64], NDArray[np.bool_]]:
    scores = wide_rows("logits", logits)
    label = class_indices("labels", labels, scores.classes)
    n = same_length(logits=scores, labels=label, ids=ids)
    fitted = fitted_half(ids)
    if not 0 < fitted.sum() < n:
        raise ValueError(f"temperature: got {int(fitted.sum())} of {n} images to fit on, wanted some to fit and some to judge; use more.")
    return scores, label, fitted


def _worst_classes(cells: Cells, n: int) -> list[dict[str, Any]]:
    errors = cells.errors.sum(axis=1) / n
    order = np.argsort(-errors, kind="stable")[:CLASSES_IN_DETAIL]
    return [{"class": int(index), "error": float(errors[index])} for index in order]

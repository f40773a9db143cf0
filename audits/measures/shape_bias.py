"""Measures of shape bias: what decides where the outline of an object says one class and its surface another, and do people err alike?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.measures.columns import column, flags, same_length
from audits.measures.estimate import Estimate, bootstrap, wilson, with_replicates
from audits.measures.means import reaching

Floats = NDArray[np.float64]
Answers = Mapping[str, Any]

NOBODY: Answers = {}
CONFIDENCE_LEVEL = 0.95


def shape_bias(
    prediction: Any, labels: Any, texture: Any, people: Answers = NOBODY, networks: Answers = NOBODY, ids: Sequence[Any] | None = None
) -> Estimate:
    """Fraction of cue-conflict decisions that follow shape: n_shape / (n_shape + n_texture).

    prediction: [n] the class that was named; labels: [n] the class of the shape, texture: [n] that of the texture; ids: [n].
    Images whose shape and texture are of one class do not enter; of the others those are decided on which one of the two was named.
    Interval: Wilson, over the decided images, which n counts: given how many were decided, how many of them go to shape is binomial.
    people, networks: name → [n] what others named for the same images, -1 where they named nothing.
    detail: `counts` of images by {shape, texture, neither}, `conflicts` and the share of them that was `decided`; `strip`, where people
    and networks lie: {name, value}, for people the mean with {low, high} of all of them; those who decided nothing have no place.
    Errors: ValueError for no images, different lengths, no image with two cues, and for one that decides on none of them: what never
    goes by shape nor by texture has no bias, not one of 0.
    Source: Geirhos et al. 2019 ("ImageNet-trained CNNs are biased towards texture").
    """
    columns = {name: column(name, values) for name, values in {"prediction": prediction, "labels": labels, "texture": texture}.items()}
    others = {name: column(f"answers of {name}", answers) for name, answers in {**people, **networks}.items()}
    same_length(**columns, **others)
    predicted, shape, surface = columns.values()
    conflict = shape != surface
    conflicts = int(conflict.sum())
    if not conflicts:
        raise ValueError(f"texture: it is of the shape's class in all {len(shape):,} images; wanted some where shape and texture disagree.")
    by_shape, by_texture = _decisions(predicted, shape, surface)
    decided = by_shape + by_texture
    if not decided:
        raise ValueError(
            f"prediction: neither the shape's class nor the texture's in any of {conflicts:,} images where they disagree: nothing was "
            "decided, so there is no share of decisions. Are these images of classes that the backbone knows?"
        )
    biases = {name: _share(*_decisions(answers, shape, surface)) for name, answers in others.items()}
    detail = {
        "counts": {"shape": by_shape, "texture": by_texture, "neither": conflicts - decided},
        "conflicts": conflicts,
        "decided": decided / conflicts,
        "strip": {"ends": ["texture", "shape"], "others": _beside(biases, people)},
    }
    columns = [conflict & (predicted == shape), conflict & ((predicted == shape) | (predicted == surface))]
    return with_replicates(wilson(by_shape, decided, CONFIDENCE_LEVEL, detail), _share_of_decisions, ids, columns)


def _share_of_decisions(weights: Floats, by_shape: NDArray[np.bool_], decided: NDArray[np.bool_]) -> Floats:
    return (weights @ by_shape) / (weights @ decided)


def error_consistency(prediction: Any, labels: Any, ids: Sequence[Any], people: Answers, networks: Answers = NOBODY) -> Estimate:
    """Does a backbone err on the images on which people err? Mean over people of Cohen's kappa of right and wrong.

    kappa = (observed − expected) / (1 − expected), of the share of images on which both are right or both are wrong, and of what that
    share would be for two of their accuracies who err independently: 0 by chance, 1 for the same mistakes (whether a person named the same
    wrong class is not asked). Who never errs shares no mistakes: kappa is 0.
    prediction, labels: [n]; ids: [n]; people, networks: name → [n] what others named for the same images, -1 where they named nothing,
    which is wrong. A person of whom and the backbone none errs, or both always, has no kappa and is left out.
    Interval: bootstrap over images, people fixed; moved out to where the mean would be if a share of 1 - 0.025^(1/n) of all images, which
    n images may have failed to show, were all of one kind: a bootstrap of perfect agreement has no width.
    detail: `accuracy`; the people's own band, each with the others, and networks with the people, in `strip` (as in `shape_bias`).
    Errors: ValueError for no images, different lengths, nobody to compare with, or no person with a kappa.
    Source: Cohen 1960; Geirhos, Meding and Wichmann 2020 ("Beyond accuracy: quantifying trial-by-trial behaviour").
    """
    predicted, truth = column("prediction", prediction), column("labels", labels)
    answers = {name: column(f"answers of {name}", said) for name, said in {**people, **networks}.items()}
    n = same_length(prediction=predicted, labels=truth, ids=ids, **answers)
    if not people:
        raise ValueError("people: got nobody, wanted the answers of at least one person to the same images.")
    right = {name: said == truth for name, said in answers.items()}
    theirs = np.stack([right[name] for name in people], axis=1).astype(np.float64)
    mine = flags("correct", predicted == truth).astype(np.float64)
    apart = ~np.isnan(cohen_kappa(np.ones((1, n)), mine, theirs)[0])
    if not apart.any():
        raise ValueError(
            f"people: on {n:,} images the backbone and all people are always right, or always wrong; no kappa can be computed."
        )
    others = {name: _mean_kappa(right[name], [right[one] for one in people if one != name]) for name in right}
    strip = {"ends": [], "others": _beside(others, people)}
    detail = {"accuracy": float(mine.mean()), "people": int(apart.sum()), "strip": strip}
    estimate = bootstrap(_mean_over_people, ids, [mine, theirs[:, apart]], confidence_level=CONFIDENCE_LEVEL, detail=detail)
    return reaching(estimate, lambda tail: _unseen_limits(mine, theirs[:, apart], tail))


def cohen_kappa(weights: Floats, mine: Floats, theirs: Floats) -> Floats:
    """Cohen's kappa of right (1) and wrong (0) on weighted images, [r, people]; NaN where expected agreement is complete.

    weights: [r, n]; mine: [n]; theirs: [n, people].
    """
    total = weights.sum(axis=1, keepdims=True)
    return _kappa(weights @ mine[:, None] / total, weights @ theirs / total, weights @ (mine[:, None] * theirs) / total)


def _kappa(mine: Floats, theirs: Floats, both: Floats) -> Floats:
    """Kappa from the shares of images on which one, the other and both are right."""
    observed = 1 - mine - theirs + 2 * both
    expected = mine * theirs + (1 - mine) * (1 - theirs)
    chance_left = 1 - expected
    apart = chance_left > 1e-12
    return np.where(apart, (observed - expected) / np.where(apart, chance_left, 1.0), np.nan)


def _mean_over_people(weights: Floats, mine: Floats, theirs: Floats) -> Floats:
    kappas = cohen_kappa(weights, mine, theirs)
    counted = ~np.isnan(kappas)
    return np.where(counted, kappas, 0.0).sum(axis=1) / np.where(counted.any(axis=1), counted.sum(axis=1), np.nan)


def _unseen_limits(mine: Floats, theirs: Floats, tail: float) -> tuple[float, float]:
    """The least and the largest mean kappa if as many images as may have stayed unseen were all of one of the four kinds."""
    unseen = 1 - tail ** (1 / len(mine))
    seen = np.array([mine.mean()]), theirs.mean(axis=0), (mine[:, None] * theirs).mean(axis=0)
    means = []
    for i, they in product((0.0, 1.0), repeat=2):
        shares = [(1 - unseen) * share + unseen * more for share, more in zip(seen, (i, they, i * they), strict=True)]
        means.append(float(np.nanmean(_kappa(*shares))))
    return min(means), max(means)


def _mean_kappa(mine: NDArray[np.bool_], theirs: Sequence[NDArray[np.bool_]]) -> float | None:
    """The mean kappa of one with each of the others; None where there is none."""
    if not theirs:
        return None
    kappas = cohen_kappa(np.ones((1, len(mine))), mine.astype(np.float64), np.stack(theirs, axis=1).astype(np.float64))
    return None if np.isnan(kappas).all() else float(np.nanmean(kappas))


def _decisions(predicted: NDArray[Any], shape: NDArray[Any], surface: NDArray[Any]) -> tuple[int, int]:
    """How many images whose cues disagree went by shape, and how many by texture."""
    conflict = shape != surface
    return int((conflict & (predicted == shape)).sum()), int((conflict & (predicted == surface)).sum())


def _share(by_shape: int, by_texture: int) -> float | None:
    return by_shape / (by_shape + by_texture) if by_shape + by_texture else None


def _beside(scores: Mapping[str, float | None], people: Answers) -> list[dict[str, Any]]:
    """Where others stand: people as one band, then each network."""
    known = {name: score for name, score in scores.items() if score is not None}
    of_people = [score for name, score in known.items() if name in people]
    band = (
        {"name": f"people ({len(of_people)})", "value": float(np.mean(of_people)), "low": min(of_people), "high": max(of_people)}
        if of_people
        else {}
    )
    return [*([band] if band else []), *({"name": name, "value": score} for name, score in known.items() if name not in people)]

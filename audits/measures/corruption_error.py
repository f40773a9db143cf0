"""Mean corruption error: mistakes under corruptions, in units of those that a reference network makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from audits.measures.columns import flags, same_length
from audits.measures.estimate import Estimate
from audits.measures.means import mean


def mean_corruption_error(
    correct: Mapping[str, Mapping[int, Any]],
    ids: Sequence[Any],
    reference_errors: Mapping[str, Mapping[int, float]],
    reference: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Estimate:
    """The mean over corruptions of (errors summed over severities) / (those of a reference, summed likewise); 1: as often wrong as it.

    correct: corruption -> severity -> [n] booleans about the same n images, whose names are `ids`; reference_errors: the same keys, a share
    wrong each, which is taken as exact. Interval: bootstrap over images, all views of an image together, since each image enters with
    one number, its own mean of ratios; moved out for what no image showed (`mean`). Published figures sum all five severities.
    detail: as `ratios` the error of each corruption with its interval; the severities, and what else is given.
    Errors: ValueError for no corruption, other keys on either side, different lengths, or reference errors that sum to 0.
    Source: Hendrycks and Dietterich 2019.
    """
    if not correct or {name: set(steps) for name, steps in correct.items()} != {
        name: set(steps) for name, steps in reference_errors.items()
    }:
        raise ValueError(
            f"mean corruption error: got {_keys(correct)}, the reference {_keys(reference_errors)}; wanted the same, and some."
        )
    ratios, most = {}, {}
    for name, steps in correct.items():
        wrong = [~flags(f"{name}, severity {step}", right) for step, right in steps.items()]
        same_length(ids=ids, **{f"severity {step}": each for step, each in zip(steps, wrong, strict=True)})
        unit = sum(reference_errors[name].values())
        if unit <= 0:
            raise ValueError(f"mean corruption error: the reference makes no mistakes under {name}: nothing can be measured in them.")
        ratios[name] = np.sum(wrong, axis=0) / unit
        most[name] = len(steps) / unit
    each = {name: mean(ratio, ids, within=(0.0, most[name])) for name, ratio in ratios.items()}
    values = [{"name": name, "value": one.value, "low": one.low, "high": one.high} for name, one in each.items()]
    severities = sorted({step for steps in correct.values() for step in steps})
    told = {"ratios": {"of": "mistakes", "to": reference, "values": values}, "severities": severities, **(detail or {})}
    return mean(np.mean(list(ratios.values()), axis=0), ids, detail=told, within=(0.0, float(np.mean(list(most.values())))))


def _keys(columns: Mapping[str, Mapping[int, Any]]) -> str:
    return ", ".join(f"{name} {sorted(steps)}" for name, steps in columns.items()) or "nothing"

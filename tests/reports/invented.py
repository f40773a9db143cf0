"""Invented scores of invented backbones: the judged part of sample records, one dict each."""

from __future__ import annotations

import math
import random
from typing import Any

CLASSES = ("circle", "square", "triangle", "star", "cross", "ring", "crescent", "heart", "hexagon", "arrow", "ell", "drop")
SLICES = (
    "texture=stripes",
    "scene=grid",
    "size=small",
    "light=dark",
    "occluded=yes",
    "count=3",
    "rotation=strong",
    "texture=dots",
    "scene=sky",
)
CONSISTENCY = (
    "flip=horizontal",
    "translation=5",
    "translation=30",
    "rotation=-20",
    "rotation=-10",
    "rotation=10",
    "rotation=20",
    "brightness=0.7",
    "brightness=1.3",
    "contrast=0.7",
    "contrast=1.3",
    "hue=-0.05",
    "hue=0.05",
    "blur=1",
    "blur=2",
)
_REASON = {
    "accuracy.top1": "The product shows one answer; one in eight wrong is what its users accept.",
    "calibration.ece": "Predictions above 90 % are accepted unseen; 0.05 keeps the surprises below one in seven of them.",
    "invariance.consistency": "Two frames of one scene should not get two names.",
}


def accuracy(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    classes = [_group(name, min(1, skill + draw.gauss(0, 0.025)), 416) for name in CLASSES]
    slices = [_group(name, min(1, skill - 0.02 + draw.gauss(0, 0.03)), draw.randint(200, 900)) for name in SLICES]
    return [
        _share("accuracy.top1", "The first answer is right often enough.", skill, 5000, 0.87),
        _share("accuracy.top5", "The right answer is among the first five.", 0.995, 5000, 0.98),
        _lowest("accuracy.worst_class", "No class is left behind.", classes, 0.80),
        _lowest("accuracy.worst_slice", "No slice of the images is left behind.", slices, 0.84),
    ]


def _lowest(audit: str, claim: str, groups: list[dict[str, Any]], bound: float) -> dict[str, Any]:
    lowest = sorted(groups, key=lambda one: one["accuracy"])[:5]
    low, high = min(one["low"] for one in groups), min(one["high"] for one in groups)
    detail = {"worst": lowest[0]["name"], "worst_n": lowest[0]["count"], "lowest": lowest, "compared": len(groups), "too_small_count": 2}
    return _judged(audit, claim, lowest[0]["accuracy"], low, high, 5000, bound, method="clopper-pearson", detail=detail)


def calibration(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    bins = _bins(draw, skill)
    ece = sum(one["count"] * abs(one["confidence"] - one["accuracy"]) for one in bins if one["count"]) / 5000
    waiver = {
        "owner": "vision team",
        "reason": "confidence is recalibrated downstream",
        "expires": "2027-01-31",
        "limit": 0.09,
        "covers": "violated",
    }
    judged = [
        ("calibration.ece", "Confidence matches how often the backbone is right", ece, 0.006, 0.05, {"bins": bins}),
        ("calibration.nll", "The true class never comes as a shock", 0.34, 0.021, 0.45, None),
        ("calibration.brier", "Probabilities are close to the truth", 0.148, 0.0066, 0.15, None),
        ("calibration.classwise", "Confidence matches accuracy within every class", 0.0142, 0.0011, 0.02, None),
        ("calibration.overconfidence", "The backbone does not claim more than it knows", ece * 0.97, 0.006, 0.06, None),
    ]
    made = [_bootstrapped(audit, claim, value, room, 5000, bound, detail=detail) for audit, claim, value, room, bound, detail in judged]
    made[3] |= {"verdict": "waived", "bound": 0.01, "waiver": waiver}
    cooled = {"bins": _bins(draw, skill, gap=0.02), "temperature": 1.31, "fitted_on": 2500, "before": ece}
    scaled = {"value": 0.0113, "low": 0.004, "high": 0.021, "n": 2500, "method": "inverted bins", "detail": cooled}
    reported = {"verdict": "reported", "reason": "the policy default has no bound for it", "direction": "at_most", "confidence_level": 0.95}
    made.append(
        {"audit": "calibration.temperature", "claim": "One temperature would mend calibration", "view": "clean", **scaled, **reported}
    )
    return made


def invariance(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    grids = {"scale": (1, 1.25, 1.5, 2, 3), "translation": (0, 5, 30, 75, 100), "resolution": (56, 84, 112, 224, 336, 512, 640)}
    falls = {"scale": 0.05, "translation": 0.0015, "resolution": 0.12}
    made = []
    for family, values in grids.items():
        for value in values:
            away = abs(math.log2(value / 224)) if family == "resolution" else value - values[0]
            accuracy = max(0.05, skill - falls[family] * away ** (1.5 if family != "translation" else 1) - abs(draw.gauss(0, 0.004)))
            view = f"{family}={value}"
            actual: dict[str, Any] = {
                "scale": {"input_px": 64, "resize_px": round(64 * value), "factor": float(value)},
                "translation": {"input_px": 64, "shift_px": round(value * 64 / 224)},
                "resolution": {"input_px": round(value * 64 / 224), "resize_px": round(value * 64 / 196)},
            }[family]
            made.append(
                _share(f"invariance.{family}", f"Accuracy survives a change of {family}", accuracy, 1000, 0.80, view, actual=actual)
            )
            probability = accuracy * 0.96
            claim = f"The true class keeps its probability under a change of {family}"
            made.append(
                _bootstrapped(f"invariance.{family}_probability", claim, probability, 0.017, 1000, 0.70, view, "at_least", actual=actual)
            )
    for number, view in enumerate(CONSISTENCY):
        share = skill + 0.05 - 0.02 * draw.random() - (0.09 if "rotation" in view and "20" in view else 0.0)
        made.append(_share("invariance.consistency", "Predictions stay the same under mild changes", min(share, 0.998), 1000, 0.90, view))
        if number == 14:
            made[-1] |= {
                "verdict": "error",
                "value": None,
                "low": None,
                "high": None,
                "n": 0,
                "reason": "3 of 1,000 images gave NaN: shapes-val-00017, …",
            }
    return sorted(made, key=lambda one: one["audit"])


def determinism() -> list[dict[str, Any]]:
    exact = {"method": "exact", "low": 0.0, "high": 0.0, "confidence_level": None}
    return [
        {
            **_judged("determinism.repeat", "The same images get the same scores again", 0.0, 0.0, 0.0, 256, 1e-6, direction="at_most"),
            **exact,
        },
        {
            **_judged(
                "determinism.batch_size", "A batch of one and a batch of many agree", 3.1e-6, 3.1e-6, 3.1e-6, 256, 1e-4, direction="at_most"
            ),
            "method": "exact",
        },
        _share("determinism.precision", "Half precision gives the same answers", 0.999, 5000, 0.99),
    ]


def _bins(draw: random.Random, skill: float, gap: float = 0.12) -> list[dict[str, Any]]:
    weights = [0, 0, 0, 2, 4, 6, 9, 12, 14, 18, 22, 30, 45, 90, 700 + 200 * skill]
    bins = []
    for place, weight in enumerate(weights):
        low, high, n = place / 15, (place + 1) / 15, round(5000 * weight / sum(weights))
        confidence = (low + high) / 2 if place < 14 else 0.985
        accuracy = min(1.0, max(0.0, confidence - gap / 6 - gap * math.sin(math.pi * confidence) + draw.gauss(0, 0.03)))
        bins.append({"low": low, "high": high, "count": n, "confidence": confidence if n else None, "accuracy": accuracy if n else None})
    return bins


def shape_bias(draw: random.Random) -> list[dict[str, Any]]:
    by_shape, by_texture = draw.randint(150, 800), draw.randint(40, 200)
    decided = by_shape + by_texture
    networks = [{"name": name, "value": value} for name, value in (("resnet50", 0.2207), ("alexnet", 0.4294), ("vgg", 0.1722))]
    band = {"name": "people (10)", "value": 0.9576, "low": 0.9191, "high": 0.9866}
    detail = {
        "counts": {"shape": by_shape, "texture": by_texture, "neither": 1200 - decided}, "conflicts": 1200, "decided": decided / 1200,
        "strip": {"ends": ["texture", "shape"], "others": [band, *networks]},
    }  # fmt: skip
    claim = "Where shape and texture disagree, shape decides."
    alike = {"accuracy": 0.3, "people": 10, "strip": {"ends": [], "others": [band | {"value": 0.33, "low": 0.27, "high": 0.39}]}}
    return [
        _share("shape_bias.cue_conflict", claim, by_shape / decided, decided, 0.5, detail=detail),
        _bootstrapped(
            "shape_bias.error_consistency", "The backbone errs where people err.", draw.uniform(-0.05, 0.3), 0.03, 1280, 0.1,
            direction="at_least", detail=alike,
        ),
    ]  # fmt: skip


def synthetic(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    factors = {
        "rotation": ("0", "15", "45", "90"),
        "texture": ("own", "plain", "checkered"),
        "Worlds": tuple(f"World {n}" for n in range(9)),
    }
    made = []
    for factor, levels in factors.items():
        curve = [_group(level, skill - 0.5 * place / len(levels) * draw.random(), 240) for place, level in enumerate(levels)]
        worst = min(curve, key=lambda one: one["accuracy"])
        drop = curve[0]["accuracy"] - worst["accuracy"]
        reference = None if factor == "Worlds" else levels[0]
        detail = {"worst": worst["name"], "compared": len(levels) - 1, "curve": {"levels": curve, "reference": reference}}
        claim = "No single factor, changed alone, hides an object."
        more = {"direction": "at_most", "method": "newcombe", "detail": detail}
        made.append(_judged(f"synthetic.factor[{factor}]", claim, drop, drop - 0.06, drop + 0.05, 240, 0.2, **more))
    return made


def _share(audit: str, claim: str, value: float, n: int, bound: float, view: str = "clean", **more: Any) -> dict[str, Any]:
    ends = _proportion(value, n)
    return _judged(audit, claim, ends["value"], ends["low"], ends["high"], n, bound, view, method="wilson", **more)


def _bootstrapped(
    audit: str, claim: str, value: float, room: float, n: int, bound: float, view: str = "clean", direction: str = "at_most", **more: Any
) -> dict[str, Any]:
    return _judged(audit, claim, value, value - room, value + room, n, bound, view, direction, method="bootstrap", **more)


def _judged(
    audit: str,
    claim: str,
    value: float,
    low: float,
    high: float,
    n: int,
    bound: float,
    view: str = "clean",
    direction: str = "at_least",
    **more: Any,
) -> dict[str, Any]:
    inside, outside = (high <= bound, low > bound) if direction == "at_most" else (low >= bound, high < bound)
    verdict = "holds" if inside else "violated" if outside else "undecided"
    decides_at = round(n * ((high - low) / 2 / max(abs(value - bound), 1e-4)) ** 2) if verdict == "undecided" else None
    return {
        "audit": audit,
        "claim": claim,
        "view": view,
        "value": value,
        "low": low,
        "high": high,
        "confidence_level": 0.95,
        "n": n,
        "bound": bound,
        "direction": direction,
        "verdict": verdict,
        "decides_at": decides_at,
        "reason": _REASON.get(audit, "Between the oracle and its liar."),
        **more,
    }


def _group(name: str, share: float, n: int) -> dict[str, Any]:
    ends = _proportion(share, n)
    return {"name": name, "accuracy": ends["value"], "low": ends["low"], "high": ends["high"], "count": n}


def _proportion(share: float, n: int) -> dict[str, Any]:
    """The Wilson interval of a share."""
    z, centre = 1.96, round(share * n) / n
    middle, room = centre + z * z / (2 * n), z * math.sqrt(centre * (1 - centre) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return {"value": centre, "low": (middle - room) / scale, "high": (middle + room) / scale, "n": n}

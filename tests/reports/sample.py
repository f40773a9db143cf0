"""A run as the suite leaves it, with invented numbers: to test the report on, and to look at (`python -m tests.reports.sample FOLDER`)."""

from __future__ import annotations

import argparse
import base64
import io
import math
import random
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from reports.record import Record, write_run

BACKBONES = ("shapes_vit_sup", "shapes_convnext_sup", "shapes_vit_clip", "shapes_convnext_clip")
CLASSES = ("circle", "square", "triangle", "star", "cross", "ring", "crescent", "heart", "hexagon", "arrow", "ell", "drop")
SLICES = ("texture=stripes", "scene=grid", "size=small", "light=dark", "occluded=yes", "count=3", "rotation=strong", "texture=dots", "scene=sky")
PROPERTIES = {
    "accuracy": """Accuracy: a backbone should name what is in the picture, for every class and not only on average.

Why it gates: an average hides the class that a product lives on.
Measure: share of images whose first (top-1) or first five (top-5) classes hold the label; the worst class and the worst slice carry
a lower bound that holds for all of them at once.
""",
    "calibration": """Calibration: a backbone's confidence should match how often it is right.

Why it gates: products accept predictions above a fixed confidence, and that threshold outlives the backbone it was tuned on.
Measure: expected calibration error over 15 bins (Guo et al. 2017), its interval by inverting the test of each bin; proper scores (negative
log likelihood, Brier 1950), class-wise error, and the sign: mean confidence less accuracy.

* A temperature above 1 means that confidence should be lowered.
* The value is the plug-in estimate and may lie outside its interval; verdicts use the interval.
""",
    "invariance": """Invariance: what a picture shows does not change because it is moved, enlarged, turned or lit differently.

Why it gates: cameras are held by people.
Measure: accuracy and mean probability of the true class over the grids of Vishniakov et al. (2023); the share of images whose prediction
stays what it was under mild changes.
""",
    "determinism": """Determinism: the same image gives the same answer, whoever shares its batch.

Why it gates: no verdict can be finer than the noise of the machine that made it.
""",
}
CONSISTENCY = (
    "flip=horizontal", "translation=5", "translation=30", "rotation=-20", "rotation=-10", "rotation=10", "rotation=20",
    "brightness=0.7", "brightness=1.3", "contrast=0.7", "contrast=1.3", "hue=-0.05", "hue=0.05", "blur=1", "blur=2",
)  # fmt: skip
_REASON = {
    "accuracy.top1": "The product shows one answer; one in eight wrong is what its users accept.",
    "calibration.ece": "Predictions above 90 % are accepted unseen; 0.05 keeps the surprises below one in seven of them.",
    "invariance.consistency": "Two frames of one scene should not get two names.",
}


def sample_run(backbones: tuple[str, ...] = BACKBONES[:1], datasets: tuple[str, ...] = ("shapes",), pictures: bool = True) -> dict[str, Any]:
    """A realistic run: several properties, every kind of verdict, the same numbers each time."""
    records = [record for backbone in backbones for dataset in datasets for record in _records(backbone, dataset)]
    counts = {verdict: sum(record.verdict == verdict for record in records) for verdict in dict.fromkeys(record.verdict for record in records)}
    failing = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("violated", "undecided", "error") if verdict in counts)
    return {
        "schema_version": 1,
        "provenance": _provenance(backbones, datasets),
        "gate": {
            "ready": False,
            "sentence": f"Of {sum(counts.values())} cases, {failing}; a release needs every judged claim to hold.",
            "exit": 1, "counts": counts, "missing": [],
        },
        "properties": dict(PROPERTIES),
        "records": [vars(record) for record in records],
        "left_out": [
            {"audit": "accuracy.real", "backbone": backbone, "dataset": dataset, "reason": "the dataset has no ReaL labels"}
            for backbone in backbones for dataset in datasets
        ] + [{"audit": "invariance.resolution", "backbone": backbones[-1], "dataset": "shapes_shifted", "reason": "not asked for"}],
        "exhibits": [_exhibit(backbone, dataset, pictures) for backbone in backbones for dataset in datasets],
    }  # fmt: skip


def ready_run() -> dict[str, Any]:
    """A run in which every judged claim holds."""
    run = sample_run()
    run["records"] = [record for record in run["records"] if record["verdict"] in ("holds", "reported")]
    run["gate"] = {"ready": True, "sentence": "Every judged claim holds.", "exit": 0, "counts": {}, "missing": []}
    return run


def _records(backbone: str, dataset: str) -> list[Record]:
    draw = random.Random(f"{backbone} {dataset}")
    skill = 0.90 + 0.05 * draw.random()
    common = {
        "backbone": backbone, "dataset": dataset, "precision": "fp32", "policy": "default", "claim": "",
        "route": "zero-shot, 80 templates, logit scale 61.3 learned" if "clip" in backbone else "native head",
        "preprocessing": "64 px, bicubic, crop 1.0, shortest, mean 0.5, std 0.5", "seconds": round(draw.random(), 2),
    }  # fmt: skip
    made = [*_accuracy(draw, skill), *_calibration(draw, skill), *_invariance(draw, skill), *_determinism()]
    return [Record(**{**common, **one, "nodeid": f"audits/test_{one['audit'].split('.')[0]}.py::{backbone}-{dataset}-{one['view']}"}) for one in made]


def _accuracy(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    classes = [{"name": name, **_proportion(min(1, skill + draw.gauss(0, 0.025)), 416)} for name in CLASSES]
    slices = [{"name": name, **_proportion(min(1, skill - 0.02 + draw.gauss(0, 0.03)), draw.randint(200, 900))} for name in SLICES]
    worst_class, worst_slice = (min(groups, key=lambda one: one["value"]) for groups in (classes, slices))
    return [
        _share("accuracy.top1", "The first answer is right often enough", skill, 5000, 0.87),
        _share("accuracy.top5", "The right answer is among the first five", 0.995, 5000, 0.98),
        _judged(
            "accuracy.worst_class", "No class is left behind", worst_class["value"], worst_class["low"], worst_class["high"], 5000, 0.80,
            method="wilson, simultaneous", detail={"worst": worst_class["name"], "classes": classes},
        ),
        _judged(
            "accuracy.worst_slice", "No slice of the images is left behind", worst_slice["value"], worst_slice["low"], worst_slice["high"], 5000,
            0.84, method="wilson, simultaneous", detail={"worst": worst_slice["name"], "slices": slices},
        ),
    ]  # fmt: skip


def _calibration(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    bins = _bins(draw, skill)
    ece = sum(one["count"] * abs(one["confidence"] - one["accuracy"]) for one in bins if one["count"]) / 5000
    waiver = {"owner": "vision team", "reason": "confidence is recalibrated downstream", "expires": "2027-01-31", "limit": 0.09, "covers": "violated"}
    judged = [
        ("calibration.ece", "Confidence matches how often the backbone is right", ece, 0.006, 0.05, {"bins": bins}),
        ("calibration.nll", "The true class never comes as a shock", 0.34, 0.021, 0.45, None),
        ("calibration.brier", "Probabilities are close to the truth", 0.148, 0.0066, 0.15, None),
        ("calibration.classwise", "Confidence matches accuracy within every class", 0.0142, 0.0011, 0.02, None),
        ("calibration.overconfidence", "The backbone does not claim more than it knows", ece * 0.97, 0.006, 0.06, None),
    ]
    made = [_bootstrapped(audit, claim, value, room, 5000, bound, detail=detail) for audit, claim, value, room, bound, detail in judged]
    made[3] |= {"verdict": "waived", "bound": 0.01, "waiver": waiver}
    scaled = {"value": 0.0113, "low": 0.004, "high": 0.021, "n": 2500, "method": "inverted bins", "detail": {"temperature": 1.31}}
    reported = {"verdict": "reported", "reason": "the policy default has no bound for it", "direction": "at_most", "confidence_level": 0.95}
    made.append({"audit": "calibration.temperature", "claim": "One temperature would mend calibration", "view": "clean", **scaled, **reported})
    return made


def _invariance(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    grids = {"scale": (1, 1.25, 1.5, 2, 3), "translation": (0, 5, 30, 75, 100), "resolution": (56, 84, 112, 224, 336, 512, 640)}
    falls = {"scale": 0.05, "translation": 0.0015, "resolution": 0.12}
    made = []
    for family, values in grids.items():
        for value in values:
            away = abs(math.log2(value / 224)) if family == "resolution" else value - values[0]
            accuracy = max(0.05, skill - falls[family] * away ** (1.5 if family != "translation" else 1) - abs(draw.gauss(0, 0.004)))
            view, actual = f"{family}={value}", {"input_px": 64, "resize_px": round(64 * value) if family == "scale" else 64}
            made.append(_share(f"invariance.{family}", f"Accuracy survives a change of {family}", accuracy, 1000, 0.80, view, actual=actual))
            probability = accuracy * 0.96
            claim = f"The true class keeps its probability under a change of {family}"
            made.append(_bootstrapped(f"invariance.{family}_probability", claim, probability, 0.017, 1000, 0.70, view, "at_least", actual=actual))
    for number, view in enumerate(CONSISTENCY):
        share = skill + 0.05 - 0.02 * draw.random() - (0.09 if "rotation" in view and "20" in view else 0.0)
        made.append(_share("invariance.consistency", "Predictions stay the same under mild changes", min(share, 0.998), 1000, 0.90, view))
        if number == 14:
            made[-1] |= {"verdict": "error", "value": None, "low": None, "high": None, "n": 0, "reason": "3 of 1,000 images gave NaN: shapes-val-00017, …"}
    return sorted(made, key=lambda one: one["audit"])


def _determinism() -> list[dict[str, Any]]:
    exact = {"method": "exact", "low": 0.0, "high": 0.0, "confidence_level": None}
    return [
        {**_judged("determinism.repeat", "The same images get the same scores again", 0.0, 0.0, 0.0, 256, 1e-6, direction="at_most"), **exact},
        {**_judged("determinism.batch_size", "A batch of one and a batch of many agree", 3.1e-6, 3.1e-6, 3.1e-6, 256, 1e-4, direction="at_most"), "method": "exact"},
        _share("determinism.precision", "Half precision gives the same answers", 0.999, 5000, 0.99),
    ]


def _bins(draw: random.Random, skill: float) -> list[dict[str, Any]]:
    weights = [0, 0, 0, 2, 4, 6, 9, 12, 14, 18, 22, 30, 45, 90, 700 + 200 * skill]
    bins = []
    for place, weight in enumerate(weights):
        low, high, n = place / 15, (place + 1) / 15, round(5000 * weight / sum(weights))
        confidence = (low + high) / 2 if place < 14 else 0.985
        accuracy = min(1.0, max(0.0, confidence - 0.02 - 0.12 * math.sin(math.pi * confidence) + draw.gauss(0, 0.03)))
        bins.append({"low": low, "high": high, "count": n, "confidence": confidence if n else None, "accuracy": accuracy if n else None})
    return bins


def _share(audit: str, claim: str, value: float, n: int, bound: float, view: str = "clean", **more: Any) -> dict[str, Any]:
    ends = _proportion(value, n)
    return _judged(audit, claim, ends["value"], ends["low"], ends["high"], n, bound, view, method="wilson", **more)


def _bootstrapped(
    audit: str, claim: str, value: float, room: float, n: int, bound: float, view: str = "clean", direction: str = "at_most", **more: Any
) -> dict[str, Any]:
    return _judged(audit, claim, value, value - room, value + room, n, bound, view, direction, method="bootstrap", **more)


def _judged(
    audit: str, claim: str, value: float, low: float, high: float, n: int, bound: float, view: str = "clean", direction: str = "at_least", **more: Any
) -> dict[str, Any]:
    inside, outside = (high <= bound, low > bound) if direction == "at_most" else (low >= bound, high < bound)
    verdict = "holds" if inside else "violated" if outside else "undecided"
    decides_at = round(n * ((high - low) / 2 / max(abs(value - bound), 1e-4)) ** 2) if verdict == "undecided" else None
    return {
        "audit": audit, "claim": claim, "view": view, "value": value, "low": low, "high": high, "confidence_level": 0.95, "n": n, "bound": bound,
        "direction": direction, "verdict": verdict, "decides_at": decides_at, "reason": _REASON.get(audit, "Between the oracle and its liar."), **more,
    }  # fmt: skip


def _proportion(share: float, n: int) -> dict[str, Any]:
    """The Wilson interval of a share."""
    z, centre = 1.96, round(share * n) / n
    middle, room = centre + z * z / (2 * n), z * math.sqrt(centre * (1 - centre) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return {"value": centre, "low": (middle - room) / scale, "high": (middle + room) / scale, "n": n}


def _exhibit(backbone: str, dataset: str, pictures: bool) -> dict[str, Any]:
    draw = random.Random(f"{backbone} {dataset} exhibit")
    items = []
    for number in range(8):
        label, said = draw.sample(CLASSES, 2)
        image = _picture(draw) if pictures else ""
        items.append({"id": f"{dataset}-val-{draw.randint(0, 4999):05d}", "image": image, "label": label, "said": said, "confidence": 0.999 - number * 0.004})
    return {"backbone": backbone, "dataset": dataset, "view": "clean", "title": "Wrong with most confidence", "items": items}


def _picture(draw: random.Random) -> str:
    image = Image.new("RGB", (64, 64), tuple(draw.randint(90, 230) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    for start in range(0, 64, 8):
        pen.line((start, 0, 64, 64 - start), fill=tuple(draw.randint(60, 250) for _ in range(3)))
    pen.regular_polygon((32, 32, 20), draw.randint(3, 7), rotation=draw.randint(0, 90), fill=tuple(draw.randint(0, 120) for _ in range(3)))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _provenance(backbones: tuple[str, ...], datasets: tuple[str, ...]) -> dict[str, Any]:
    return {
        "suite": "2026.11",
        "started": "2026-11-20 12:30 UTC",
        "seconds": 168.4,
        "command": f"pytest audits/ {' '.join(f'--backbone={backbone}' for backbone in backbones)}",
        "policy": {"name": "default", "digest": "a41c09de77b2"},
        "device": "cpu, 2 threads",
        "precision": "fp32",
        "libraries": {"python": "3.11.9", "torch": "2.15.0", "timm": "1.0.31", "open_clip": "3.3.0", "kornia": "0.9.0"},
        "backbones": {name: {"source": f"embedded {name}", "weights": "3f9c5a17c0e1", "parameters": 812_044} for name in backbones},
        "datasets": {name: {"images": 5000, "manifest": "88d0c1f24b7a"} for name in datasets},
        "revision": "94b012d",
    }


def main() -> None:
    """Write a sample run.json into a folder."""
    parser = argparse.ArgumentParser(description="Write a run.json with invented numbers, to look at the report.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backbones", type=int, default=1, help="how many, up to four (default 1)")
    parser.add_argument("--datasets", nargs="+", default=["shapes"])
    arguments = parser.parse_args()
    write_run(arguments.folder / "run.json", sample_run(BACKBONES[: arguments.backbones], tuple(arguments.datasets)))


if __name__ == "__main__":
    main()

"""A run as the suite leaves it, with invented numbers: to test the report on, and to look at (`python -m tests.reports.sample FOLDER`)."""

from __future__ import annotations

import argparse
import base64
import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from audits.measures.estimate import Estimate, p_violated
from audits.ranking import ranked
from reports.budget import budget_of, with_second_reading
from reports.record import Record, write_run
from tests.reports.invented import CLASSES, accuracy, calibration, determinism, invariance, shape_bias, synthetic

BACKBONES = ("shapes_vit_sup", "shapes_convnext_sup", "shapes_vit_clip", "shapes_convnext_clip")
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
    "shape_bias": """Shape bias: where outline and surface say different things, a backbone goes by the outline, as people do.

Why it gates: surfaces change with paint, light and weather.
Measure: fraction of the decisions on cue-conflict images that follow shape (Geirhos et al. 2019).
""",
    "synthetic": """Synthetic factors: where one factor of a scene changes and all else stays, a backbone still knows what it sees.

Why it gates: in photographs everything changes together.
Measure: largest drop of accuracy along a factor, paired by scene.
""",
}


def sample_run(
    backbones: tuple[str, ...] = BACKBONES[:1], datasets: tuple[str, ...] = ("shapes",), pictures: bool = True
) -> dict[str, Any]:
    """A realistic run: several properties, every kind of verdict, the same numbers each time."""
    measured = [_with_p(record) for backbone in backbones for dataset in datasets for record in _records(backbone, dataset)]
    records = with_second_reading(measured, 0.05)
    counts = {
        verdict: sum(record.verdict == verdict for record in records) for verdict in dict.fromkeys(record.verdict for record in records)
    }
    ranking = ranked(records, [], backbones, {name: 320_000 + 100_000 * place for place, name in enumerate(backbones)})
    words = {"violated": "claims are violated", "undecided": "claims are undecided", "error": "cases could not be measured"}
    failing = "; ".join(f"{counts[verdict]} {words[verdict]}" for verdict in words if verdict in counts)
    return {
        "schema_version": 1,
        "provenance": _provenance(backbones, datasets),
        "gate": {
            "ready": False, "state": "not ready", "sentence": f"Not ready: {failing}.",
            "exit": 1, "counts": counts, "missing": [], "partial": [],
        },
        "budget": budget_of(records, 0.05),
        "properties": dict(PROPERTIES),
        "records": [vars(record) for record in (*records, *ranking)],
        "left_out": [
            {"audit": "accuracy.real", "backbone": backbone, "dataset": dataset, "reason": "it needs several labels an image (ReaL)"}
            for backbone in backbones for dataset in datasets
        ] + [{"audit": "invariance.resolution", "backbone": backbones[-1], "dataset": "shapes_shifted", "reason": "not asked for"}],
        "exhibits": [
            exhibit for backbone in backbones for dataset in datasets
            for exhibit in (_exhibit(backbone, dataset, pictures), _changes(backbone, dataset, pictures))
        ],
    }  # fmt: skip


def _with_p(record: Record) -> Record:
    if record.bound is None or record.value is None or record.low is None or record.high is None or record.verdict in ("reported", "error"):
        return record
    p = p_violated(Estimate(record.value, record.low, record.high, record.n), record.bound, record.direction or "")
    return replace(record, p_violated=p)


def ready_run() -> dict[str, Any]:
    """A run in which every judged claim holds."""
    run = sample_run()
    run["records"] = [record for record in run["records"] if record["verdict"] in ("holds", "reported")]
    words = f"Ready: all {len(run['records'])} judged claims hold."
    run["budget"] |= {"judged": len(run["records"]), "violated": 0, "violated_after_holm": 0}
    run["gate"] = {"ready": True, "state": "ready", "sentence": words, "exit": 0, "counts": {}, "missing": [], "partial": []}
    return run


def _records(backbone: str, dataset: str) -> list[Record]:
    draw = random.Random(f"{backbone} {dataset}")
    skill = 0.90 + 0.05 * draw.random()
    common = {
        "backbone": backbone, "dataset": dataset, "precision": "fp32", "policy": "default", "claim": "",
        "route": "zero-shot, 80 templates, logit scale 61.3 learned" if "clip" in backbone else "native head",
        "preprocessing": "64 px, bicubic, crop 1.0, shortest, mean 0.5, std 0.5", "seconds": round(draw.random(), 2),
        "depth": {"images_per_view": 1000, "limit": None},
    }  # fmt: skip
    made = [
        *accuracy(draw, skill),
        *calibration(draw, skill),
        *invariance(draw, skill),
        *determinism(),
        *shape_bias(draw),
        *synthetic(draw, skill),
    ]
    for one in made:
        one["nodeid"] = f"audits/test_{one['audit'].split('.')[0]}.py::{backbone}-{dataset}-{one['view']}"
        one["claim"] = one["claim"].removesuffix(".") + "."  # sentences, as docstrings are
    return [Record(**{**common, **one}) for one in made]


def _exhibit(backbone: str, dataset: str, pictures: bool) -> dict[str, Any]:
    draw = random.Random(f"{backbone} {dataset} exhibit")
    items = []
    for number in range(8):
        label, said = draw.sample(CLASSES, 2)
        image = _picture(draw) if pictures else ""
        items.append(
            {
                "id": f"{dataset}-val-{draw.randint(0, 4999):05d}",
                "image": image,
                "label": label,
                "said": said,
                "confidence": 0.999 - number * 0.004,
            }
        )
    return {"backbone": backbone, "dataset": dataset, "view": "clean", "title": "Wrong with most confidence", "of": 214, "items": items}


def _changes(backbone: str, dataset: str, pictures: bool) -> dict[str, Any]:
    exhibit = _exhibit(backbone, dataset, pictures)
    for item in exhibit["items"]:
        item["before"] = {"image": item["image"], "said": item["label"], "confidence": 0.97}
    told = {"title": "Answers that the view has changed", "view": "rotation=20", "audit": "invariance.consistency", "of": 93}
    return {**exhibit, **told}


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
        "begun": "2026-11-22T07:08:44Z",
        "seconds": 168.4,
        "command": f"pytest audits/ {' '.join(f'--backbone={backbone}' for backbone in backbones)}",
        "policy": {"name": "default", "digest": "a41c09de77b2", "undecided": "fail"},
        "device": "cpu, 2 threads",
        "precision": "fp32",
        "python": "3.11.9",
        "packages": {"torch": "2.15.0", "timm": "1.0.31", "open_clip": "3.3.0", "kornia": "0.9.0"},
        "backbones": {name: {"source": f"embedded {name}", "weights": "3f9c5a17c0e1", "parameters": 812_044} for name in backbones},
        "datasets": {name: {"images": 5000, "manifest": "88d0c1f24b7a"} for name in datasets},
        "git": "94b012d",
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

"""ImageNet-X from the command line: error ratios of anybody's predictions, and ours in the form that its toolkit reads.

python -m audits.imagenet_x ratios resnet50.csv vit.csv --annotations data/imagenet_x > ratios.csv
python -m audits.imagenet_x export audit-report/evidence/NAME/imagenet_val/clean.parquet -o NAME.csv
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audits.measures.estimate import Estimate
from audits.measures.mistakes import error_ratio
from fixtures.datasets.imagenet_x import FACTORS, Annotation, Prediction, read_annotations, read_predictions, write_predictions
from fixtures.errors import UserError, listed

_HEADER = ("model", "factor", "error_ratio", "low", "high", "images", "accuracy", "accuracy_overall")


def ratios_of(annotations: dict[str, Annotation], predictions: dict[str, Prediction], source: str) -> dict[str, Estimate]:
    """The error ratio under each factor that some annotated image has. UserError where annotated images were not answered."""
    if missing := [name for name in annotations if name not in predictions]:
        raise UserError(f"{source} answers {len(missing):,} of {len(annotations):,} annotated images with nothing: {listed(missing)}.")
    correct = np.array([predictions[name].label == annotation.label for name, annotation in annotations.items()])
    factors = np.array([annotation.factor for annotation in annotations.values()])
    return {factor: error_ratio(correct, factors == factor) for factor in FACTORS if factor in factors}


def print_ratios(files: Sequence[Path], folder: Path) -> None:
    """One CSV row for each file of predictions and each factor, on standard output."""
    annotations = read_annotations(folder)
    rows = []
    for file in files:
        for factor, ratio in ratios_of(annotations, read_predictions(file), str(file)).items():
            detail = ratio.detail or {}
            interval = [f"{number:.4f}" for number in (ratio.value, ratio.low, ratio.high)]
            accuracies = [f"{share:.6f}" for share in (detail["accuracy_under"], 1 - detail["mistakes"] / ratio.n)]
            rows.append([file.stem, factor, *interval, detail["condition_n"], *accuracies])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerows([_HEADER, *rows])


def export(evidence: Path, output: Path) -> None:
    """The predictions of a run's evidence in the toolkit's form. UserError where the file is no evidence."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(evidence, columns=["file", "prediction", "confidence"])
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{evidence} is no evidence of a run (DIR/evidence/BACKBONE/DATASET/clean.parquet): {error}") from error
    write_predictions(output, *(table[name].to_pylist() for name in ("file", "prediction", "confidence")))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where it was done; 2 where a file is not what it should be, with one line that says so."""
    parser = argparse.ArgumentParser(prog="python -m audits.imagenet_x", description="Error ratios on ImageNet-X (Idrissi et al. 2022).")
    commands = parser.add_subparsers(dest="command", required=True)
    ratios = commands.add_parser("ratios", help="error ratios of predictions, as CSV on standard output")
    ratios.add_argument("predictions", nargs="+", type=Path, help="CSV: file_name, predicted_class, predicted_probability (optional)")
    ratios.add_argument(
        "--annotations", required=True, type=Path, help="folder with imagenet_x_val_top_factor.jsonl, prototypical_paths.csv"
    )
    exported = commands.add_parser("export", help="a run's predictions in the toolkit's form")
    exported.add_argument("evidence", type=Path, help="DIR/evidence/BACKBONE/imagenet_val/clean.parquet of a report folder")
    exported.add_argument("-o", "--output", required=True, type=Path, help="the CSV file to write")
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "ratios":
            print_ratios(asked.predictions, asked.annotations)
        else:
            export(asked.evidence, asked.output)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Scores of a run for the model page of a Hugging Face repository: the `model-index` of its README.md and `.eval_results/*.yaml`.

Both are made with huggingface_hub's own classes, which refuse what the Hub would; it is imported when a card is made, and nothing is sent.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports import wording
from reports.claims import records_of, unit_of
from reports.gate import briefly
from reports.record import Record, read_run

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, EvalResultEntry, ModelCard

_SOURCE = "backbone-audits"


@dataclass(frozen=True)
class Benchmark:
    """A dataset of a run as the Hub knows it, and the task there that one audit answers; without an audit: all, as tasks of their keys."""

    dataset: str
    audit: str
    hub: str
    task: str

    def means(self, record: Record) -> bool:
        return record.dataset == self.dataset and self.audit in ("", record.audit)


def benchmark_of(text: str) -> Benchmark:
    """`imagenet_val=ILSVRC/imagenet-1k`, or one score of it: `imagenet_val:accuracy.top1=ILSVRC/imagenet-1k:top1`."""
    from huggingface_hub.utils import validate_repo_id

    ours, equals, theirs = text.partition("=")
    (dataset, _, audit), (hub, _, task) = ours.partition(":"), theirs.partition(":")
    if not (dataset and equals and hub) or (task and not audit):
        raise ValueError(f"--hub {text} is neither DATASET=ORGANISATION/NAME nor DATASET:AUDIT=ORGANISATION/NAME:TASK")
    validate_repo_id(hub)
    return Benchmark(dataset, audit, hub, task)


def write(run_file: Path, arguments: argparse.Namespace) -> int:
    """`python -m reports card`: one repository's files, or with several backbones a folder of them for each."""
    run = read_run(run_file)
    benchmarks = [benchmark_of(text) for text in arguments.hub]
    scores = scores_of(run)
    names = list(dict.fromkeys(record.backbone for record in scores))
    chosen = [arguments.backbone] if arguments.backbone else names
    if not set(chosen) <= set(names) or not names:
        told = f"no score of {arguments.backbone}" if names else "no score of images as they are"
        raise ValueError(f"{run_file} has {told}; there are scores of {briefly(names, 10) or 'no backbone'}")
    _refuse_unknown(benchmarks, scores)
    folder = arguments.output or run_file.with_name("model-card")
    for name in chosen:
        own = [record for record in scores if record.backbone == name]
        target = folder if len(chosen) == 1 else folder / re.sub(r"[^\w.-]+", "-", name)
        for path in _write_repository(target, name, own, benchmarks, arguments.source):
            print(path)
    if not run["gate"]["ready"]:
        print(f"these are scores of a run that is no release: {run['gate']['sentence']}", file=sys.stderr)
    return 0


def scores_of(run: dict[str, Any]) -> list[Record]:
    """What a model page may say of a backbone: measured on images as they are; no timing, no count, nothing that could not be measured."""
    return [
        record
        for record in records_of(run)
        if record.view == "clean" and record.value is not None and record.n > 1 and not record.timing and record.verdict != "error"
    ]


def results_of(scores: Iterable[Record], benchmarks: Sequence[Benchmark] = (), source: str | None = None) -> list[EvalResult]:
    """Scores as entries of a model-index."""
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type="zero-shot-image-classification" if record.route.startswith("zero-shot") else "image-classification",
            dataset_type=next((one.hub for one in benchmarks if one.dataset == record.dataset), record.dataset),
            dataset_name=record.dataset,
            metric_type=record.property_name,
            metric_name=_metric_name(record),
            metric_value=_rounded(record.value),
            metric_args=_interval(record),
            verified=False,
            source_name=_SOURCE if source else None,
            source_url=source,
        )
        for record in scores
    ]


def entries_of(scores: Iterable[Record], benchmarks: Sequence[Benchmark], source: str | None = None) -> list[EvalResultEntry]:
    """Scores as entries of `.eval_results`: only those of a dataset that the Hub knows."""
    from huggingface_hub import EvalResultEntry

    return [
        EvalResultEntry(
            dataset_id=one.hub,
            task_id=one.task or record.audit,
            value=_rounded(record.value),
            source_name=_SOURCE if source else None,
            source_url=source,
            notes=f"{_metric_name(record)} on {record.dataset}: {wording.measured(record)}; {record.route}",
        )
        for record in scores
        for one in benchmarks
        if one.means(record)
    ]


def _write_repository(folder: Path, name: str, scores: list[Record], benchmarks: Sequence[Benchmark], source: str | None) -> Iterable[Path]:
    """README.md, whose own words and other metadata stay as they are, and a file of results for each dataset of the Hub."""
    from huggingface_hub import eval_result_entries_to_yaml
    from huggingface_hub.constants import EVAL_RESULTS_FOLDER
    from huggingface_hub.utils import yaml_dump

    files = {one.dataset: entries_of(scores, [other for other in benchmarks if other.dataset == one.dataset], source) for one in benchmarks}
    _refuse_twice(entry for entries in files.values() for entry in entries)
    card = _card_of(folder / "README.md", name)
    new = results_of(scores, benchmarks, source)
    replaced = {_identity(result) for result in new}
    data: Any = card.data
    data.eval_results = [result for result in data.eval_results or [] if _identity(result) not in replaced] + new
    text = str(card)  # whatever is wrong with it, before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(text, encoding="utf-8", newline="")
    yield folder / "README.md"
    for dataset, entries in files.items():
        if entries:
            path = folder / EVAL_RESULTS_FOLDER / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', dataset)}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml_dump(eval_result_entries_to_yaml(entries), sort_keys=False), encoding="utf-8", newline="\n")
            yield path


def _card_of(path: Path, name: str) -> ModelCard:
    """The model card of a repository; a new one, named after the backbone, where there is none."""
    from huggingface_hub import ModelCard, metadata_load

    if not path.exists():
        return ModelCard(f"---\nmodel_name: {name!r}\n---\n")
    known = (metadata_load(path) or {}).get("model-index") or []
    if len(known) > 1:
        raise ValueError(f"the model-index of {path} is about {len(known)} models; which one is meant? Leave one, or give another folder.")
    card = ModelCard(path.read_bytes().decode("utf-8"))
    data: Any = card.data
    data.model_name = data.model_name or name
    return card


def _refuse_unknown(benchmarks: Sequence[Benchmark], scores: Sequence[Record]) -> None:
    for one in benchmarks:
        if not any(one.means(record) for record in scores):
            datasets = list(dict.fromkeys(record.dataset for record in scores))
            told = f"{one.audit} on {one.dataset}" if one.audit else one.dataset
            raise ValueError(f"--hub: the run has no score of {told}; its datasets are {briefly(datasets, 10)}")


def _refuse_twice(entries: Iterable[EvalResultEntry]) -> None:
    counts = Counter((entry.dataset_id, entry.task_id) for entry in entries)
    for (hub, task), count in counts.items():
        if count > 1:
            raise ValueError(f"--hub: {count} scores would be those of task {task} of {hub}, which has one. Name a task for each.")


def _identity(result: EvalResult) -> tuple[Any, ...]:
    return result.task_type, result.dataset_name, result.dataset_config, result.dataset_split, result.metric_type, result.metric_name


def _metric_name(record: Record) -> str:
    return f"{record.audit} ({unit_of(record)})" if unit_of(record) else record.audit


def _interval(record: Record) -> dict[str, Any]:
    """How sure a score is; what needs no interval has none."""
    ends = {"low": record.low, "high": record.high, "confidence_level": record.confidence_level} if record.method != "exact" else {}
    return {**{key: _rounded(value) for key, value in ends.items() if value is not None}, "images": record.n}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")

"""What a run keeps of every number beside run.json, so that another run can be compared with it image by image: kept.npz.

numpy only: a baseline is compared on any machine, without torch and without the images.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from audits.measures.estimate import Estimate
from reports.record import Record

FILE = "kept.npz"
Case = tuple[str, str, str, str]  # audit, backbone, dataset, view
Arrays = dict[str, np.ndarray]
_EACH = ("hits", "slices", "replicates")


def case_of(record: Record) -> Case:
    return record.audit, record.backbone, record.dataset, record.view


def packed(estimates: Mapping[Case, Estimate]) -> bytes:
    """The arrays of estimates as the content of one file; names of images that several are about stand in it once."""
    arrays: Arrays = {}
    index, images = [], {}
    for place, (case, estimate) in enumerate(sorted(estimates.items())):
        if estimate.images is None:
            continue
        told = estimate.images.tobytes()
        name = images.setdefault(told, f"images/{len(images)}")
        arrays[name] = estimate.images
        found = {kind: array for kind in _EACH if (array := getattr(estimate, kind)) is not None}
        arrays |= {f"{kind}/{place}": _small(kind, array) for kind, array in found.items()}
        index.append({"case": list(case), "images": name, "place": place, "kinds": list(found), "n": len(estimate.images)})
    arrays["index"] = np.frombuffer(json.dumps(index).encode(), dtype=np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def joined(contents: Sequence[bytes]) -> bytes:
    """What several processes kept, as the content of one file."""
    return packed({case: _named(arrays) for case, arrays in unpacked(contents).items()})


def _named(arrays: Arrays) -> Estimate:
    return Estimate(0.0, 0.0, 0.0, 1, **arrays)  # type: ignore[arg-type]


def _small(kind: str, array: np.ndarray) -> np.ndarray:
    return np.packbits(array) if kind == "hits" else array.astype(np.float32) if kind == "replicates" else array


def unpacked(contents: Iterable[bytes]) -> dict[Case, Arrays]:
    """The arrays of every case of several files, as the fields of an estimate."""
    found: dict[Case, Arrays] = {}
    for content in contents:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            for entry in json.loads(file["index"].tobytes()):
                arrays = {kind: file[f"{kind}/{entry['place']}"] for kind in entry["kinds"]}
                if "hits" in arrays:
                    arrays["hits"] = np.unpackbits(arrays["hits"], count=entry["n"]).astype(bool)
                found[tuple(entry["case"])] = {"images": file[entry["images"]], **arrays}
    return found


def estimates_of(records: Iterable[Record], kept: Mapping[Case, Arrays]) -> dict[Case, Estimate]:
    """What was estimated, of every record that was measured, with what was kept of it."""
    found: dict[Case, Estimate] = {}
    for record in records:
        if record.value is not None and record.low is not None and record.high is not None:
            arrays: dict[str, Any] = kept.get(case_of(record), {})
            found[case_of(record)] = Estimate(
                record.value, record.low, record.high, record.n, record.confidence_level or 0.95, record.method, record.detail, **arrays
            )
    return found


def digest_of(content: bytes) -> str:
    """By which a run file knows what was kept with it."""
    return hashlib.sha256(content).hexdigest()[:16]


def read(folder: Path, digest: str) -> dict[Case, Arrays]:
    """What stands beside a run file; ValueError where there is nothing to be compared with, or it is damaged, or of another run."""
    file = folder / FILE
    if not file.is_file():
        raise ValueError(f"{file} is not there: without it a run cannot be compared image by image. Keep it beside run.json.")
    content = file.read_bytes()
    if digest_of(content) != digest:
        raise ValueError(f"{file} is damaged, or was kept by another run than the run.json beside it. Keep both files of one run together.")
    try:
        return unpacked([content])
    except (ValueError, EOFError, KeyError, BadZipFile) as error:
        raise ValueError(f"{file} is damaged: {error}. Take that of the run again, or keep another run with --audit-save.") from error

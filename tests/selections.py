"""What a command line selects, or the words in which it is refused."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from fixtures.errors import UserError
from fixtures.options import Options
from fixtures.selection import Selection, select

ROOT = Path(__file__).resolve().parents[1]
FEATURES = '[features]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\n'
HEAD = '[headed]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\nlabel_space = "imagenet_1k"\n'
PLAIN = '[plain]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\nlabel_space = "shapes"\ndatasets = ["shapes"]\n'
PLAIN += "model_args = { num_classes = 12 }\n"


def selected(
    folder: Path, *backbones: str, datasets: tuple[str, ...] = (), policy: str | None = None, data: Path | None = None
) -> Selection:
    """What a command line selects; a backbone may be the text of its TOML file."""
    names = []
    for index, text in enumerate(backbones):
        if text.startswith("["):
            (folder / f"{index}.toml").write_text(text)
            text = str(folder / f"{index}.toml")
        names.append(text)
    if policy is not None:
        (folder / "gate.toml").write_text(policy)
    options = Options(
        backbones=tuple(names),
        datasets=datasets,
        fetch=(),
        data=data,
        policy=None if policy is None else folder / "gate.toml",
        device="cpu",
        precision="fp32",
        batch=0,
        cache=folder,
        report=folder,
        limit=None,
        search_passes=None,
        partial=False,
        plan=False,
    )
    return select(options, ROOT / "audits", datetime.date(2026, 11, 20))


def refusal(folder: Path, *backbones: str, datasets: tuple[str, ...] = (), policy: str | None = None, data: Path | None = None) -> str:
    with pytest.raises(UserError) as refused:
        selected(folder, *backbones, datasets=datasets, policy=policy, data=data)
    return str(refused.value)

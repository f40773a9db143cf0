"""How far a machine alone moves a backbone's answers, and what that means for verdicts, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports import numbers
from reports.record import Record

_RULE = (
    "The same images, asked in another way, are answered a little otherwise, and no verdict is finer than that. A share of images that "
    "clears its bound, or a change that clears its margin, by less than the share of answers that flip is undecided; so is a score made of "
    "probabilities that does so by less than these move. Of scores in other units (ratios, areas, nats, degrees, times) nobody knows "
    "how far that moves them, and nothing is allowed for."
)


def clears_by_less(record: Record, share: bool = False) -> str:
    """What to say of a claim whose interval clears its bound by less than the envelope."""
    return (
        f"The interval clears the bound, but by less than the numerical noise of this machine ({numbers.score(record.envelope, share)}): "
        "the same images, asked in another batch, precision or number of threads, may decide otherwise."
    )


def meaning(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The noise of each backbone of a run and what it means for verdicts, as (word, sentences); nothing where none was measured."""
    found = run["provenance"].get("numerical_noise") or {}
    told = " ".join(_of_backbone(name, each) for name, each in found.items())
    return [("Numerical noise", f"{_RULE} {told}")] if told else []


def _of_backbone(name: str, found: Mapping[str, Any]) -> str:
    """`shapes_vit_clip on CPU (…), 200 images of shapes: no answer flips when asked again; 0.5 % flip …`"""
    ways = {way: told for way, told in found.items() if isinstance(told, Mapping)}
    each = "; ".join(
        f"{way} ({told['asked']}): {_flipped(told['flipped'])}, probabilities move by {numbers.score(told['mean_change'])}"
        for way, told in ways.items()
    )
    return f"{name} on {found['device']}, {numbers.count(found['images'])} images of {found['dataset']}: {each}."


def _flipped(share: float) -> str:
    return f"{numbers.score(share, True)} of answers flip" if share else "no answer flips"

"""What several backbones, or several datasets, say together: told by the process that leads once all were measured, from the cache.

pytest plugin. Each two backbones whose layers were seen on the same images are compared. Where every corruption of a dataset of corrupted
files was shown at the same severities, all of them make one mean corruption error. All backbones are ranked by what was measured for
each of them. Reported, never judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from reports.plugin import LEDGER, RUN, Ledger, take_over
from reports.record import Record


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Add a record for whatever the records of a run make together; who is ahead is not said of a run that was stopped."""
    run, ledger = session.config.stash.get(RUN, None), session.config.stash.get(LEDGER, None)
    if run is None or ledger is None or hasattr(session.config, "workerinput"):
        return
    ledger.records += [*_pairs_of_backbones(run, ledger.records), *_corruptions_on_disk(run, ledger.records)]
    if exitstatus not in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
        take_over(session.config)
        ledger.ranking = list(_ranking(run, ledger))


def _ranking(run: Any, ledger: Ledger) -> Iterator[Record]:
    """Where the backbones of the run stand among one another, from what was kept of their scores."""
    from audits.ranking import ranked

    specs = {name: run.source.identity.spec(name) for name in run.backbones}
    pretraining = {name: spec.pretraining_images for name, spec in specs.items() if spec.pretraining_images}
    yield from ranked(ledger.records, ledger.kept, run.backbones, pretraining)


def _pairs_of_backbones(run: Any, records: Sequence[Record]) -> Iterator[Record]:
    """Each two backbones' last layers, in the order in which these were asked: workers answer in any."""
    from audits.measures.similarity import linear_cka
    from fixtures.evidence.layers import layers_of

    asked = list(run.selection.subjects)
    seen = [record for record in records if record.audit == "similarity.cka" and record.value is not None]
    seen.sort(key=lambda record: asked.index((record.backbone, record.dataset)))
    for one, other in combinations(seen, 2):
        if one.dataset == other.dataset:

            def measure(one: Record = one, other: Record = other) -> Any:
                first, second = (layers_of(run.source, each.backbone, each.dataset).products[:, -1] for each in (one, other))
                return linear_cka(first, second)

            claim = "Two backbones see images each in its own way."
            yield _reported(_blank(one, f"similarity.cka_between[{other.backbone}]", one.dataset, claim), measure)


def _corruptions_on_disk(run: Any, records: Sequence[Record]) -> Iterator[Record]:
    """The mean corruption error of each backbone on each dataset of which all corruptions were shown."""
    from audits.measures.corruption_error import mean_corruption_error
    from fixtures.evidence.corrupted import complete_parts, gather_parts

    shown = {(record.backbone, record.dataset): record for record in records if record.audit == "robustness.shift" and record.n}
    for (backbone, dataset), parts in complete_parts(run.source.identity, shown).items():

        def measure(backbone: str = backbone, parts: Mapping[tuple[str, int], str] = parts) -> Any:
            seen = gather_parts(run.source, backbone, parts)
            return mean_corruption_error(seen.correct, list(seen.ids), seen.reference_errors, seen.reference, seen.detail)

        claim = "Over all corruptions together, mistakes are few beside those of a reference network."
        yield _reported(_blank(shown[backbone, next(iter(parts.values()))], "robustness.mce", dataset, claim), measure)


def _blank(like: Record, audit: str, dataset: str, claim: str) -> Record:
    """A record of another audit, measured as this one was."""
    return Record(
        audit=audit,
        claim=claim,
        backbone=like.backbone,
        dataset=dataset,
        view="clean",
        verdict="error",
        route=like.route,
        preprocessing=like.preprocessing,
        precision=like.precision,
        policy=like.policy,
        depth=like.depth,
    )


def _reported(record: Record, measure: Callable[[], Any]) -> Record:
    """The record with what was measured; an error where images or files do not allow it, so that the others' records are not lost."""
    from fixtures.errors import BadInput, UserError
    from fixtures.verdicts import measured

    try:
        reason = "what several backbones or datasets say together is shown, not judged"
        return replace(measured(record, measure(), "at_most"), verdict="reported", reason=reason)
    except (BadInput, UserError, ValueError, OSError) as error:
        return replace(record, reason=f"{type(error).__name__}: {error}")

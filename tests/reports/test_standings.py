"""Backbones side by side: z-scores and ranks with what images leave possible; never judged."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from audits.measures.estimate import Estimate, proportion
from reports import markdown
from reports.claims import claims_of, records_of, settings_of
from reports.comparison import of_run
from reports.html import render
from reports.kept import packed
from reports.record import Record
from reports.standings import Row, ranks_for_run, rows_of
from tests.reports.pages import read_page
from tests.reports.sample import BACKBONES, sample_run

NAMES = ("a", "b", "c")


def record(backbone: str, value: float, audit: str = "accuracy.top1", room: float = 0.01, **more: Any) -> Record:
    given: dict[str, Any] = {"claim": "A claim.", "dataset": "shapes", "view": "clean", "verdict": "holds", "direction": "at_least"}
    ends = {"value": value, "low": value - room, "high": value + room, "confidence_level": 0.95, "n": 500, "method": "wilson"}
    return Record(audit=audit, backbone=backbone, **{**given, **ends, **more})


def rows(records: list[Record], known: Any = ()) -> list[Row]:
    return rows_of(settings_of(claims_of(records)), list(dict.fromkeys(one.backbone for one in records)), known)


def test_better_is_positive_whichever_way_better_lies() -> None:
    values = (0.9, 0.8, 0.7)
    (up,), (down,) = (
        rows([record(name, value, direction=way) for name, value in zip(NAMES, values, strict=True)]) for way in ("at_least", "at_most")
    )

    assert [up.standings[name].z for name in NAMES] == pytest.approx([1.2247, 0, -1.2247], abs=1e-4)
    assert [down.standings[name].z for name in NAMES] == pytest.approx([-1.2247, 0, 1.2247], abs=1e-4)
    assert [(one.rank, one.best, one.worst) for one in up.standings.values()] == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]
    assert [(one.rank, one.best, one.worst) for one in down.standings.values()] == [(3, 3, 3), (2, 2, 2), (1, 1, 1)]


def test_an_interval_that_ends_at_nothing_has_a_width() -> None:
    below = record("a", -0.1, room=0.0, method="bootstrap", low=-0.2, high=0.0), record("b", -0.9, method="bootstrap")
    (row,) = rows([*below, record("c", -0.5, method="bootstrap")])

    assert [(one.best, one.worst) for one in row.standings.values()] == [(1, 1), (3, 3), (2, 2)]


def test_two_backbones_have_ranks_and_no_z_and_the_report_says_why() -> None:
    (row,) = rows([record("a", 0.9), record("b", 0.5)])

    assert [(one.rank, one.z) for one in row.standings.values()] == [(1, None), (2, None)]
    run = sample_run(BACKBONES[:2], pictures=False)
    notes = of_run(run, claims_of(records_of(run)), BACKBONES[:2]).notes
    assert "Rows have no z-scores: of 2 backbones each is as far from their mean as the other." in notes


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"timing": True}, "a timing: of this machine under this load"),
        ({"verdict": "error"}, "no score of c"),
        ({"direction": None}, "neither more nor less is better"),
    ],
)
def test_what_ranks_nobody_says_why(change: dict[str, Any], why: str) -> None:
    (row,) = rows([record("a", 0.9), record("b", 0.5), record("c", 0.4, **change)])

    assert (row.why_not, row.standings) == (why, {})


def test_an_interval_of_no_width_that_is_not_exact_tells_nobody_apart() -> None:
    (sampled,), (exact,) = (
        rows([record(name, value, room=0, method=method) for name, value in zip(NAMES, (3, 2, 1), strict=True)])
        for method in ("bootstrap", "exact")
    )

    assert {(one.best, one.worst) for one in sampled.standings.values()} == {(1, 3)}
    assert [(one.best, one.worst) for one in exact.standings.values()] == [(1, 1), (2, 2), (3, 3)]


def kept_run(hits: np.ndarray) -> tuple[list[Record], bytes]:
    """A run of several backbones on the same images, as a run keeps it: hits [backbones, images]."""
    estimates, records = {}, []
    for number, own in enumerate(hits):
        found: Estimate = proportion(own, range(len(own)))
        made = record(f"n{number}", found.value, low=found.low, high=found.high, n=found.n)
        estimates[made.audit, made.backbone, made.dataset, made.view] = found
        records.append(made)
    return records, packed(estimates)


def test_the_same_images_tell_more_apart_than_two_intervals_do() -> None:
    hits = np.ones((3, 400), dtype=bool)
    hits[0, :60], hits[1, :80], hits[2, :100] = False, False, False
    records, content = kept_run(hits)

    (told,) = ranks_for_run(records, (), [content])
    (paired,) = rows(records, json.loads(json.dumps([told])))
    (apart,) = rows(records)

    assert told["ranks"] == {"n0": [1, 1, 1], "n1": [2, 2, 2], "n2": [3, 3, 3]}
    assert paired.is_paired
    assert [(one.best, one.worst) for one in apart.standings.values()] == [(1, 2), (1, 3), (2, 3)]


def test_ranks_of_other_images_are_taken_from_the_intervals() -> None:
    records, content = kept_run(np.ones((2, 50), dtype=bool))
    (told,) = ranks_for_run([*records, record("c", 0.5)], (), [content])

    assert told["paired"] is False
    assert told["ranks"]["c"] == [3, 3, 3]
    assert ranks_for_run(records[:1], (), [content]) == []


def test_intervals_of_ranks_hold_the_true_ranks_of_backbones_on_the_same_images() -> None:
    """Images differ in how hard they are for all backbones; two of four are equally good. All ranks at once, in 95 of 100 runs."""
    generator, skills, runs = np.random.default_rng(4), np.array([0.9, 0.8, 0.8, 0.6]), 200
    covered = 0
    for _ in range(runs):
        hard, own = generator.normal(size=(1, 300)), generator.normal(size=(4, 300))
        levels = np.array([{0.9: 1.2816, 0.8: 0.8416, 0.6: 0.2533}[skill] for skill in skills])
        records, content = kept_run(0.8 * hard + 0.6 * own < levels[:, None])
        places = ranks_for_run(records, (), [content])[0]["ranks"]
        covered += all(
            places[f"n{number}"][1] <= first and last <= places[f"n{number}"][2]
            for number, (first, last) in enumerate([(1, 1), (2, 3), (2, 3), (4, 4)])
        )

    assert covered >= 0.94 * runs


def test_the_comparison_shows_value_interval_rank_and_z_and_one_backbone_has_none() -> None:
    run = sample_run(BACKBONES, pictures=False)
    text = read_page(render(run)).text.replace("\N{NO-BREAK SPACE}", " ")
    side = text[text.rindex("Side by side") : text.rindex("All claims")]

    assert "Ranking In every setting (an audit on a dataset under a view) that was measured for all of them" in side
    assert "Many rows are not allowed for: of twenty, one may be wrong." in side
    assert "rank 1 " in side
    assert "rank 4 " in side
    assert ", z +" in side
    assert "Side by side" not in read_page(render(sample_run())).text


def test_ranks_say_what_images_leave_possible_for_every_score_of_a_run() -> None:
    ranked = [row for row in rows(records_of(sample_run(BACKBONES, pictures=False))) if row.standings]

    assert len(ranked) > 15
    assert all(1 <= one.best <= one.rank <= one.worst <= 4 for row in ranked for one in row.standings.values())


def test_markdown_has_the_properties_side_by_side_for_several_backbones_only() -> None:
    lines = markdown.render(sample_run(BACKBONES)).splitlines()
    start = lines.index("### Side by side")

    assert lines[start + 2] == "#### Ranking"
    assert lines[start + 4].startswith("| Property | shapes\\_vit\\_sup |")
    assert lines[start + 6].startswith("| Accuracy (3 settings) |")
    assert any("Many rows are not allowed for" in line for line in lines)
    assert any(line.startswith("| All properties (") for line in lines)
    assert "### Side by side" not in markdown.render(sample_run())

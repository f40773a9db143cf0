"""Whole networks are tuned once, leave nothing behind, and what they say is found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fixtures.evidence.evidence import Evidence
from fixtures.evidence.request import Request
from fixtures.evidence.source import EvidenceSource
from fixtures.transfer import tuned
from tests.evidence.subjects import Said, source

TINY = "tests.command_line.subjects:embedding"
TERMS = {"limit": 60, "fine_tuning_images": 60, "multi_task_seeds": 2}


def asked(folder: Path) -> tuple[EvidenceSource, Evidence, Said]:
    """Evidence with features of a tiny network about sixty embedded images."""
    said, clean = Said(), Request(TINY, "shapes")
    made = source(folder, said, TINY, "shapes", **TERMS)
    made.expect([(clean, frozenset({"features"}))])
    return made, made.evidence(clean), said


def test_a_network_is_tuned_once_and_its_answers_are_found_again(tmp_path: Path) -> None:
    made, evidence, said = asked(tmp_path)
    first = tuned.tuned(made, evidence)
    later, evidence, again = asked(tmp_path)
    second = tuned.tuned(later, evidence)

    assert any(line.startswith("fine-tuning") for line in said.lines)
    assert (again.lines, later.forward_passes) == ([], 0)
    np.testing.assert_array_equal(first.prediction, second.prediction)
    assert first.route == second.route
    assert first.route.startswith("fine-tuned on ")
    assert not list((tmp_path / "tuning").glob("*"))


def test_two_tasks_are_answered_alone_and_together_from_every_seed(tmp_path: Path) -> None:
    made, evidence, _ = asked(tmp_path)
    found = tuned.together(made, evidence, "light")

    assert set(found.alone) == set(found.together) == {"class", "light"}
    assert {column.shape for each in (found.alone, found.together) for column in each.values()} == {(2, evidence.n)}
    assert "from 2 seeds" in found.route
    later, evidence, again = asked(tmp_path)
    np.testing.assert_array_equal(tuned.together(later, evidence, "light").alone["light"], found.alone["light"])
    assert not again.lines

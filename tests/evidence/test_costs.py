"""What answers cost is tried once on each machine, and planned until then."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.backbones import cost
from fixtures.evidence.costs import cost_of, planned
from fixtures.evidence.planning import lines
from tests.evidence.subjects import FACTORY, Said, dots, source

TINY = f"{FACTORY}tiny"


def test_trials_of_another_processor_answer_for_none_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = source(tmp_path / "cache", Said(), TINY, dots(tmp_path, 4), batch=2)
    first = cost_of(made, TINY, "dots")
    again = cost_of(made, TINY, "dots")
    here = planned(made, TINY, "dots")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Another 9000\ncpu family\t: 7\n\nprocessor\t: 1\n")
    monkeypatch.setattr(cost, "_PROCESSORS", tmp_path / "cpuinfo")
    there = planned(made, TINY, "dots")
    moved = cost_of(made, TINY, "dots")

    assert again == first
    assert (here.cached, there.cached) == (True, False)
    assert moved.device == "CPU (Another 9000)"
    assert moved.batch_seconds != first.batch_seconds


def test_trials_are_planned_until_they_were_made(tmp_path: Path) -> None:
    made = source(tmp_path / "cache", Said(), TINY, dots(tmp_path, 4), batch=2)
    before = "\n".join(lines([planned(made, TINY, "dots")], made))
    cost_of(made, TINY, "dots")
    after = "\n".join(lines([planned(made, TINY, "dots")], made))

    assert "what an answer takes, tried by at least 46 images (to do)" in before
    assert "what an answer takes, tried by at least 46 images (cached)" in after
    assert "forward passes to do: 0; images to do: 0" in before
    assert "disk for decoded images: 0.0 MB" in before

"""A run that leaves something out says so, and is never taken for a gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.search.bisection import most_asked
from fixtures.search.changes import MOST_SEVERE, MOST_TOGETHER, SEARCHED
from tests.command_line.conftest import FIRST, POLICY, ROOT, SERIAL_AND_WORKERS, TINY, Audit, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

REQUIRED = '[[required]]\naudits = ["accuracy.*", "calibration.ece"]\ndatasets = ["pictures"]\n'


@pytest.fixture
def part(pytester: pytest.Pytester, audit: Audit) -> Audit:
    """`pytest ARGUMENTS` with the settings of the project, in the surroundings of `audit`, for a part of the audits folder."""

    def run(*arguments: str | Path) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-c", ROOT / "pyproject.toml", *arguments, timeout=300)

    return run


@SERIAL_AND_WORKERS
@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(("test_accuracy.py",), id="one file", marks=pytest.mark.slow),
        pytest.param(("", "--ignore=test_invariance.py"), id="ignored", marks=pytest.mark.slow),
    ],
)
def test_collecting_a_part_of_the_audits_is_not_a_gate(
    part: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str], chosen: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    """The policy requires nothing, and everything that was judged holds."""
    place, *more = chosen
    ignored = [f"--ignore={ROOT / 'audits' / option.removeprefix('--ignore=')}" for option in more]
    result = part(ROOT / "audits" / place, *ignored, TINY, pictures, policy(), *workers)
    gate = run_file(pytester.path)["gate"]

    assert result.ret == 0
    result.stdout.fnmatch_lines(["Not a gate: *audits were not collected (*"])
    assert "invariance." in gate["sentence"] or "calibration." in gate["sentence"]
    assert not gate["ready"]


@pytest.mark.parametrize("repeat", ["--lf", "node id"])
def test_one_case_again_is_not_a_gate(
    part: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str], repeat: str
) -> None:
    """One view of a claim under many views: its claim was collected, its other views were not run."""
    place, cache = ROOT / "audits" / "test_invariance.py", f"cache_dir={pytester.path / 'remembered'}"
    name = f"{place}::test_everyday_changes_do_not_change_the_answer[{TINY.removeprefix('--backbone=')}-pictures-rotation=10]"
    narrow = '[[bounds."invariance.consistency".only]]\nview = "rotation=10"\nbound = 1.0\n'
    if repeat == "--lf":
        part(place, TINY, pictures, policy(narrow), "-o", cache)
        result = part(place, TINY, pictures, policy(), "--lf", "-o", cache)
    else:
        result = part(name, TINY, pictures, policy())
    gate = run_file(pytester.path)["gate"]

    assert result.ret == 0
    assert gate["counts"]["holds"] == 1
    assert "1 of " in gate["sentence"]
    assert "cases were run" in gate["sentence"]


def test_collecting_one_file_leaves_out_what_is_required(part: Audit, pictures: str, policy: Callable[..., str]) -> None:
    result = part(ROOT / "audits" / "test_accuracy.py", TINY, pictures, policy(REQUIRED))

    assert result.ret == 1
    assert "required, not judged: calibration.ece" in result.stdout.str()


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ((), 0, ""),
        (("-k", "first_answer"), 1, "required, not judged: calibration.ece"),
        (("-k", "first_answer", "--audit-partial"), 0, "Not a gate"),
    ],
    ids=["all", "left out", "meant"],
)
def test_leaving_out_something_required_is_not_green(
    audit: Audit, pictures: str, policy: Callable[..., str], more: tuple[str, ...], status: int, words: str
) -> None:
    result = audit(TINY, pictures, policy(REQUIRED), *(more or ("-k", "first_answer or confidence_matches")))

    assert result.ret == status
    assert words in result.stdout.str()


def test_nothing_judged_is_not_green(audit: Audit, pytester: pytest.Pytester, pictures: str) -> None:
    (pytester.path / "empty.toml").write_text("")
    result = audit(TINY, pictures, "--audit-policy=empty.toml", *FIRST)

    assert result.ret == 1
    assert "nothing was judged" in result.stdout.str()
    assert {record["verdict"] for record in run_file(pytester.path)["records"]} == {"reported"}


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(("passes", "state"), [(2, "not a gate"), (4, "ready")])
def test_fewer_passes_of_a_search_than_the_policys_are_not_a_gate(
    audit: Audit, pytester: pytest.Pytester, policy: Callable[..., str], passes: int, state: str
) -> None:
    """The policy has three, and nothing else is left out."""
    (pytester.path / "mine.toml").write_text(
        '[mine]\nlibrary = "factory"\nmodel = "tests.command_line.subjects:tiny"\nlabel_space = "shapes"\ndatasets = ["pictures.toml"]\n'
    )
    three = POLICY.replace("search_passes = 2", "search_passes = 3")
    result = audit("--backbone=mine.toml", policy(base=three), f"--audit-search-passes={passes}")
    run = run_file(pytester.path)
    searched = [record for record in run["records"] if record["audit"].startswith("invariance.radius[")]

    assert result.ret == 0
    assert run["gate"]["state"] == state
    assert run["gate"]["partial"] == (["--audit-search-passes"] if passes < 3 else [])
    assert {record["depth"]["search_passes"] for record in searched} == {passes}
    assert {record["audit"] for record in searched} == {f"invariance.radius[{name}]" for name in SEARCHED}
    assert all(2 <= record["detail"]["passes"] <= passes + most_asked(MOST_SEVERE * MOST_TOGETHER) for record in searched)


def test_an_audit_is_chosen_by_its_key(audit: Audit, pytester: pytest.Pytester, pictures: str, policy: Callable[..., str]) -> None:
    audit(TINY, pictures, policy(), "-k", "accuracy.top1 or invariance.consistency")

    assert {record["audit"] for record in run_file(pytester.path)["records"]} == {"accuracy.top1", "invariance.consistency"}

"""Who writes an audit and makes a mistake is told what it is, in the words of audits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line.conftest import ROOT, SERIAL_AND_WORKERS, TINY, run_file

pytestmark = pytest.mark.slow  # whole runs of the command, one after the other

pytest_plugins = ["pytester"]

AUDITS = '''"""Openness: a property of nobody."""

import pytest

from audits.measures.means import mean


@pytest.mark.audit("openness.end")
def test_it_forgets_the_verdict(evidence, verdict):
    """It forgets the verdict."""
    mean(evidence.confidence, evidence.ids, within=(0, 1))


@pytest.mark.audit("openness.name")
def test_it_misspells_a_name(evidence, verdict):
    """It misspells a name."""
    verdict.at_least(mean(evidence.confidense, evidence.ids, within=(0, 1)))


@pytest.mark.audit("openness.column")
def test_it_misspells_a_column(evidence, verdict):
    """It misspells a column."""
    verdict.at_least(mean(evidence.columns["top_two_gapp"], evidence.ids, within=(0, 1)))
'''

Ask = Callable[..., pytest.RunResult]


@pytest.fixture
def ask(pytester: pytest.Pytester, pictures: str, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """`pytest audits/` in a project with the audits above and no others."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, pytester.path / name)
    for name in ("fixtures", "reports", "tests", "audits/measures", "audits/across.py", "audits/ranking.py"):
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).symlink_to(ROOT / name)
    (pytester.path / "audits" / "__init__.py").touch()
    (pytester.path / "audits" / "policy.toml").write_text('[bounds."openness.*"]\nbound = 0.0\nreason = "always"\n')

    def run(text: str, *more: str | Path) -> pytest.RunResult:
        (pytester.path / "audits" / "test_openness.py").write_text(text)
        return pytester.runpytest_subprocess("audits", TINY, pictures, "-p", "no:cacheprovider", *more, timeout=300)

    return run


@SERIAL_AND_WORKERS
def test_a_mistake_in_the_body_of_an_audit_is_an_error_that_says_how_to_mend_it(
    ask: Ask, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = ask(AUDITS, *workers)
    text = result.stdout.str()
    reasons = {record["audit"]: record["reason"] for record in run_file(pytester.path)["records"]}

    assert result.ret == 1
    assert "3 errors" in text
    assert "passed" not in text
    for words in (
        "the audit ended without a verdict: end it with verdict.at_most(estimate) or verdict.at_least(estimate)",
        "evidence has no 'confidense'. Did you mean 'confidence'",
        "evidence has no column 'top_two_gapp'. Did you mean 'top_two_gap'",
    ):
        assert words in text
        assert any(words in reason for reason in reasons.values())


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("openness.name", "openness.end", "audit key 'openness.end' stands twice"),
        (
            '@pytest.mark.audit("openness.end")',
            '@pytest.mark.audit("openness.end")\n@pytest.mark.needs("facters")',
            "Did you mean 'factors'",
        ),
        ('"""Openness: a property of nobody."""', "", "test_openness.py has no docstring"),
        ('    """It forgets the verdict."""\n', "", "test_it_forgets_the_verdict has no docstring"),
    ],
)
def test_a_mistake_at_the_head_of_an_audit_is_refused(ask: Ask, right: str, wrong: str, words: str) -> None:
    result = ask(AUDITS.replace(right, wrong))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert words in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


CHANGED = '''"""Openness: a property of nobody."""

import pytest

from audits.measures.estimate import proportion
from fixtures.views.view import View

VIEWS = [View("brightness", 0.97), View("corruption_gaussian_noise", 5), View("brightness", 0.99), View("pgd_linf", 128)]


@pytest.mark.audit("openness.changed")
@pytest.mark.needs("labels")
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_it_stays_as_it_is(evidence, reference, verdict):
    """It stays as it is."""
    verdict.at_most(proportion(evidence.prediction != reference.prediction))
'''


def test_pictures_of_an_authors_audit_are_of_the_view_that_changes_most_and_is_no_attack(ask: Ask, pytester: pytest.Pytester) -> None:
    result = ask(CHANGED)
    run = run_file(pytester.path)
    changed = {record["view"]: record["value"] for record in run["records"] if record["verdict"] in ("violated", "undecided")}

    assert result.ret == 1
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert max(changed, key=changed.__getitem__) == "pgd_linf=128"
    assert changed["corruption_gaussian_noise=5"] > changed["brightness=0.97"]
    assert [exhibit["view"] for exhibit in run["exhibits"] if exhibit.get("audit")] == ["corruption_gaussian_noise=5"]

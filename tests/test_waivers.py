"""A waiver is needless only when everything that it covers was judged, and nothing of that needed it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.policy import Policy, Waiver, load_policy
from fixtures.waivers import with_needless_marked
from reports.record import Record

WAIVER = '[[waivers]]\naudit = "{}"\nowner = "{}"\nreason = "known"\nexpires = 2999-01-01\nlimit = 0.3\n'
VIEWS = ("clean", "blur=1", "blur=2")
EXPECTED = [["invariance.blur", "vit", "photos", view, "id"] for view in VIEWS]


def policy_of(folder: Path, text: str) -> Policy:
    (folder / "p.toml").write_text(text)
    return load_policy(folder / "p.toml", folder / "p.toml")


def records(*verdicts: str) -> list[Record]:
    """One record a view; an empty verdict leaves its view out."""
    pairs = zip(VIEWS, verdicts, strict=True)
    return [Record("invariance.blur", "", "vit", "photos", view, verdict) for view, verdict in pairs if verdict]


def nothing(_: Waiver) -> bool:
    return False


def needless(policy: Policy, found: list[Record], unasked: Callable[[Waiver], bool] = nothing) -> list[str]:
    marked = with_needless_marked(policy, unasked, EXPECTED, found)
    assert [record.verdict for record in marked] == [record.verdict for record in found]
    return [record.waiver["reason"] for record in marked if record.waiver]


def test_it_is_told_once_however_many_views_hold(tmp_path: Path) -> None:
    (words,) = needless(policy_of(tmp_path, WAIVER.format("invariance.*", "Ada")), records("holds", "holds", "holds"))

    assert words == "invariance.* now holds: delete the waiver of Ada (known; until 2999-01-01)"


@pytest.mark.parametrize("last", ["violated", "undecided", "waived", "error", ""])
def test_one_view_that_does_not_hold_or_was_not_run_keeps_it(tmp_path: Path, last: str) -> None:
    assert needless(policy_of(tmp_path, WAIVER.format("invariance.*", "Ada")), records("holds", "holds", last)) == []


def test_a_view_without_a_bound_never_needs_it(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, WAIVER.format("invariance.*", "Ada"))

    assert len(needless(policy, records("holds", "reported", "reported"))) == 1
    assert needless(policy, records("reported", "reported", "reported")) == []


def test_only_its_own_views_count(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, WAIVER.format("invariance.blur", "Ada") + 'view = "blur=*"\n')

    assert needless(policy, records("waived", "holds", "holds")) == [
        "invariance.blur under blur=* now holds: delete the waiver of Ada (known; until 2999-01-01)"
    ]


def test_two_of_one_case_are_both_told(tmp_path: Path) -> None:
    two = "".join(
        WAIVER.format("*", owner) + f'view = "clean"\ncovers = "{kind}"\n' for owner, kind in (("Ada", "violated"), ("Bo", "undecided"))
    )

    (words,) = needless(policy_of(tmp_path, two), records("holds", "waived", "waived"))

    assert "waiver of Ada" in words
    assert "waiver of Bo" in words


def test_what_the_run_is_not_about_keeps_it(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, WAIVER.format("*", "Ada"))

    assert needless(policy, records("holds", "holds", "holds"), lambda waiver: waiver.owner == "Ada") == []

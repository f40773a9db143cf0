"""An interval inside its bound holds, outside is violated, across is undecided; a waiver helps as far as it reaches."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audits.measures.estimate import Estimate, exact
from fixtures.policy import Policy, load_policy
from fixtures.verdicts import BoundViolated, Direction, Reported, Undecided, WaiverExceeded, judge, judged
from reports.record import Record

BLANK = Record(audit="calibration.ece", claim="", backbone="vit", dataset="photos", view="clean", verdict="error")
finite = st.floats(-10, 10)


def policy_of(folder: Path, text: str) -> Policy:
    (folder / "p.toml").write_text('[bounds."calibration.ece"]\nbound = 0.10\nreason = "a need"\n' + text)
    return load_policy(folder / "p.toml", folder / "p.toml")


def estimate(low: float, high: float) -> Estimate:
    return Estimate(value=(low + high) / 2, low=low, high=high, n=400, method="wilson")


@pytest.mark.parametrize(
    ("low", "high", "verdict", "ending"),
    [(0.01, 0.10, "holds", None), (0.11, 0.2, "violated", BoundViolated), (0.05, 0.2, "undecided", Undecided)],
)
def test_where_the_interval_lies_decides(tmp_path: Path, low: float, high: float, verdict: str, ending: type | None) -> None:
    record, exception = judged(BLANK, estimate(low, high), "at_most", policy_of(tmp_path, ""))

    assert record.verdict == verdict
    assert type(exception) is (ending or type(None))
    assert (record.bound, record.reason, record.n) == (0.10, "a need", 400)


@given(finite, finite, finite)
def test_at_least_is_at_most_turned_round(low: float, high: float, bound: float) -> None:
    assume(low <= high)
    turned = Estimate(value=0, low=-high, high=-low, n=1)

    assert judge(Estimate(value=0, low=low, high=high, n=1), bound, "at_most") == judge(turned, -bound, "at_least")


@given(finite, finite)
def test_an_exact_number_is_never_undecided(value: float, bound: float) -> None:
    assert judge(exact(value, 1), bound, "at_most") == ("holds" if value <= bound else "violated")


def test_nan_is_not_judged() -> None:
    with pytest.raises(ValueError, match=r"(?i)nan|finite"):
        judge(Estimate(value=0.1, low=float("nan"), high=0.2, n=3, method="wilson"), 0.5, "at_most")


def test_the_failure_is_one_sentence(tmp_path: Path) -> None:
    _, violated = judged(BLANK, Estimate(value=0.315, low=0.276, high=0.363, n=400, method="wilson"), "at_most", policy_of(tmp_path, ""))
    _, undecided = judged(BLANK, Estimate(value=0.12, low=0.05, high=0.19, n=1400, method="wilson"), "at_most", policy_of(tmp_path, ""))

    words = "calibration.ece = 0.315 (95 % 0.276 to 0.363, 400 images) must be at most 0.100: violated [vit, photos, clean]"
    assert str(violated) == words
    assert "undecided [vit, photos, clean]; about" in str(undecided)
    assert str(undecided).endswith("images would decide")


def test_undecided_may_only_warn(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('undecided = "warn"\n[bounds."calibration.ece"]\nbound = 0.10\nreason = "a"\n')
    record, exception = judged(BLANK, estimate(0.05, 0.2), "at_most", load_policy(tmp_path / "p.toml", tmp_path / "p.toml"))

    assert (record.verdict, exception) == ("undecided", None)


def test_without_a_bound_the_number_is_reported(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("")
    record, exception = judged(BLANK, estimate(0.05, 0.2), "at_most", load_policy(tmp_path / "p.toml", tmp_path / "p.toml"))

    assert record.verdict == "reported"
    assert isinstance(exception, Reported)


WAIVER = '[[waivers]]\naudit = "calibration.ece"\nowner = "Ada"\nreason = "known"\nexpires = 2999-01-01\nlimit = 0.3\ncovers = "{}"\n'


@pytest.mark.parametrize(
    ("covers", "low", "high", "verdict", "ending"),
    [
        ("violated", 0.15, 0.25, "waived", BoundViolated),
        ("violated", 0.15, 0.35, "violated", WaiverExceeded),
        ("violated", 0.05, 0.25, "undecided", Undecided),
        ("violated", 0.01, 0.05, "holds", type(None)),
        ("undecided", 0.05, 0.25, "waived", Undecided),
        ("undecided", 0.15, 0.25, "violated", BoundViolated),
    ],
)
def test_a_waiver_covers_one_verdict_up_to_its_limit(
    tmp_path: Path, covers: str, low: float, high: float, verdict: str, ending: type
) -> None:
    record, exception = judged(BLANK, estimate(low, high), "at_most", policy_of(tmp_path, WAIVER.format(covers)))

    assert record.verdict == verdict
    assert type(exception) is ending


@pytest.mark.parametrize(("low", "high", "ending"), [(0.15, 0.25, BoundViolated), (0.05, 0.25, Undecided)])
def test_of_two_waivers_the_one_for_the_verdict_is_taken(tmp_path: Path, low: float, high: float, ending: type) -> None:
    policy = policy_of(tmp_path, WAIVER.format("undecided") + WAIVER.format("violated"))

    record, exception = judged(BLANK, estimate(low, high), "at_most", policy)

    assert record.verdict == "waived"
    assert type(exception) is ending


def test_a_waiver_of_the_other_verdict_says_what_it_covers(tmp_path: Path) -> None:
    _, violated = judged(BLANK, estimate(0.15, 0.25), "at_most", policy_of(tmp_path, WAIVER.format("undecided")))
    _, undecided = judged(BLANK, estimate(0.05, 0.25), "at_most", policy_of(tmp_path, WAIVER.format("violated")))

    assert str(violated).endswith("violated [vit, photos, clean]; the waiver of Ada covers only undecided")
    assert str(undecided).endswith("; the waiver of Ada covers only violated")


@pytest.mark.parametrize(
    ("direction", "low", "high", "words"),
    [("at_most", 0.2, 0.4, "reaches only up to 0.300"), ("at_least", 0.01, 0.05, "reaches only down to 0.300")],
)
def test_a_limit_reaches_away_from_the_bound(tmp_path: Path, direction: Direction, low: float, high: float, words: str) -> None:
    _, exceeded = judged(BLANK, estimate(low, high), direction, policy_of(tmp_path, WAIVER.format("violated")))

    assert isinstance(exceeded, WaiverExceeded)
    assert words in str(exceeded)

"""An interval inside its bound holds, outside is violated, across is undecided; a waiver helps as far as it reaches."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audits.measures.estimate import Estimate, exact, wilson
from fixtures.errors import BadInput
from fixtures.policy import Policy, load_policy
from fixtures.verdicts import BoundViolated, Direction, Reported, Undecided, WaiverExceeded, judge, judge_beyond, judged
from reports.record import Record, within_envelope

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


@pytest.mark.parametrize(("low", "high"), [(0.01, 0.09), (0.11, 0.2), (0.09, 0.2), (0.101, 0.2)])
def test_a_judged_record_says_how_sure_a_violation_is(tmp_path: Path, low: float, high: float) -> None:
    record, _ = judged(BLANK, estimate(low, high), "at_most", policy_of(tmp_path, ""))

    assert record.p_violated is not None
    assert (record.p_violated < 0.025) == (record.verdict == "violated")


def test_what_is_only_reported_has_no_p(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("")

    assert judged(BLANK, estimate(0.05, 0.2), "at_most", load_policy(tmp_path / "p.toml", tmp_path / "p.toml"))[0].p_violated is None


@given(finite, finite, finite)
def test_at_least_is_at_most_turned_round(low: float, high: float, bound: float) -> None:
    assume(low <= high)
    turned = Estimate(value=0, low=-high, high=-low, n=1)

    assert judge(Estimate(value=0, low=low, high=high, n=1), bound, "at_most") == judge(turned, -bound, "at_least")


@given(finite, finite)
def test_an_exact_number_is_never_undecided(value: float, bound: float) -> None:
    assert judge(exact(value, 1), bound, "at_most") == ("holds" if value <= bound else "violated")


@pytest.mark.parametrize("method", ["bootstrap", "jackknife", "wilson"])
def test_nothing_holds_by_an_interval_of_no_width(method: str) -> None:
    """A method that saw no spread has not shown that there is none; outside of the bound it is outside all the same."""
    certain = Estimate(value=0.5, low=0.5, high=0.5, n=400, method=method)

    with pytest.raises(BadInput, match="has no width"):
        judge(certain, 0.6, "at_most")
    with pytest.raises(BadInput, match="has no width"):
        judge(certain, 0.5, "at_least")
    assert judge(certain, 0.4, "at_most") == "violated"


@pytest.mark.parametrize(
    "certain",
    [
        Estimate(value=5.0, low=5.0, high=5.0, n=200, method="inverted"),
        Estimate(value=5.0, low=5.0, high=5.0, n=9, method="order", timing=True),
    ],
)
def test_what_ends_where_its_trials_end_may_hold_without_width(certain: Estimate) -> None:
    assert judge(certain, 4.0, "at_least") == "holds"


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


@pytest.mark.parametrize("timing", [True, False])
def test_a_timing_is_marked_as_one_whatever_its_detail_says(tmp_path: Path, timing: bool) -> None:
    timed = Estimate(value=0.0, low=0.0, high=0.0, n=1, detail={"device": "of an author's own"}, timing=timing)

    assert judged(BLANK, timed, "at_most", policy_of(tmp_path, ""))[0].timing is timing


def test_undecided_may_only_warn(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('undecided = "warn"\n[bounds."calibration.ece"]\nbound = 0.10\nreason = "a"\n')
    record, exception = judged(BLANK, estimate(0.05, 0.2), "at_most", load_policy(tmp_path / "p.toml", tmp_path / "p.toml"))

    assert (record.verdict, exception) == ("undecided", None)


def test_without_a_bound_the_number_is_reported(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("")
    record, exception = judged(BLANK, estimate(0.05, 0.2), "at_most", load_policy(tmp_path / "p.toml", tmp_path / "p.toml"))

    assert record.verdict == "reported"
    assert isinstance(exception, Reported)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "ending"),
    [
        (0.01, 0.079, "holds", type(None)),
        (0.01, 0.081, "undecided", Undecided),
        (0.119, 0.2, "undecided", Undecided),
        (0.121, 0.2, "violated", BoundViolated),
    ],
)
def test_no_verdict_is_finer_than_the_envelope(tmp_path: Path, low: float, high: float, verdict: str, ending: type) -> None:
    """0.02 to either side of the bound of 0.10."""
    record, exception = judged(BLANK, estimate(low, high), "at_most", policy_of(tmp_path, ""), lambda _: 0.02)

    assert record.verdict == verdict
    assert type(exception) is ending
    assert record.envelope == 0.02
    assert record.p_violated is not None
    assert (record.p_violated < 0.025) == (verdict == "violated")
    assert within_envelope(record) == (verdict == "undecided")


@pytest.mark.parametrize("envelope", [None, 0.0])
def test_where_nothing_moves_or_nobody_knows_the_interval_alone_decides(tmp_path: Path, envelope: float | None) -> None:
    with_it, _ = judged(BLANK, estimate(0.01, 0.0999), "at_most", policy_of(tmp_path, ""), lambda _: envelope)
    without, _ = judged(BLANK, estimate(0.01, 0.0999), "at_most", policy_of(tmp_path, ""))

    assert with_it == replace(without, envelope=envelope)
    assert with_it.verdict == "holds"


def test_the_sentence_says_that_the_machine_moves_more_than_what_is_left(tmp_path: Path) -> None:
    _, undecided = judged(BLANK, estimate(0.03, 0.09), "at_most", policy_of(tmp_path, ""), lambda _: 0.02)

    assert str(undecided) == (
        "calibration.ece = 0.060 (95 % 0.030 to 0.090, 400 images) must be at most 0.100: undecided [vit, photos, clean]; it clears "
        "the bound by less than the same images asked in another way may move it (0.020); about 900 images would decide"
    )


@pytest.mark.parametrize(("low", "high", "images"), [(0.05, 0.13, None), (0.09, 0.13, None), (0.02, 0.09, 790)])
def test_more_images_are_said_to_decide_only_where_they_can(tmp_path: Path, low: float, high: float, images: int | None) -> None:
    """They narrow an interval, and no number of them brings a score nearer than the envelope to one side of its bound."""
    record, _ = judged(BLANK, estimate(low, high), "at_most", policy_of(tmp_path, ""), lambda _: 0.02)

    assert (record.verdict, record.decides_at) == ("undecided", images)


def test_images_that_decide_are_counted_from_the_middle_of_a_biased_score(tmp_path: Path) -> None:
    """A calibration error comes out too large, and may lie above its own interval."""
    biased = Estimate(0.06, 0.0, 0.052, 400, method="inverted bins")
    policy = policy_of(tmp_path, "")
    bound = 0.05

    record, _ = judged(BLANK, replace(biased, value=0.06 + 0.05, low=0.05, high=0.102), "at_most", policy, lambda _: 0.005)

    middle, half, limit = 0.026 + bound, 0.026, 2 * bound - 0.005  # the policy's bound is 0.1
    assert record.verdict == "undecided"
    assert record.decides_at == pytest.approx(400 * (half / (limit - middle)) ** 2, rel=0.05)
    assert record.decides_at > 400


@pytest.mark.parametrize(("direction", "bound", "hits"), [("at_least", 0.0, 0), ("at_least", 0.0, 1), ("at_most", 1.0, 400)])
def test_a_bound_at_the_end_of_the_scale_is_kept_whatever_moves(direction: Direction, bound: float, hits: int) -> None:
    assert judge_beyond(wilson(hits, 400), bound, direction, 0.3) == "holds"


@given(finite, finite, finite, st.floats(0, 5))
def test_an_envelope_only_takes_verdicts_away(low: float, high: float, bound: float, envelope: float) -> None:
    assume(low < high)
    one = Estimate(value=low, low=low, high=high, n=9, method="bootstrap")
    alone, beyond = (judge_beyond(one, bound, "at_most", moved) for moved in (None, envelope))

    assert beyond in (alone, "undecided")
    if beyond == "holds":
        assert high <= bound - envelope or high + envelope <= bound


def test_a_waiver_reaches_no_finer_than_the_envelope(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, WAIVER.format("violated"))

    inside, ending = judged(BLANK, estimate(0.15, 0.27), "at_most", policy, lambda _: 0.02)
    across, exceeded = judged(BLANK, estimate(0.15, 0.29), "at_most", policy, lambda _: 0.02)

    assert (inside.verdict, type(ending)) == ("waived", BoundViolated)
    assert (across.verdict, type(exceeded)) == ("violated", WaiverExceeded)


def test_the_envelope_of_what_has_no_bound_is_not_asked_for(tmp_path: Path) -> None:
    """It may still have to be measured."""

    def never(_: Estimate) -> float:
        raise AssertionError

    (tmp_path / "p.toml").write_text("")

    record, _ = judged(BLANK, estimate(0.05, 0.2), "at_most", load_policy(tmp_path / "p.toml", tmp_path / "p.toml"), never)

    assert record.verdict == "reported"


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

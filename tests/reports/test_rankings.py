"""Where the backbones of a run stand by property: what the records say, what does not enter, and that they are no claims."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audits.measures.estimate import proportion
from audits.measures.rank_correlation import FEWEST
from audits.ranking import ranked
from reports import markdown
from reports.card import scores_of
from reports.claims import records_of
from reports.compare import compared, exit_code, side
from reports.html import render
from reports.kept import packed
from reports.rankings import FEWEST_CORRELATED, from_records, line, z_words
from reports.record import Record, write_run
from reports.releases import releases_in
from reports.trends import trends_of
from tests.reports.pages import read_page
from tests.reports.sample import BACKBONES, sample_run

NAMES = ("a", "b", "c", "d")
VALUES = (0.9, 0.8, 0.7, 0.4)


def record(backbone: str, value: float, audit: str = "accuracy.top1", room: float = 0.001, **more: Any) -> Record:
    given: dict[str, Any] = {"claim": "A claim.", "dataset": "shapes", "view": "clean", "verdict": "holds", "direction": "at_least"}
    ends = {"value": value, "low": value - room, "high": value + room, "confidence_level": 0.95, "n": 500, "method": "wilson"}
    return Record(audit=audit, backbone=backbone, **{**given, **ends, **more})


def asked(audit: str, values: Sequence[float], **more: Any) -> list[Record]:
    return [record(name, value, audit, **more) for name, value in zip(NAMES, values, strict=False)]


def parameters(values: Sequence[float]) -> list[Record]:
    return asked("efficiency.parameters", values, room=0, direction="at_most", method="exact", n=1)


def ranking(records: Sequence[Record], backbones: Sequence[str] = NAMES, **pretraining: int) -> dict[str, dict[str, Record]]:
    """The records of a ranking by their audit and backbone."""
    found: dict[str, dict[str, Record]] = {}
    for one in ranked(records, [], backbones, pretraining):
        found.setdefault(one.audit, {})[one.backbone] = one
    return found


def values(records: dict[str, Record]) -> list[float]:
    return [one.value if one.value is not None else float("nan") for one in records.values()]


def test_a_group_counts_the_mean_of_its_settings_and_better_is_positive_whichever_way_better_lies() -> None:
    up, down = asked("accuracy.top1", VALUES), asked("accuracy.error", VALUES, direction="at_most")
    one, both = ranking(up), ranking([*up, *down])

    z = (np.array(VALUES) - np.mean(VALUES)) / np.std(VALUES)
    assert values(one["ranking.z_score[accuracy]"]) == pytest.approx(z.tolist())
    assert values(one["ranking.rank[accuracy]"]) == [1, 2, 3, 4]
    assert values(both["ranking.z_score[accuracy]"]) == pytest.approx([0] * 4, abs=1e-9)
    assert all(each.verdict == "reported" and each.bound is None for of in both.values() for each in of.values())


@pytest.mark.parametrize(
    "change",
    [{"timing": True}, {"direction": None}, {"verdict": "error"}, {"value": None}, {"low": 0.8, "high": 0.8}],
    ids=["a timing", "neither way is better", "an error", "no score", "a sampled number of no width"],
)
def test_what_puts_backbones_in_no_order_does_not_enter(change: dict[str, Any]) -> None:
    whole, broken = asked("accuracy.top1", VALUES), asked("accuracy.top5", VALUES[::-1])
    broken[2] = replace(broken[2], **change)

    assert ranking([*whole, *broken]) == ranking(whole)


def test_a_setting_that_one_backbone_lacks_does_not_enter_nor_does_a_run_of_one_have_a_ranking() -> None:
    whole, lacking = asked("accuracy.top1", VALUES), asked("accuracy.top1", VALUES[::-1], dataset="shapes_shifted")[1:]

    assert ranking([*whole, *lacking]) == ranking(whole)
    assert ranking(whole[:1], NAMES[:1]) == {}
    assert ranking(whole[:3]) == {}  # the fourth of the run was measured on nothing


def test_two_backbones_have_a_ranking_and_no_correlations() -> None:
    found = ranking([*asked("accuracy.top1", VALUES), *asked("calibration.ece", VALUES, direction="at_most")], NAMES[:2])

    assert values(found["ranking.z_score[accuracy]"]) == pytest.approx([1, -1])
    assert values(found["ranking.rank[calibration]"]) == [2, 1]
    assert not any("spearman" in audit for audit in found)


def test_the_same_images_tell_apart_what_two_intervals_do_not() -> None:
    hits = np.ones((3, 400), dtype=bool)
    hits[0, :60], hits[1, :80], hits[2, :100] = False, False, False
    estimates, records = {}, []
    for name, own in zip(NAMES, hits, strict=False):
        found = proportion(own, range(400))
        records.append(record(name, found.value, low=found.low, high=found.high, n=400))
        estimates["accuracy.top1", name, "shapes", "clean"] = found

    paired, apart = (list(ranked(records, contents, NAMES[:3], {})) for contents in ([packed(estimates)], []))

    places = [[(one.low, one.high) for one in told if one.audit == "ranking.rank[accuracy]"] for told in (paired, apart)]
    assert places == [[(1, 1), (2, 2), (3, 3)], [(1, 2), (1, 3), (2, 3)]]
    assert {one.n for one in paired} == {400}


def test_all_together_is_the_mean_of_properties_with_a_sure_difference_and_cost_is_apart() -> None:
    sure = [*asked("accuracy.top1", VALUES), *asked("accuracy.top5", VALUES), *asked("calibration.ece", VALUES[::-1])]
    noise, cost = asked("determinism.batch", VALUES, room=0.9), parameters((80, 90, 20, 10))

    found = ranking([*sure, *noise, *cost])

    assert values(found["ranking.z_score[all]"]) == pytest.approx(
        np.mean([values(found[f"ranking.z_score[{name}]"]) for name in ("accuracy", "calibration")], axis=0).tolist()
    )
    assert found["ranking.z_score[all]"]["a"].detail == {"settings": 3, "backbones": 4, "sure": True, "groups": ["accuracy", "calibration"]}
    assert found["ranking.z_score[efficiency]"]["d"].method == "exact"
    assert values(found["ranking.rank[efficiency]"]) == [3, 4, 2, 1]
    assert not any("efficiency" in audit for audit in found if "spearman" in audit)


def test_where_nothing_is_sure_all_together_still_says_so() -> None:
    found = ranking([*asked("accuracy.top1", VALUES, room=0.9), *asked("calibration.ece", VALUES, room=0.9)])

    assert {(one.low, one.high) for one in found["ranking.rank[all]"].values()} == {(1, 4)}


def test_correlations_are_between_properties_and_with_what_else_is_known_of_at_least_four() -> None:
    records = [*asked("accuracy.top1", VALUES), *asked("calibration.ece", VALUES, direction="at_most"), *parameters((40, 30, 20, 10))]

    found = ranking(records, a=4_000, b=3_000, c=2_000)

    told = {audit: of[""] for audit, of in found.items() if "spearman" in audit}
    assert {audit.partition("[")[2]: one.value for audit, one in told.items()} == {
        "accuracy~calibration]": pytest.approx(-1),
        "accuracy~parameters]": pytest.approx(1),
        "calibration~parameters]": pytest.approx(-1),
    }  # of all together all are alike, and of three backbones nothing is said
    one = told["ranking.spearman[accuracy~parameters]"]
    assert (one.n, one.low, one.high) == (4, pytest.approx(1), pytest.approx(1))
    assert one.detail is not None
    assert one.detail["p"] == pytest.approx(2 / 24)
    assert one.detail["of"]["a"][1] == 40


def test_small_backbones_have_a_league_of_their_own_where_some_are_and_some_are_not() -> None:
    settings = [*asked("accuracy.top1", VALUES), *asked("robustness.shift", VALUES)[2:]]
    found = ranking([*settings, *parameters((86, 30, 29.9, 5))])

    assert list(found["ranking.z_score_small[accuracy]"]) == ["c", "d"]
    assert values(found["ranking.rank_small[robustness]"]) == [1, 2]  # asked of these two only
    for few in ((86, 30, 30, 5), (1, 2, 3, 4)):
        assert not any("small" in audit for audit in ranking([*settings, *parameters(few)]))


def test_the_order_in_which_workers_were_done_changes_nothing() -> None:
    run = sample_run(BACKBONES, pictures=False)
    records = records_of(run)

    one, other = (list(ranked(each, [], BACKBONES, {})) for each in (records, records[::-1]))

    assert [each.to_json() for each in one] == [each.to_json() for each in other]


def test_records_of_a_ranking_are_no_claims_of_any_backbone() -> None:
    run = sample_run(BACKBONES, pictures=False)
    kinds = {one["audit"].partition("[")[0] for one in run["records"] if one["audit"].startswith("ranking.")}
    records = records_of(run)
    now = side("now", records, {}, run["provenance"])

    assert kinds == {"ranking.z_score", "ranking.rank", "ranking.spearman"}
    assert not any(one.audit.startswith("ranking.") for one in (*records, *scores_of(run), *compared(now, now)))
    assert {one.backbone for one in records} == set(BACKBONES)
    assert exit_code(compared(now, now)) in (0, 2)
    assert not any("ranking." in row for row in markdown.render(run).splitlines() if row.startswith("| "))


def test_a_history_draws_no_ranking_which_is_of_other_backbones_each_time(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        write_run(tmp_path / name / "run.json", sample_run(BACKBONES[: 2 if name == "v1" else 3], pictures=False))
    releases = releases_in(tmp_path)

    drawn = {trend.newest.family for trend in trends_of(releases, None)}

    assert "accuracy.top1" in drawn
    assert not any(family.startswith("ranking.") for family in drawn)


def long_run() -> dict[str, Any]:
    """A run as a report has it, of two large and two small backbones."""
    run = sample_run(BACKBONES, pictures=False)
    sizes = dict(zip(BACKBONES, (86.6, 88.6, 22.1, 28.6), strict=True))
    counted = [
        record(name, size, "efficiency.parameters", 0, direction="at_most", method="exact", n=1, verdict="reported")
        for name, size in sizes.items()
    ]
    records = [*records_of(run), *counted]
    pretraining: dict[str, int] = dict(zip(BACKBONES, (14_197_122, 1_281_167, 400_000_000, 142_000_000), strict=True))
    run["records"] = [json.loads(one.to_json()) for one in (*records, *ranked(records, [], BACKBONES, pretraining))]
    return run


def test_the_page_and_the_text_show_both_leagues_and_what_goes_with_what() -> None:
    run = long_run()
    text, lines = read_page(render(run)).text.replace("\N{NO-BREAK SPACE}", " "), markdown.render(run).splitlines()
    side = text[text.rindex("Side by side") : text.rindex("All claims")]

    assert side.index("Ranking In every setting") < side.index("Ranking of the small ones") < side.index("Claim by claim")
    assert "Rank correlations (" in side
    assert "all properties and pretraining images" in side
    assert "#### Ranking of the small ones: fewer than 30 million parameters" in lines
    assert any(one.startswith("* accuracy and invariance: ") and one.endswith(" 4 backbones") for one in lines)


def test_a_page_of_three_backbones_says_why_nothing_is_correlated() -> None:
    page = read_page(render(sample_run(BACKBONES[:3], pictures=False))).text

    assert "There are no rank correlations: of fewer than 4 backbones they say nothing." in page
    assert FEWEST_CORRELATED == FEWEST


def test_the_terminal_says_in_one_line_who_is_ahead() -> None:
    run = long_run()
    told = line([Record.from_json(json.dumps(one)) for one in run["records"]])

    assert told.startswith("Ranking, mean z over 4 properties: shapes_")
    assert told.count("rank ") == 4
    assert line(records_of(run)) == ""


def test_a_run_of_an_older_suite_has_no_ranking_and_its_report_is_made() -> None:
    run = sample_run(BACKBONES, pictures=False)
    run["records"] = [one for one in run["records"] if not one["audit"].startswith("ranking.")]

    assert from_records(records_of(run)).tables == []
    assert "Claim by claim" in read_page(render(run)).text


def test_one_property_is_not_shown_twice() -> None:
    found = from_records(ranked(asked("accuracy.top1", VALUES), [], NAMES, {}))

    assert [row.name for row in found.rows] == ["accuracy"]


def test_backbones_that_are_as_far_ahead_as_behind_share_a_place_whatever_rounding_does() -> None:
    settings = [asked("accuracy.top1", (0.1 + 0.2, 0.1)), asked("accuracy.top5", (0.1, 0.3)), asked("accuracy.real", (0.7, 0.7))]
    found = ranking([one for own in settings for one in own], NAMES[:2])

    assert values(found["ranking.z_score[accuracy]"]) == [0.0, 0.0]
    assert values(found["ranking.rank[accuracy]"]) == [1, 1]
    assert z_words(-0.0004) == "0.00"

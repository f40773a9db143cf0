"""A sound policy says which bound and which waiver a case has; what an overlay says wins, and what it does not say stays."""

from pathlib import Path

import pytest

from fixtures.contradictions import check_policy
from fixtures.errors import UserError
from fixtures.policy import bound_for, load_policy, shipped, waiver_for
from tests.policies import ALL, CLAIMS, ECE, SHIPPED, TODAY, WAIVER, policy_of


def test_the_narrowest_bound_that_stands_last_wins(tmp_path: Path) -> None:
    policy = policy_of(
        tmp_path,
        """
[bounds."calibration.ece"]
bound = 0.05
reason = "a need"
[[bounds."calibration.ece".only]]
dataset = "imagenet_*"
bound = 0.10
[[bounds."calibration.ece".only]]
view = "blur=*"
bound = 0.20
reason = "harder"
[bounds."mistakes.error_ratio[*]"]
bound = 2.0
reason = "twice"
[bounds."accuracy.top1"]
reason = "only where the product says"
only = [{ dataset = "shelves", bound = 0.9 }]
""",
    )

    assert bound_for(policy, "calibration.ece", "vit", "photos", "clean") == (0.05, "a need")
    assert bound_for(policy, "calibration.ece", "vit", "imagenet_r", "clean") == (0.10, "a need")
    assert bound_for(policy, "calibration.ece", "vit", "imagenet_r", "blur=2") == (0.20, "harder")
    assert bound_for(policy, "mistakes.error_ratio[texture]", "vit", "x", "clean") == (2.0, "twice")
    assert bound_for(policy, "accuracy.top1", "vit", "photos", "clean") is None
    assert bound_for(policy, "calibration.nll", "vit", "photos", "clean") is None


def test_an_overlay_keeps_what_it_does_not_say(tmp_path: Path) -> None:
    default = 'undecided = "warn"\nfalse_red = 0.1\n[depth]\nimages_per_view = 700\n'
    default += '[bounds."calibration.ece"]\nbound = 0.05\nreason = "a"\n[bounds."calibration.nll"]\nbound = 1\nreason = "b"\n'
    policy = policy_of(tmp_path, 'extends = "default"\n[bounds."calibration.ece"]\nbound = 0.5\nreason = "c"\n', default)

    assert (policy.undecided, policy.false_red) == ("warn", 0.1)
    assert policy.depth.images_per_view == 700
    assert policy_of(tmp_path, 'extends = "default"\nfalse_red = 0.01\n', default).false_red == 0.01
    assert bound_for(policy, "calibration.ece", "", "", "clean") == (0.5, "c")
    assert bound_for(policy, "calibration.nll", "", "", "clean") == (1, "b")
    assert policy_of(tmp_path, "", default).bounds == {}


@pytest.mark.parametrize(("name", "severities"), [("quick", (3,)), ("full", (1, 2, 3, 4, 5))])
def test_shipped_policies_differ_in_depth_alone(name: str, severities: tuple[int, ...]) -> None:
    policy, default = load_policy(shipped(SHIPPED)[name], SHIPPED), load_policy(None, SHIPPED)

    assert policy.name == name
    assert policy.depth.severities == severities
    assert (policy.depth.attacks, policy.depth.attack_images, policy.depth.attack_restarts) == ("screen", 128, 1)
    assert policy.digest != default.digest
    assert (policy.bounds, policy.required, policy.waivers) == (default.bounds, default.required, default.waivers)


def test_a_file_extends_any_shipped_policy(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "quick"\n[depth]\nimages_per_view = 50\n')
    depth = load_policy(tmp_path / "mine.toml", SHIPPED).depth

    assert (depth.images_per_view, depth.severities) == (50, (3,))


def test_a_key_of_an_overlay_takes_the_place_of_the_whole_key(tmp_path: Path) -> None:
    narrower = 'only = [{ dataset = "imagenet_r", bound = 0.10 }]\n'
    whole = policy_of(tmp_path, 'extends = "default"\n' + ECE.replace("0.05", "0.5"), ECE + narrower)
    parts = policy_of(tmp_path, 'extends = "default"\n' + ECE.replace("bound = 0.05\n", "") + narrower, ECE + narrower.replace("_r", "_a"))

    assert bound_for(whole, "calibration.ece", "vit", "imagenet_r", "clean") == (0.5, "a")
    assert bound_for(parts, "calibration.ece", "vit", "imagenet_r", "clean") == (0.10, "a")
    assert bound_for(parts, "calibration.ece", "vit", "imagenet_a", "clean") is None


def test_the_last_key_that_matches_an_audit_wins(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, ALL + ECE)

    check_policy(policy, CLAIMS, ["vit"], ["imagenet_val"], TODAY)
    assert bound_for(policy, "calibration.ece", "vit", "photos", "clean") == (0.05, "a")
    assert bound_for(policy, "calibration.nll", "vit", "photos", "clean") == (0.0, "strict")


def test_a_pattern_of_an_overlay_wins_over_every_key_of_its_base(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, 'extends = "default"\n' + ALL, ECE)

    check_policy(policy, CLAIMS, ["vit"], ["imagenet_val"], TODAY)
    assert bound_for(policy, "calibration.ece", "vit", "photos", "clean") == (0.0, "strict")


def test_a_key_of_an_overlay_stands_where_the_overlay_has_it(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, 'extends = "default"\n' + ALL + ECE.replace("0.05", "0.5"), ECE)

    assert bound_for(policy, "calibration.ece", "vit", "photos", "clean") == (0.5, "a")
    assert bound_for(policy, "calibration.nll", "vit", "photos", "clean") == (0.0, "strict")


def test_a_changed_number_changes_the_digest(tmp_path: Path) -> None:
    one = policy_of(tmp_path, '[bounds."calibration.ece"]\nbound = 0.05\nreason = "a"\n')
    other = policy_of(tmp_path, '[bounds."calibration.ece"]\nbound = 0.06\nreason = "a"\n')

    assert one.digest != other.digest


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*gate\.toml"):
        load_policy(tmp_path / "gate.toml", SHIPPED)


def test_a_waiver_covers_its_case_only(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, WAIVER)

    check_policy(policy, CLAIMS, ["vit"], ["imagenet_val"], TODAY)
    assert waiver_for(policy, "calibration.ece", "vit", "imagenet_val", "clean") is policy.waivers[0]
    assert waiver_for(policy, "calibration.ece", "convnext", "imagenet_val", "clean") is None
    assert waiver_for(policy, "calibration.nll", "vit", "imagenet_val", "clean") is None


@pytest.mark.parametrize("order", [("violated", "undecided"), ("undecided", "violated")])
def test_waivers_of_two_verdicts_on_one_case_do_not_hide_one_another(tmp_path: Path, order: tuple[str, str]) -> None:
    policy = policy_of(tmp_path, "".join(WAIVER + f'covers = "{covers}"\n' for covers in order))

    check_policy(policy, CLAIMS, ["vit"], ["imagenet_val"], TODAY)
    for covers in order:
        waiver = waiver_for(policy, "calibration.ece", "vit", "imagenet_val", "clean", covers)
        assert waiver is not None
        assert waiver.covers == covers


def test_a_waiver_of_an_overlay_wins_over_that_of_its_base(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, 'extends = "default"\n' + WAIVER.replace("0.08", "0.2"), WAIVER)

    check_policy(policy, CLAIMS, ["vit"], ["imagenet_val"], TODAY)
    waiver = waiver_for(policy, "calibration.ece", "vit", "imagenet_val", "clean", "violated")
    assert waiver is not None
    assert waiver.limit == 0.2


def test_waivers_of_different_cases_stand_side_by_side(tmp_path: Path) -> None:
    views = "".join(WAIVER + f'view = "{view}"\n' for view in ("clean", "blur=*", "rotation=10"))

    check_policy(policy_of(tmp_path, views + WAIVER.replace(".ece", ".nll")), CLAIMS, ["vit"], ["imagenet_val"], TODAY)

"""A policy that cannot mean what it says is refused whole, with one clear line; a sound one says which bound a case has."""

import datetime
from pathlib import Path

import pytest

from fixtures.claims import Claim
from fixtures.contradictions import check_policy
from fixtures.errors import UserError
from fixtures.policy import Policy, bound_for, load_policy, waiver_for

TODAY = datetime.date(2026, 11, 20)
CLAIMS = tuple(
    Claim(key, frozenset(), "test", "file", "", "")
    for key in ("calibration.ece", "calibration.nll", "accuracy.top1", "mistakes.error_ratio[{factor}]")
)
SHIPPED = Path(__file__).resolve().parents[1] / "audits" / "policy.toml"
WAIVER = """
[[waivers]]
audit = "calibration.ece"
backbone = "vit"
limit = 0.08
owner = "Ada"
reason = "recalibrated in March"
expires = 2027-01-31
"""
ECE = '[bounds."calibration.ece"]\nbound = 0.05\nreason = "a"\n'
ALL = '[bounds."calibration.*"]\nbound = 0.0\nreason = "strict"\n'


def policy_of(folder: Path, text: str, default: str = "") -> Policy:
    (folder / "default.toml").write_text(default)
    (folder / "given.toml").write_text(text)
    return load_policy(folder / "given.toml", folder / "default.toml")


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UserError) as refused:
        check_policy(policy_of(folder, text), CLAIMS, ["vit"], ["imagenet_val"], TODAY)
    return str(refused.value)


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
    default = 'undecided = "warn"\n[depth]\nimages_per_view = 700\n'
    default += '[bounds."calibration.ece"]\nbound = 0.05\nreason = "a"\n[bounds."calibration.nll"]\nbound = 1\nreason = "b"\n'
    policy = policy_of(tmp_path, 'extends = "default"\n[bounds."calibration.ece"]\nbound = 0.5\nreason = "c"\n', default)

    assert policy.undecided == "warn"
    assert policy.depth.images_per_view == 700
    assert bound_for(policy, "calibration.ece", "", "", "clean") == (0.5, "c")
    assert bound_for(policy, "calibration.nll", "", "", "clean") == (1, "b")
    assert policy_of(tmp_path, "", default).bounds == {}


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("undecidet = 'fail'", "unknown key 'undecidet'. Did you mean 'undecided'"),
        ("undecided = 'maybe'", "undecided: got 'maybe'"),
        ("digest = 'x'", "unknown key 'digest'"),
        ("files = []", "unknown key 'files'"),
        ("[depth]\nimages_per_vew = 3", "Did you mean 'images_per_view'"),
        (WAIVER.replace("limit", "limt"), "unknown key 'waivers.0.limt'. Did you mean 'limit'?"),
        (WAIVER.replace("reason", "reasons"), "unknown key 'waivers.0.reasons'. Did you mean 'reason'?"),
        (
            WAIVER + "bounds = 1",
            "unknown key 'waivers.0.bounds'. Known: audit, owner, reason, expires, limit, covers, backbone, dataset, view.",
        ),
        (ECE + "onli = []", "unknown key 'bounds.calibration.ece.onli'. Did you mean 'only'?"),
        (ECE + 'owner = "Ada"', "unknown key 'bounds.calibration.ece.owner'. Known: reason, bound, only."),
        (ECE + 'only = [{ bound = 1, vew = "clean" }]', "unknown key 'bounds.calibration.ece.only.0.vew'. Did you mean 'view'?"),
        ('[[required]]\naudit = ["*"]\ndatasets = ["imagenet_val"]', "unknown key 'required.0.audit'. Did you mean 'audits'?"),
        ("".join(f"key_{index} = 1\n" for index in range(9)), "  and 4 more"),
        ("[depth]\nimages_per_view = 0", "depth.images_per_view: got 0; input should be greater than or equal to 1"),
        ("[depth]\nimages_per_view = 1.5", "depth.images_per_view: got 1.5"),
        ('[bounds."calibration.ecce"]\nbound = 1\nreason = "a"', "no audit has the key 'calibration.ecce'. Did you mean 'calibration.ece'"),
        ('[bounds."calibration.ece"]\nbound = 1', "reason is missing"),
        ('[bounds."calibration.ece"]\nbound = "low"\nreason = "a"', "got 'low'"),
        ('[bounds."calibration.ece"]\nbound = nan\nreason = "a"', "got nan; input should be a finite number"),
        ('[bounds."calibration.ece"]\nbound = "0.05"\nreason = "a"', "got '0.05'; input should be a valid number"),
        ('[bounds."calibration.ece"]\nreason = "a"', "neither `bound` nor `only`: it would judge nothing"),
        ('[bounds."mistakes.error_ratio[{factor}]"]\nbound = 1\nreason = "a"', "write 'mistakes.error_ratio[*]'"),
        (ECE + ALL, "bounds.'calibration.ece' never applies: of the keys that match an audit the last wins, and 'calibration.*' comes"),
        (ALL + ECE + ECE.replace(".ece", ".nll"), "bounds.'calibration.*' never applies"),
        (ECE + 'only = [{ view = "rotatoin=*", bound = 0.1 }]', "no view has the form of 'rotatoin=*'. Did you mean 'rotation'"),
        (ECE + 'only = [{ view = "q*", bound = 0.1 }]', "no view has the form of 'q*'. Views: clean, scale,"),
        (ECE + 'only = [{ view = "q*", bound = 0.1 }]', " and 2 more."),
        (ECE + 'only = [{ view = "rotation", bound = 0.1 }]', "view 'rotation' takes a number"),
        (ECE + 'only = [{ view = "rotation=10.0", bound = 0.1 }]', "is written 'rotation=10'"),
        ('[[required]]\naudits = ["calibration.*"]\ndatasets = []', "at least 1 item"),
        ('[[required]]\naudits = ["calibration.*"]\ndatasets = ["imagenet_val"]\nlabel_space = "shapess"', "Did you mean 'shapes'"),
        (WAIVER + 'view = "blurr=2"', "there is no view 'blurr'. Did you mean 'blur'"),
        (WAIVER + WAIVER.replace("0.08", "0.2").replace('"calibration.ece"', '"calibration.*"'), "two waivers for the same case"),
        (
            '[[required]]\naudits = ["calibration.*"]\ndatasets = ["imagenet_vall"]',
            "'imagenet_vall' is in no catalogue and no option. Did you mean",
        ),
        ('[[required]]\naudits = ["calibratoin.*"]\ndatasets = ["imagenet_val"]', "no audit has the key"),
        (WAIVER.replace("2027", "2025"), "expired on 2025-01-31"),
        (WAIVER.replace('"vit"', '"vitt"'), "'vitt' is in no catalogue and no option"),
        (WAIVER.replace("calibration.ece", "calibration.ecce"), "no audit has the key"),
        (WAIVER.replace('owner = "Ada"', ""), "owner is missing"),
        ("extends = 'mine'", "extends: got 'mine'"),
        ("= nothing", "is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    message = refusal(tmp_path, text)

    assert words in message
    assert len(message.splitlines()) <= 6


def test_a_name_of_catalogue_and_option_is_suggested_once(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, WAIVER.replace('"vit"', '"vitt"'))

    with pytest.raises(UserError, match=r"Did you mean 'vit'\?$"):
        check_policy(policy, CLAIMS, ["vit", "vit"], ["imagenet_val"], TODAY)


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

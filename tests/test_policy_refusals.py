"""A policy that cannot mean what it says is refused whole, with one clear line."""

from pathlib import Path

import pytest

from fixtures.claims import read_claims
from fixtures.contradictions import check_parameters, check_policy
from fixtures.datasets import catalog
from fixtures.errors import UserError
from tests.policies import ALL, CLAIMS, ECE, TODAY, WAIVER, policy_of

ROOT = Path(__file__).resolve().parents[1]


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UserError) as refused:
        check_policy(policy_of(folder, text), CLAIMS, ["vit"], ["imagenet_val"], TODAY)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("undecidet = 'fail'", "unknown key 'undecidet'. Did you mean 'undecided'"),
        ("undecided = 'maybe'", "undecided: got 'maybe'"),
        ("false_red = 0", "false_red: got 0; input should be greater than 0"),
        ("false_red = 1.0", "false_red: got 1.0; input should be less than 1"),
        ("false_red = '5 %'", "false_red: got '5 %'"),
        ("false_reds = 0.1", "unknown key 'false_reds'. Did you mean 'false_red'?"),
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
        (ECE + 'owner = "Ada"', "unknown key 'bounds.calibration.ece.owner'. Known: reason, bound, margin, only."),
        (ECE + 'only = [{ bound = 1, vew = "clean" }]', "unknown key 'bounds.calibration.ece.only.0.vew'. Did you mean 'view'?"),
        ('[[required]]\naudit = ["*"]\ndatasets = ["imagenet_val"]', "unknown key 'required.0.audit'. Did you mean 'audits'?"),
        ("".join(f"key_{index} = 1\n" for index in range(9)), "  and 4 more"),
        ("[depth]\nimages_per_view = 0", "depth.images_per_view: got 0; input should be greater than or equal to 1"),
        ("[depth]\nsearch_consistency = 1.0", "depth.search_consistency: got 1.0; input should be less than 1"),
        ("[depth]\nsearch_consistency = 0", "depth.search_consistency: got 0; input should be greater than 0"),
        ("[depth]\nattack_steps = 0", "depth.attack_steps: got 0; input should be greater than or equal to 1"),
        ('[depth]\nattacks = "all"', "depth.attacks: got 'all'; input should be 'screen' or 'grid'"),
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
        (ECE + 'only = [{ view = "q*", bound = 0.1 }]', " and 49 more."),
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


@pytest.mark.parametrize(
    "text",
    [
        '[bounds."mistakes.error_ratio[textures]"]\nbound = 2.0\nreason = "r"\n',
        '[[required]]\naudits = ["mistakes.error_ratio[textures]"]\ndatasets = ["shapes"]\n',
        WAIVER.replace("calibration.ece", "mistakes.error_ratio[textures]"),
    ],
)
def test_a_condition_that_no_dataset_has_is_refused(tmp_path: Path, text: str) -> None:
    claims, datasets = read_claims(ROOT / "audits"), [catalog.resolve(name) for name in catalog.names()]
    with pytest.raises(UserError, match=r"no dataset has a condition 'textures'\. Did you mean 'texture'\?"):
        check_parameters(policy_of(tmp_path, text), claims, datasets)

    check_parameters(policy_of(tmp_path, text.replace("[textures]", "[text*]")), claims, datasets)
    check_parameters(policy_of(tmp_path, text.replace("[textures]", "[texture]")), claims, datasets)


RADIUS = '[bounds."invariance.radius[{}]"]\nbound = {}\nreason = "r"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RADIUS.format("rotation", 45), "bounds.'invariance.radius[rotation]': got 45 degrees for rotation, wanted at most 40: "),
        (RADIUS.format("composition", 21), "got 21 steps of severity for composition, wanted at most 20: "),
        (RADIUS.format("*", 3), "bounds.'invariance.radius[*]': got 3 times the size for zoom, wanted at most 2.19: "),
        (
            RADIUS.format("blur", 1) + 'only = [{ dataset = "imagenet_val", bound = 5.5 }]\n',
            "got 5.5 px of sigma, of 224 for blur, wanted at most 5: ",
        ),
    ],
)
def test_a_bound_that_no_search_reaches_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Where nothing failed, the radius is said to be where the search ended: below such a bound, however far it truly is."""
    with pytest.raises(UserError) as refused:
        check_policy(policy_of(tmp_path, text), read_claims(ROOT / "audits"), ["vit"], ["imagenet_val"], TODAY)

    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("text", [RADIUS.format("rotation", 40), RADIUS.format("*", 3) + RADIUS.format("zoom", 2.19)])
def test_a_bound_that_every_search_reaches_is_none_to_refuse(tmp_path: Path, text: str) -> None:
    check_policy(policy_of(tmp_path, text), read_claims(ROOT / "audits"), ["vit"], ["imagenet_val"], TODAY)

"""Which audits are put to which sabotage of which backbone, and that all are judged by the policy of the sound one."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from fixtures.errors import UserError
from fixtures.policy import bound_for
from fixtures.sabotage.table import read_table
from fixtures.sabotage.trial import Trial, trial_of
from tests.selections import FEATURES, ROOT, selected

AUDITS = ROOT / "audits"
NAME = "shapes_convnext_sup"
TINY = "tests.command_line.subjects:tiny"
TOP1 = '[bounds."accuracy.top1"]\nbound = 0.5\nreason = "r"\n'


def trial(folder: Path, *backbones: str, datasets: tuple[str, ...] = (), policy: str | None = None) -> Trial:
    return trial_of(selected(folder, *(backbones or (NAME,)), datasets=datasets, policy=policy), AUDITS)


def put(made: Trial, sabotage: str) -> dict[str, str]:
    """The audits put to a sabotage, with their dataset or why they are not."""
    return {one.audit: one.dataset or one.why_not for one in made.expectations if one.sabotage.name == sabotage}


def test_each_audit_is_put_on_the_first_dataset_that_has_a_bound_for_it(tmp_path: Path) -> None:
    made = trial(tmp_path)

    assert put(made, "swapped_channels") == {"accuracy.top1": "shapes", "calibration.brier": "shapes"}
    assert put(made, "texture_only") == {"shape_bias.cue_conflict": "shapes_cue_conflict"}
    assert len({one.sabotage.name for one in made.expectations}) == 7


def test_only_named_audits_are_run_the_controls_first(tmp_path: Path) -> None:
    made = trial(tmp_path)
    asked = {claim.key: made.subjects_of(claim) for claim in made.claims if made.subjects_of(claim)}

    assert set(asked) == {"accuracy.top1", "accuracy.top5", "calibration.brier", "calibration.nll", "shape_bias.cue_conflict"}
    assert asked["calibration.nll"] == [(NAME, "shapes"), (f"{NAME}+wrong_temperature", "shapes")]
    assert asked["accuracy.top1"][0] == (NAME, "shapes")


def test_a_sabotage_is_judged_as_the_backbone_that_was_sabotaged(tmp_path: Path) -> None:
    narrow = TOP1 + f'only = [{{ backbone = "{NAME}", dataset = "shapes", bound = 0.8 }}, {{ backbone = "shapes_vit_sup", bound = 0.1 }}]\n'
    made = trial(tmp_path, NAME, "shapes_vit_sup", policy=narrow)

    def bound(backbone: str) -> float:
        found = bound_for(made.policy, "accuracy.top1", backbone, "shapes", "clean")
        assert found is not None
        return found[0]

    assert bound(NAME) == bound(f"{NAME}+frozen_output") == 0.8
    assert bound("shapes_vit_sup") == bound("shapes_vit_sup+frozen_output") == 0.1


def test_no_bound_is_for_sabotages_only(tmp_path: Path) -> None:
    """A pattern that fits the names of sabotages, and not that of the backbone, would make any gate look strict."""
    made = trial(tmp_path, policy=TOP1 + 'only = [{ backbone = "*_sup", bound = 0.1 }, { backbone = "shapes_*", bound = 0.2 }]\n')

    assert bound_for(made.policy, "accuracy.top1", f"{NAME}+frozen_output", "shapes", "clean") == (0.2, "r")


def test_waivers_do_not_help(tmp_path: Path) -> None:
    waiver = '[[waivers]]\naudit = "accuracy.top1"\nowner = "Ada"\nreason = "r"\nexpires = 2999-01-31\nlimit = 0.0\n'

    assert trial(tmp_path, policy=TOP1 + waiver).policy.waivers == ()


def test_other_audits_are_taken_where_the_named_ones_are_not_judged(tmp_path: Path) -> None:
    made = trial(tmp_path, policy=TOP1)

    assert put(made, "texture_only") == {
        "shape_bias.cue_conflict": "the policy gate has no bound for it on shapes_cue_conflict",
        "accuracy.top1": "shapes",
    }
    assert list(put(made, "swapped_channels").values()) == ["shapes", "the policy gate has no bound for it on shapes, " + SHIFTED]
    assert all("no bound" in why for why in put(made, "wrong_temperature").values())


SHIFTED = "shapes_shifted, shapes_styles"


def test_what_a_backbone_does_not_offer_is_said(tmp_path: Path) -> None:
    made = trial(tmp_path, datasets=("shapes",))

    why = put(made, "texture_only")["shape_bias.cue_conflict"]
    assert why.startswith("does not apply: it needs ")
    assert "images whose shape and texture are of different classes" in why
    assert put(made, "texture_only")["accuracy.top1"] == "shapes"


def test_any_route_can_be_sabotaged(tmp_path: Path) -> None:
    """A probe over the features of a backbone without a head."""
    made = trial(tmp_path, FEATURES, "shapes_vit_clip", datasets=("shapes",))

    for backbone in ("features", "shapes_vit_clip"):
        judged = {one.sabotage.name for one in made.expectations if one.backbone == backbone and one.dataset}
        assert len(judged) == 7


def test_noise_does_not_apply_to_a_backbone_without_weights(tmp_path: Path) -> None:
    made = trial(tmp_path, "tests.command_line.subjects:weightless")

    assert set(put(made, "noisy_weights").values()) == {"does not apply: this backbone has no weights"}
    assert put(made, "frozen_output")["accuracy.top1"] == "shapes"
    assert put(trial(tmp_path, TINY), "noisy_weights")["accuracy.top1"] == "shapes"


def test_workers_can_be_told(tmp_path: Path) -> None:
    made = trial(tmp_path)

    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[upside_down]\nwhat = "w"\naudits = ["accuracy.top1"]\n', "nothing that can be done to a backbone has that name"),
        ('[frozen_outputs]\nwhat = "w"\naudits = ["accuracy.top1"]\n', "Did you mean 'frozen_output'"),
        ('[frozen_output]\nwhat = "w"\naudits = ["accuracy.top"]\n', "no audit has the key 'accuracy.top'"),
        ('[frozen_output]\nwhat = "w"\naudits = ["invariance.radius[{searched}]"]\n', "or it has a parameter"),
        ('[frozen_output]\nwhat = "w"\naudits = []\n', "audits: got []"),
        ('[frozen_output]\naudits = ["accuracy.top1"]\n', "what is missing"),
        ('[frozen_output]\nwhat = "w"\naudits = ["accuracy.top1"]\namount = 0\n', "amount: got 0"),
        ('[frozen_output]\nwhat = "w"\naudits = ["accuracy.top1"]\namont = 1\n', "unknown key 'amont'"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "sabotage.toml").write_text(text)

    with pytest.raises(UserError) as refused:
        read_table(tmp_path, selected(tmp_path, NAME).claims)
    assert words in str(refused.value)

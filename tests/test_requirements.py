"""What the policy requires is judged, refused before the run, or missing after it; it is never kept by saying nothing."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from fixtures.backbones import catalog as backbones
from fixtures.backbones.specification import BackboneSpec
from fixtures.claims import Claim, read_claims
from fixtures.contradictions import check_policy
from fixtures.datasets import catalog as datasets
from fixtures.errors import UserError
from fixtures.policy import Policy, load_policy
from fixtures.requirements import Requirement, missing, placed, refuse_vacuous, requirements
from reports.record import Record

SHIPPED = Path(__file__).resolve().parents[1] / "audits"
CLAIMS = read_claims(SHIPPED)
BACKBONE, DATASET = "shapes_convnext_sup", "shapes"
ASKED = {(BACKBONE, DATASET)}
EMBEDDED = {"shapes", "shapes_shifted", "shapes_styles", "shapes_cue_conflict", "shapes_factors", "shapes_empty"}
BOUND = '[bounds."{}"]\nbound = 0.5\nreason = "r"\n'
RULE = '[[required]]\naudits = {}\ndatasets = ["{}"]\n'


def policy_of(folder: Path, text: str) -> Policy:
    (folder / "gate.toml").write_text(text)
    return load_policy(folder / "gate.toml", SHIPPED / "policy.toml")


def wanted(
    policy: Policy, claims: tuple[Claim, ...] = CLAIMS, dataset: str = DATASET, more: tuple[str, ...] = ()
) -> tuple[Requirement, ...]:
    """What is required of a backbone whose entry names the embedded dataset, and `more` of the datasets known by name."""
    spec = datasets.resolve(dataset)
    known = {DATASET: datasets.resolve(DATASET), spec.name: spec}
    entry = tuple(known[name] for name in (DATASET, *more))
    return requirements(policy, claims, [placed(policy, backbones.resolve(BACKBONE), entry, known)], known)


def record(audit: str, verdict: str = "holds", view: str = "clean") -> Record:
    return Record(audit=audit, claim="", backbone=BACKBONE, dataset=DATASET, view=view, verdict=verdict)


def test_a_pattern_means_those_of_its_claims_that_apply_and_have_a_bound(tmp_path: Path) -> None:
    bounds = BOUND.format("accuracy.top1") + BOUND.format("accuracy.real") + BOUND.format("calibration.ece")

    (requirement,) = wanted(policy_of(tmp_path, bounds + RULE.format(["accuracy.*"], DATASET)))

    assert [claim.key for claim in requirement.claims] == ["accuracy.top1"]


@pytest.mark.parametrize(
    ("audits", "bound", "words"),
    [
        (["calibration.*"], "accuracy.top1", "no bound there for calibration.ece, calibration.ece_corrupted, calibration.classwise"),
        (["calibration.nll"], "calibration.ece", "no bound there for calibration.nll"),
        (["accuracy.real"], "accuracy.*", "there it does not offer several labels an image (ReaL)"),
    ],
)  # fmt: skip
def test_what_can_never_be_judged_is_refused_with_rule_pattern_subject_and_reason(
    tmp_path: Path, audits: list[str], bound: str, words: str
) -> None:
    policy = policy_of(tmp_path, BOUND.format(bound) + RULE.format(audits, DATASET))

    with pytest.raises(UserError) as refused:
        refuse_vacuous(policy, wanted(policy))

    for word in (words, repr(audits[0]), "policy gate", f"of {BACKBONE} on {DATASET}", f"datasets = ['{DATASET}']"):
        assert word in str(refused.value)


def test_a_dataset_without_labels_cannot_keep_a_rule_about_labels(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare.toml").write_text('[bare]\nlayout = "csv"\nroot = "bare"\ntable = "t.csv"\nlabel_space = "shapes"\n')
    policy = policy_of(tmp_path, BOUND.format("*") + RULE.format(["calibration.*", "determinism.*"], "bare"))

    calibration, determinism = wanted(policy, dataset=str(tmp_path / "bare.toml"))

    assert (calibration.claims, calibration.why_none) == ((), "there it does not offer one right class an image")
    assert len(determinism.claims) == 3


def test_an_overlay_that_takes_the_only_bound_away_is_refused(tmp_path: Path) -> None:
    """A bound for another dataset only stands in place of the default one."""
    text = 'extends = "default"\n[bounds."determinism.*"]\nreason = "not ours"\nonly = [{ dataset = "beans", bound = 0.9 }]\n'

    with pytest.raises(UserError, match=r"'determinism\.\*'.*no bound there for determinism\.repeat"):
        refuse_vacuous(policy := policy_of(tmp_path, text), wanted(policy))


@pytest.mark.parametrize(
    ("backbone", "required"),
    [("shapes_vit_sup", EMBEDDED), ("shapes_vit_clip", EMBEDDED), ("vit_b_sup", {"imagenet_val"}), ("vit_b_clip", {"imagenet_val"})],
)
def test_every_requirement_of_the_shipped_policy_can_be_judged(backbone: str, required: set[str]) -> None:
    policy, spec = load_policy(None, SHIPPED / "policy.toml"), backbones.resolve(backbone)
    known = {name: datasets.resolve(name) for name in datasets.names()}
    check_policy(policy, CLAIMS, backbones.names(), known, datetime.date(2026, 11, 20))

    found = requirements(policy, CLAIMS, [placed(policy, spec, tuple(known[name] for name in spec.datasets), known)], known)

    assert {one.dataset for one in found} == required
    assert all(one.claims for one in found)


def test_datasets_are_required_by_pattern_too(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, BOUND.format("*") + RULE.format(["accuracy.*"], "shapes_*"))

    known = {name: datasets.resolve(name) for name in datasets.names()}

    named = placed(policy, backbones.resolve(BACKBONE), (), known).required

    assert [one.name for one in named] == [name for name in known if name.startswith("shapes_")]


def test_what_no_record_answers_is_missing(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, BOUND.format("accuracy.top*") + RULE.format(["accuracy.*"], DATASET))
    expected = [(audit, BACKBONE, DATASET, "clean", "id") for audit in ("accuracy.top1", "accuracy.top5")]

    def lacking(*records: Record) -> list[str]:
        return missing(wanted(policy), ASKED, expected, records)

    assert lacking(record("accuracy.top1"), record("accuracy.top5", "violated")) == []
    assert lacking(record("accuracy.top1")) == [f"accuracy.top5 of {BACKBONE} on {DATASET} (clean)"]
    assert lacking(record("accuracy.top1"), record("accuracy.top5", "reported")) == [f"accuracy.top5 of {BACKBONE} on {DATASET}"]


def test_what_could_not_be_judged_is_missing_where_it_was_not_refused(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, BOUND.format("accuracy.top1") + RULE.format(["calibration.ece"], DATASET))

    (words,) = missing(wanted(policy), ASKED, [], [record("accuracy.top1")])

    assert words == f"calibration.ece of {BACKBONE} on {DATASET} (the policy has no bound there for calibration.ece)"


def test_a_required_parameter_is_that_one_only(tmp_path: Path) -> None:
    claims = (Claim("mistakes.error_ratio[{factor}]", frozenset(), "test", "file", "", ""),)
    policy = policy_of(tmp_path, BOUND.format("mistakes.*") + RULE.format(["mistakes.error_ratio[texture]"], DATASET))
    expected = [(f"mistakes.error_ratio[{factor}]", BACKBONE, DATASET, "clean", "id") for factor in ("texture", "colour")]

    assert missing(wanted(policy, claims), ASKED, expected, [record("mistakes.error_ratio[texture]")]) == []
    assert missing(wanted(policy, claims), ASKED, expected, [record("mistakes.error_ratio[colour]")]) == [
        f"mistakes.error_ratio[texture] of {BACKBONE} on {DATASET} (clean)"
    ]


def test_a_bound_for_one_parameter_is_enough_for_a_pattern(tmp_path: Path) -> None:
    claims = (Claim("mistakes.error_ratio[{factor}]", frozenset(), "test", "file", "", ""),)
    policy = policy_of(tmp_path, BOUND.format("mistakes.error_ratio[texture]") + RULE.format(["mistakes.*"], DATASET))

    assert [one.claims for one in wanted(policy, claims)] == [claims]


def test_a_rule_is_about_the_backbones_that_it_names() -> None:
    policy = load_policy(None, SHIPPED / "policy.toml")
    spec = BackboneSpec(name="features", library="timm", model="resnet10t", random_seed=0)

    assert placed(policy, spec, (), {DATASET: datasets.resolve(DATASET)}).required == ()

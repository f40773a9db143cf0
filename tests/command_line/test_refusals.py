"""What cannot be asked is refused before any work, with exit status 4 and a line that says what next; with workers too."""

from pathlib import Path

import pytest
import timm  # here, not in a test: pytester forgets what a test imports, and torch cannot be imported twice
import torch
from safetensors.torch import save_file

from tests.command_line.conftest import ROOT, SERIAL_AND_WORKERS, TINY, Audit

pytest_plugins = ["pytester"]

WAIVER = '[[waivers]]\naudit = "{audit}"\nbackbone = "{backbone}"\nowner = "Ada"\nreason = "r"\nexpires = {until}\nlimit = 1.0\n'
BOUND = '[bounds."{}"]\nbound = 0.5\nreason = "r"\n'
RULE = '[[required]]\naudits = ["{}"]\ndatasets = ["{}"]\n'
UNTRAINED = '[untrained]\nlibrary = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\n'
KNOWN = "--backbone=shapes_convnext_sup"  # no file of its own to import: refused before torch is there
IN_THE_PROJECT = ("-c", ROOT / "pyproject.toml", "-p", "conftest")  # as if these tests lay in the checkout
TIMM = '[mine]\nlibrary = "timm"\nmodel = "resnet10t"\nlabel_space = "imagenet_1k"\nweights = "mine.{}"\n'


def refused(result: pytest.RunResult, *words: str) -> None:
    text = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR, text
    for word in words:
        assert word in text
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text
    assert len([line for line in text.splitlines() if line.strip()]) <= 16


@SERIAL_AND_WORKERS
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("No backbone", "--backbone=shapes_convnext_sup")),
        (("--backbone=vit_b_clipp",), ("vit_b_clipp", "Did you mean", "vit_b_clip")),
        (("--backbone=timm:resnet5",), ("resnet5", "Did you mean")),
        (("--backbone=open_clip:ViT-B-16/laion400m_e3",), ("laion400m_e3", "laion400m_e31")),
        (("--backbone=nowhere.toml",), ("nowhere.toml",)),
        (("--backbone=tests.command_line.subjects:tinny",), ("tinny",)),
        ((KNOWN, KNOWN), ("two of the name",)),
        ((KNOWN, "--audit-dataset=shappes"), ("shappes", "Did you mean 'shapes'")),
        ((TINY, "--audit-precision=fp31"), ("fp31", "fp32")),
        ((TINY, "--audit-limit=0"), ("--audit-limit", "got 0")),
        ((TINY, "--audit-search-passes=1"), ("--audit-search-passes: got 1, wanted a whole number of at least 2.",)),
        pytest.param((TINY, "--audit-device=cuda:9"), ("cuda:9",), marks=pytest.mark.slow),
        ((TINY, "--audit-device=gpu"), ("'gpu'", "wanted auto, cpu, cuda")),
        ((KNOWN, "--audit-policy=nowhere.toml"), ("no file", "nowhere.toml")),
        (("--backbone=vit_b_clip", "--audit-data=nowhere"), ("No images for vit_b", "--audit-dataset=shapes", "No weights for vit_b")),
        pytest.param(("--backbone=vit_b_clip", "--audit-dataset=shapes"), ("vit_b_clip", "weights"), marks=pytest.mark.slow),
        ((TINY, "--audit-fetch=imagenet_val"), ("imagenet_val",)),
        ((TINY, "--audit-report=/dev/null/report"), ("--audit-report: cannot write in /dev/null/report", "Not a directory")),
        ((TINY, "--audit-cache=/dev/null/cache"), ("--audit-cache: cannot write in /dev/null/cache", "Not a directory")),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(audit: Audit, arguments: tuple[str, ...], words: tuple[str, ...], workers: tuple[str, ...]) -> None:
    refused(audit(*arguments, *workers), *words)


@SERIAL_AND_WORKERS
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("undecidet = 'fail'\n", ("undecidet", "Did you mean 'undecided'")),
        (BOUND.format("calibration.ecce"), ("no audit has the key 'calibration.ecce'", "calibration.ece")),
        (WAIVER.format(audit="calibration.ece", backbone="tiny", until="2020-01-01"), ("expired on 2020-01-01", "Ada")),
        (WAIVER.format(audit="calibration.ece", backbone="vit_x", until="2999-01-01"), ("'vit_x' is in no catalogue",)),
        (WAIVER.format(audit="calibration.x", backbone="tiny", until="2999-01-01"), ("no audit has the key 'calibration.x'",)),
        ("[depth]\nimages_per_view = 0\n", ("depth.images_per_view: got 0",)),
        (BOUND.format("calibration.ece") + BOUND.format("calibration.*"), ("'calibration.ece' never applies",)),
        (2 * WAIVER.format(audit="calibration.ece", backbone="*", until="2999-01-01"), ("two waivers for the same case",)),
        (RULE.format("accuracy.*", "shapes") + 'label_space = "shapess"\n', ("label_space: got 'shapess'", "Did you mean 'shapes'")),
        (
            BOUND.format("accuracy.top1") + RULE.format("determinism.*", "shapes"),
            ("'determinism.*'", "shapes_convnext_sup on shapes", "no bound there for determinism.repeat"),
        ),
        (BOUND.format("accuracy.*") + RULE.format("accuracy.*", "imagenet_val"), ("requires what is not there", "imagenet_val")),
    ],
)
def test_a_policy_that_cannot_be_meant(
    audit: Audit, pytester: pytest.Pytester, text: str, words: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    (pytester.path / "gate.toml").write_text(text)

    refused(audit(KNOWN, "--audit-policy=gate.toml", *workers), "gate", *words)


@pytest.mark.slow
@SERIAL_AND_WORKERS
def test_a_required_dataset_that_is_not_on_disk(audit: Audit, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """A dataset that the backbone's entry names is there, the one that the policy requires is not."""
    save_file(timm.create_model("resnet10t").state_dict(), pytester.path / "mine.safetensors")
    (pytester.path / "mine.toml").write_text(TIMM.format("safetensors"))
    (pytester.path / "data" / "imagenet_a" / "n01498041").mkdir(parents=True)

    refused(audit("--backbone=mine.toml", "--audit-data=data", *workers), "imagenet_val", "--audit-data")


@SERIAL_AND_WORKERS
@pytest.mark.parametrize("others", [pytest.param((), marks=pytest.mark.slow), (TINY,)], ids=["alone", "beside another"])
def test_a_backbone_that_nothing_can_be_asked_of(
    audit: Audit, pytester: pytest.Pytester, others: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    (pytester.path / "untrained.toml").write_text(UNTRAINED)

    words = ("Nothing to audit untrained", "neither its entry nor a rule of the policy says on which images", "--audit-dataset=shapes")
    refused(audit(*others, "--backbone=untrained.toml", *workers), *words)


@SERIAL_AND_WORKERS
def test_a_pickle_with_code_is_never_run(audit: Audit, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    torch.save({"weights": Payload(pytester.path / "ran")}, pytester.path / "mine.pth")
    (pytester.path / "mine.toml").write_text(TIMM.format("pth"))

    refused(audit("--backbone=mine.toml", "--audit-dataset=shapes", *workers), "mine.pth")
    assert not (pytester.path / "ran").exists()


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, (str(self.path), "w"))


@SERIAL_AND_WORKERS
def test_weights_that_do_not_fit(audit: Audit, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    weights = timm.create_model("resnet10t").state_dict()
    weights["fc.heavy"] = weights.pop("fc.weight")
    save_file(weights, pytester.path / "mine.safetensors")
    (pytester.path / "mine.toml").write_text(TIMM.format("safetensors"))

    refused(audit("--backbone=mine.toml", "--audit-dataset=shapes", *workers), "fc.heavy", "fc.weight")


@SERIAL_AND_WORKERS
@pytest.mark.parametrize(("change", "words"), [("missing", "07.png"), pytest.param("label", "99", marks=pytest.mark.slow)])
def test_images_and_labels_are_checked_first(
    audit: Audit, pytester: pytest.Pytester, pictures: str, change: str, words: str, workers: tuple[str, ...]
) -> None:
    table = pytester.path / "pictures" / "labels.csv"
    if change == "missing":
        (pytester.path / "pictures" / "07.png").unlink()
        (pytester.path / "pictures" / "31.png").unlink()
        words = "31.png"
    else:
        table.write_text(table.read_text().replace("07.png,7", "07.png,99"))

    refused(audit(TINY, pictures, *workers), words)


def test_the_help_teaches(audit: Audit) -> None:
    result = audit("--help")

    result.stdout.fnmatch_lines(["*--backbone=NAME*", "*--audit-data=DIR*", "*--audit-plan*"])
    result.stdout.fnmatch_lines(["*audit_data*"])


def test_pytest_without_audits_wants_no_backbone(pytester: pytest.Pytester, audit: Audit) -> None:
    pytester.makepyfile("def test_one(): pass")

    assert pytester.runpytest_subprocess(*IN_THE_PROJECT, pytester.path, "-o", "audit_cache=cache").ret == 0


@SERIAL_AND_WORKERS
@pytest.mark.parametrize("option", ["--backbone=nonsense_typo", "--audit-limit=50"])
def test_an_option_of_an_audit_where_nothing_is_audited(
    pytester: pytest.Pytester, audit: Audit, option: str, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile("def test_one(): pass")
    result = pytester.runpytest_subprocess(*IN_THE_PROJECT, pytester.path, option, *workers)

    refused(result, option.split("=")[0], str(pytester.path), "nothing would be audited", "Add audits/")


def test_a_refusal_needs_no_terminal_plugin(audit: Audit) -> None:
    refused(audit("-p", "no:terminal"), "No backbone")

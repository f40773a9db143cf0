"""Everything that could let a gate pass by missing: one row each, what is done to a gate that is ready and what comes of it.

The same rows stand in audits/README.md (Never green by absence); tests/command_line/test_never_green.py runs them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

REFUSED, NOT_READY, INTERRUPTED = 4, 1, 2
POLICY, SIGHT, STEADINESS = "gate.toml", "audits/test_sight.py", "audits/test_steadiness.py"
FIRST = f"{SIGHT}::test_it_is_right[mine-pictures]"
STEPPED = {
    "last_failed": f"{STEADINESS}::test_it_stays_as_it_is[mine-pictures-brightness=0.99]",
    "last_test_count": 4,
    "last_cache_date_str": "2026-01-01T00:00:00",
}
RIGHT = "verdict.at_least(proportion(evidence.correct, evidence.ids))"
MORE = "# more"
SURE = '"sight.sure"'
MEAN = "mean = [0.5, 0.5, 0.5]"
MODEL = 'library = "factory"\nmodel = "network:net"\nlabel_space = "shapes"\ndatasets = ["pictures.toml"]\n'
REQUIRED = '[[required]]\naudits = ["sight.*", "steadiness.same"]\ndatasets = ["pictures"]\n'
WARN = (POLICY, 'undecided = "fail"', 'undecided = "warn"')
IMPOSSIBLE = ('"sight.right"]\nbound = 0.0', '"sight.right"]\nbound = 0.999')
ACROSS = ('"sight.right"]\nbound = 0.0', '"sight.right"]\nbound = 0.15')
WAIVER = '[[waivers]]\naudit = "{}"\nowner = "Ada"\nreason = "known"\nexpires = {}\nlimit = {}\n'
NO_WIDTH = "verdict.at_least(bootstrap(lambda weights, x: weights @ x / weights.sum(axis=1), evidence.ids, [np.full(evidence.n, 0.3)]))"
V1 = "audit-baselines/v1"
COMPARED = "--audit-baseline=v1"
KNOWN = ("--backbone=shapes_convnext_sup", "--audit-dataset=pictures.toml")


@dataclass(frozen=True)
class Way:
    """One way. missing, words, status: as in audits/README.md.

    edits: (file, what stands there, what instead); where nothing is said to stand there, the whole file, which is deleted where nothing is
    to stand there instead.
    quick: it is refused before torch is loaded. ready: the gate is let through, and its answer has the words.
    """

    missing: str
    words: str
    status: int = NOT_READY
    edits: tuple[tuple[str, str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    quick: bool = False
    ready: bool = False


def _policy(more: str) -> tuple[tuple[str, str, str], ...]:
    return ((POLICY, MORE, more),)


def _waived(until: str, limit: float, bound: tuple[str, str] = IMPOSSIBLE) -> tuple[tuple[str, str, str], ...]:
    return ((POLICY, *bound), *_policy(WAIVER.format("sight.right", until, limit)))


def _raised(audit: str, bound: float) -> tuple[str, str]:
    return f'"{audit}"]\nbound = 0.0', f'"{audit}"]\nbound = {bound}'


def _unbound(audit: str, instead: str = "") -> tuple[str, str, str]:
    return (POLICY, f'[bounds."{audit}"]\nbound = 0.0\nreason = "always holds"\n', instead)


def _before_mark(line: str) -> tuple[tuple[str, str, str], ...]:
    mark = '@pytest.mark.audit("sight.right")'
    return _audit(line + mark, mark)


def _audit(new: str, old: str = RIGHT) -> tuple[tuple[str, str, str], ...]:
    return ((SIGHT, old, new),)


LEFT_OUT = (
    Way("audits left out by `-k`", "Not a gate: a partial run", arguments=("-k", "steadiness")),
    Way("audits left out by `-m`", "Not a gate: a partial run", arguments=("-m", "needs")),
    Way("audits left out by `--deselect`", "required, not judged: sight.right", arguments=(f"--deselect={FIRST}",)),
    Way("a file left out by `--ignore`", "required, not judged: steadiness.same", arguments=(f"--ignore={STEADINESS}",)),
    Way("only one file asked for", "1 of 3 audits were not collected", arguments=(SIGHT,)),
    Way("only one case asked for", "required, not judged: sight.sure", arguments=(FIRST,)),
    Way("one view of an audit left out", "required, not judged: steadiness.same", arguments=("-k", "not 0.97")),
    Way("nothing chosen at all", "nothing was judged", arguments=("-k", "nonsense")),
    Way("audits that pytest is told not to find", "Not a gate: a partial run", arguments=("-o", "python_functions=claim_*")),
    Way("`--audit-limit`", "Not a gate: a partial run (--audit-limit=24)", 0, arguments=("--audit-limit=24",)),
    Way("`--audit-dataset`", "Not a gate: a partial run (--audit-dataset)", 0, arguments=("--audit-dataset=pictures.toml",)),
    Way("something required, left out with `--audit-partial`", "Not a gate", 0, arguments=("-k", "steadiness", "--audit-partial")),
    Way("what passed before, left out by `--lf`", "required, not judged: sight.sure",
        edits=((".pytest_cache/v/cache/lastfailed", "", json.dumps({FIRST: True})),), arguments=("--lf",)),
    Way("what passed before, left out by `--sw`", "required, not judged: sight.right",
        edits=((".pytest_cache/v/cache/stepwise", "", json.dumps(STEPPED)),), arguments=("--sw",)),
    Way("what comes after a failure, left out by `--maxfail` or `-x`", "Not a gate: a partial run",
        edits=((POLICY, *IMPOSSIBLE),), arguments=("--maxfail=1",)),
    Way("a run that is interrupted (Ctrl-C)", "interrupted", INTERRUPTED, _audit("raise KeyboardInterrupt")),
    Way("a worker of pytest-xdist that died", "worker gw0", edits=(("mine.toml", "network:net", "tests.command_line.subjects:crashing"),),
        arguments=("-n", "1")),
    Way("everything, by `--collect-only`", "tests collected", 0, arguments=("--collect-only",)),
    Way("everything, by `--setup-plan`", "SETUP", 0, arguments=("--setup-plan",)),
    Way("everything, by `--audit-plan`", "forward passes to do", 0, arguments=("--audit-plan",)),
    Way("the judgement of the whole, by `-p no:reports.plugin`", "reports.plugin is turned off", REFUSED,
        arguments=("-p", "no:reports.plugin")),
    Way("the comparison with a baseline, by `-p no:reports.baseline`", "reports.baseline is turned off", REFUSED,
        arguments=("-p", "no:reports.baseline", COMPARED)),
)  # fmt: skip
IMAGES = (
    Way("a required dataset that is not there", "there is no folder", REFUSED,
        (("pictures.toml", '"pictures"\ntable', '"nowhere"\ntable'),)),
    Way("a dataset without images", "there is nothing to audit", REFUSED, (("pictures/labels.csv", "", "file,label,weather\n"),)),
    Way("a picture that is not there", "310.png", REFUSED, (("pictures/labels.csv", "31.png", "310.png"),)),
    Way("a picture that breaks, also where kept evidence knows it whole", "31.png", edits=(("pictures/31.png", "", "no picture"),)),
    Way("NaN in the answers", "NaN or infinity for", edits=(("mine.toml", "network:net", "tests.command_line.subjects:broken"),)),
    Way("the envelope: no answer in another precision", "numerical noise (precision)",
        edits=(("mine.toml", "network:net", "tests.evidence.restless:coarse"),)),
    Way("other weights under the same name: kept evidence must not answer", "NaN or infinity for",
        edits=(("scale.txt", "1.0", "nan"),)),
    Way("another preprocessing: nor here", "NaN or infinity for", edits=(("mine.toml", MEAN, MEAN.replace("0.5", "1e39", 1)),)),
    Way("a backbone of which nothing can be asked", "Nothing to audit", REFUSED,
        (("mine.toml", MODEL, 'library = "timm"\nmodel = "resnet10t"\nrandom_seed = 0\n'), (POLICY, REQUIRED, ""))),
)  # fmt: skip
POLICIES = (
    Way("a waiver beyond its limit", "the waiver of Ada reaches only down to 0.990", edits=_waived("2999-01-01", 0.99)),
    Way("a waiver that expired", "expired on 2020-01-01", REFUSED, _waived("2020-01-01", 0.01), KNOWN, quick=True),
    Way("a waiver of what now holds", "1 waiver is no longer needed", edits=_policy(WAIVER.format("sight.right", "2999-01-01", 0.0))),
    Way("a waiver of what is violated, where it is undecided", "covers only violated", edits=_waived("2999-01-01", 0.0, ACROSS)),
    Way("a waiver of no audit that there is", "no audit has the key", REFUSED,
        _policy(WAIVER.format("sight.rihgt", "2999-01-01", 0.0)), KNOWN, quick=True),
    Way("a key of the policy that nobody knows", "Did you mean 'undecided'", REFUSED,
        ((POLICY, "undecided", "undecidet"),), KNOWN, quick=True),
    Way("a bound of an audit that is no longer there", "no audit has the key", REFUSED,
        ((POLICY, SURE, '"sight.sharp"'),), KNOWN, quick=True),
    Way("a required audit without a bound", "required, but no case of it could ever be judged", REFUSED,
        (_unbound("sight.sure"), (POLICY, '"sight.*"', '"sight.right", "sight.sure"'))),
    Way("a required audit of which every case is only reported", "required, not judged: steadiness.same",
        edits=(_unbound("steadiness.same", '[bounds."steadiness.same"]\nreason = "in the dark"\n'),
               *_policy('[[bounds."steadiness.same".only]]\nview = "brightness=0.9"\nbound = 0.0\n'))),
    Way("a required audit that does not apply", "it does not offer", REFUSED,
        ((SIGHT, 'needs("labels")', 'needs("people")'), (POLICY, '"sight.*"', '"sight.right", "sight.sure"'))),
    Way("undecided where the policy only warns: green, and the answer counts and names it", "1 claim is undecided (sight.right of mine", 0,
        (WARN, (POLICY, *ACROSS)), ready=True),
    Way("nothing but undecided where the policy only warns", "no claim holds", edits=(
        WARN, (POLICY, *ACROSS), (POLICY, *_raised("sight.sure", 0.95)), (POLICY, *_raised("steadiness.same", 0.9)))),
)  # fmt: skip
AUTHORS = (
    Way("an interval of no width that is not exact", "has no width", edits=_audit(NO_WIDTH)),
    Way("a test that judges nothing", "the audit ended without a verdict", edits=_audit("pass")),
    Way("a test that skips itself", "1 case could not be measured", edits=_audit('pytest.skip("not today")')),
    Way("a mark that skips a test", "required, not judged: sight.right", edits=_before_mark("@pytest.mark.skip\n")),
    Way("a file that skips itself", "required, not judged: sight.right",
        edits=_before_mark('pytest.skip("not today", allow_module_level=True)\n\n\n')),
    Way("a mark that expects a failure", "1 claim is violated", edits=((POLICY, *IMPOSSIBLE), *_before_mark("@pytest.mark.xfail\n"))),
    Way("a test that catches its own verdict", "1 claim is violated",
        edits=((POLICY, *IMPOSSIBLE), *_audit(f"with pytest.raises(AssertionError):\n        {RIGHT}"))),
    Way("a test that judges twice: the better verdict must not hide the worse", "a second verdict",
        edits=(WARN, (POLICY, *ACROSS), *_audit(f"{RIGHT}\n    verdict.at_least(proportion(evidence.correct | True, evidence.ids))"))),
    Way("a file of audits that cannot be imported", "No module named 'nowhere'", INTERRUPTED,
        _audit("import nowhere\nimport numpy as np", "import numpy as np")),
)  # fmt: skip
BASELINES = (
    Way("a baseline that the policy requires", 'baseline = "required"', REFUSED,
        ((POLICY, "undecided", 'baseline = "required"\nundecided'),), KNOWN, quick=True),
    Way("a baseline that is not there", "no run named 'v0'", REFUSED, arguments=("--audit-baseline=v0",)),
    Way("a baseline without `kept.npz`", "kept.npz is not there", REFUSED, ((f"{V1}/kept.npz", "", ""),), (COMPARED,)),
    Way("a baseline whose `kept.npz` is damaged", "kept.npz is damaged", REFUSED, ((f"{V1}/kept.npz", "", "PK"),), (COMPARED,)),
    Way("a claim that the baseline does not have", "1 score cannot be compared with the baseline",
        edits=((f"{V1}/run.json", SURE, '"sight.sharp"'),), arguments=(COMPARED,)),
    Way("a claim that the baseline judged and this run has not", "sight.sure of mine on pictures (judged in the baseline v1)",
        edits=((SIGHT, SURE, '"sight.sharp"'), (POLICY, SURE, '"sight.sharp"')), arguments=(COMPARED, "--audit-first")),
    Way("a claim that the baseline judged and this run only reports", "sight.sure of mine on pictures (judged in the baseline v1)",
        edits=(_unbound("sight.sure"),), arguments=(COMPARED,)),
    Way("a baseline of other images", "scores cannot be compared with the baseline",
        edits=(("pictures/labels.csv", "31.png,7", "31.png,8"),), arguments=(COMPARED,)),
    Way("a baseline of another version of the audit", "1 score cannot be compared with the baseline",
        edits=_audit('audit("sight.right", version=2)', 'audit("sight.right")'), arguments=(COMPARED,)),
    Way("a baseline of other classes", "4 scores cannot be compared with the baseline",
        edits=((f"{V1}/run.json", '"label_space": "shapes', '"label_space": "animals'),), arguments=(COMPARED,)),
    Way("a baseline by another preprocessing", "4 scores cannot be compared with the baseline",
        edits=(("mine.toml", MEAN, MEAN.replace("0.5]", "0.4]")),), arguments=(COMPARED,)),
)  # fmt: skip
WAYS = (*LEFT_OUT, *IMAGES, *POLICIES, *AUTHORS, *BASELINES)

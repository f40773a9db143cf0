"""Claims are read from the source, whatever pytest would collect."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.claims import matches, names_claim, overlap, read_claims
from fixtures.errors import UserError

AUDITS = Path(__file__).resolve().parents[1] / "audits"


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    return folder


def test_every_audit_of_the_folder_is_read_with_its_words() -> None:
    claims = {claim.key: claim for claim in read_claims(AUDITS)}

    assert {"accuracy.top1", "calibration.ece", "invariance.consistency", "determinism.repeat"} <= claims.keys()
    assert claims["calibration.ece"].needs == {"class_scores", "labels", "independent"}
    assert claims["calibration.classwise"].needs == {"class_scores", "labels", "independent", "logits"}
    assert claims["calibration.ece"].sentence == "Confidence says how often the backbone is right."
    assert all(claim.property_text.startswith(claim.property_name.replace("_", " ").capitalize()) for claim in claims.values())


def test_marks_of_module_and_function_are_joined(tmp_path: Path) -> None:
    source = '''"""Mistakes: no factor is to blame."""
import pytest
pytestmark = [pytest.mark.needs("labels"), pytest.mark.slow]

@pytest.mark.needs("factors")
@pytest.mark.audit("mistakes.error_ratio[{factor}]")
@pytest.mark.parametrize("factor", ["texture"])
def test_one(evidence, factor, verdict):
    """No factor
    doubles the error."""
'''
    (claim,) = read_claims(written(tmp_path, mistakes=source))

    assert claim.needs == {"labels", "factors"}
    assert claim.sentence == "No factor doubles the error."
    assert claim.pattern == "mistakes.error_ratio[*]"


AUDIT = '"""A property."""\nimport pytest\n@pytest.mark.audit("a.b")\n@pytest.mark.needs("labels")\ndef test_a():\n    """It is so."""\n'


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"one": AUDIT.replace('@pytest.mark.audit("a.b")\n', "")}, r"::test_a has no audit keys, wanted one: @pytest\.mark\.audit"),
        ({"one": AUDIT, "two": AUDIT}, r"'a\.b' stands twice: test_one\.py::test_a and test_two\.py::test_a\. Rename one"),
        ({"one": "def test_a(:"}, r"test_one\.py: line 1"),
        ({"one": AUDIT.replace('"""A property."""', "")}, r"test_one\.py has no docstring: .* what the property is"),
        ({"one": AUDIT.replace('    """It is so."""', "    ...")}, r"::test_a has no docstring: .* one sentence that can be false"),
        ({"one": AUDIT.replace('"labels"', '"lables"')}, r"test_a needs 'lables', which no backbone .* Did you mean 'labels'"),
        ({"one": AUDIT.replace('"labels"', '"facters"')}, r"test_a needs 'facters', which no backbone .* Did you mean 'factors'"),
        (
            {"one": AUDIT.replace('"labels"', '"qqq"')},
            r"needs 'qqq', .* Known: background, captions, class_names, class_scores, cohort, conditions, .*text, train_split, zero_shot\.",
        ),
        ({"one": AUDIT.replace('"labels"', "*NEEDS")}, r"pytest\.mark\.needs\(\*NEEDS\): wanted a string in quotes"),
        ({"one": AUDIT.replace('"a.b"', "KEY")}, r"pytest\.mark\.audit\(KEY\): wanted a string in quotes"),
    ],
)
def test_a_mistake_in_an_audit_is_named_before_anything_runs(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_claims(written(tmp_path, **files))


@given(st.text(), st.text())
def test_a_pattern_is_a_prefix_a_star_and_a_suffix(before: str, after: str) -> None:
    if "*" in before + after:
        return
    assert matches(before + "*" + after, before + "anything [at] all" + after)
    assert matches(before, before)
    assert not matches(before + "x", before)


PATTERNS = st.text("ab*", max_size=6)


@given(PATTERNS, PATTERNS, st.text("ab", max_size=6))
def test_patterns_that_match_one_text_overlap(one: str, other: str, text: str) -> None:
    if matches(one, text) and matches(other, text):
        assert overlap(one, other)
        assert overlap(other, one)


@given(PATTERNS, st.text("ab", max_size=6))
def test_a_plain_text_overlaps_the_patterns_that_it_matches(pattern: str, text: str) -> None:
    assert overlap(pattern, text) == matches(pattern, text)


@pytest.mark.parametrize(
    ("one", "other", "overlaps"), [("a*b", "*c*b", True), ("a*", "*b", True), ("a*b", "b*", False), ("a*", "b*", False)]
)
def test_patterns_overlap_where_some_text_has_both_forms(one: str, other: str, overlaps: bool) -> None:
    assert overlap(one, other) is overlaps


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("mistakes.error_ratio[texture]", True),
        ("mistakes.*", True),
        ("mistakes.error_ratio[{factor}]", True),
        ("mistakes.error_ratios", False),
        ("mistakes.err*[texture]", True),
        ("*", True),
    ],
)
def test_policy_keys_name_parametrized_claims(tmp_path: Path, pattern: str, named: bool) -> None:
    (claim,) = read_claims(written(tmp_path, mistakes=AUDIT.replace("a.b", "mistakes.error_ratio[{factor}]")))

    assert names_claim(pattern, claim) is named

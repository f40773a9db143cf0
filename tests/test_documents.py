"""What can be asked for is documented, and what is documented can be asked for."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from fixtures import policy
from fixtures.claims import names_claim, read_claims
from fixtures.options import MARKERS, OPTIONS

ROOT = Path(__file__).resolve().parents[1]
READMES = [ROOT / "README.md", *(ROOT / folder / "README.md" for folder in ("audits", "fixtures", "fixtures/shapes", "reports"))]
MANUAL = READMES[0].read_text()
POLICY_KEYS = sorted(
    {
        field.name
        for kind in (policy.Policy, policy.Depth, policy.Bound, policy.Narrower, policy.Required, policy.Waiver)
        for field in fields(kind)
        if field.name not in ("name", "digest", "files")
    }
)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_is_in_the_manual(option: object) -> None:
    assert f"`{option.name}" in MANUAL  # type: ignore[attr-defined]


@pytest.mark.parametrize("marker", [text.split("(")[0] for text in MARKERS])
def test_every_marker_is_in_the_manual(marker: str) -> None:
    assert f"`{marker}(" in MANUAL


@pytest.mark.parametrize("key", [claim.key for claim in read_claims(ROOT / "audits")])
def test_every_audit_is_in_the_manual(key: str) -> None:
    assert f"`{key}`" in MANUAL


@pytest.mark.parametrize("key", POLICY_KEYS)
def test_every_policy_key_is_in_the_manual(key: str) -> None:
    (example,) = toml_samples(MANUAL.partition("## The policy\n")[2].partition("\n## ")[0])

    assert key in keys_of(tomllib.loads(example))


def toml_samples(text: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", text, re.DOTALL)


def keys_of(table: object) -> set[str]:
    """Every key of a TOML table, those of its inner tables too."""
    if isinstance(table, list):
        return {key for item in table for key in keys_of(item)}
    return set(table).union(*(keys_of(value) for value in table.values())) if isinstance(table, dict) else set()


def test_the_manual_names_no_audit_or_option_that_does_not_exist() -> None:
    options = set(re.findall(r"--(?:audit-[a-z-]+|backbone)", MANUAL))
    claims = read_claims(ROOT / "audits")
    properties = "|".join({claim.property_name for claim in claims})
    keys = set(re.findall(rf"`((?:{properties})\.[a-z0-9_]+(?:\[[^`]*\])?)`", MANUAL))

    assert options <= {option.name for option in OPTIONS}
    assert [key for key in keys if not any(key == claim.key or names_claim(key, claim) for claim in claims)] == []


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(readme: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", readme.read_text())

    assert [link for link in links if not link.startswith("http") and not (readme.parent / link).exists()] == []


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_toml_sample_is_toml(readme: Path) -> None:
    for sample in toml_samples(readme.read_text()):
        assert tomllib.loads(sample)


def test_the_shipped_policy_gives_a_reason_for_every_bound() -> None:
    for key, rule in tomllib.loads((ROOT / "audits" / "policy.toml").read_text())["bounds"].items():
        for bound in [rule, *rule.get("only", [])]:
            assert len(bound.get("reason", rule["reason"])) > 20, key


def commands() -> list[str]:
    """Every line of a README that a reader could type."""
    blocks = [block for readme in READMES for block in re.findall(r"```bash\n(.*?)```", readme.read_text(), re.DOTALL)]
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_command_of_a_readme_is_run_somewhere() -> None:
    """The two set-up commands by .ci/run; the rest by tests/command_line/test_readmes.py."""
    from tests.command_line.test_readmes import RUN_HERE

    elsewhere = [line for line in commands() if not line.startswith("python3 -m venv")]

    assert sorted(set(elsewhere)) == sorted(RUN_HERE)
    assert all(shlex.split(line) for line in elsewhere)

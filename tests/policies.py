"""A policy from its text, laid over a default, and the audits that it may name."""

import datetime
from pathlib import Path

from fixtures.claims import Claim
from fixtures.policy import Policy, load_policy

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

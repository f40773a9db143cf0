"""Docstrings of audit modules as paragraphs."""

from __future__ import annotations

from pathlib import Path

from fixtures.claims import read_claims
from reports.prose import Paragraph, read_prose

TEXT = """Calibration: a backbone's confidence should match
how often it is right.

Why it gates: products accept predictions above
a fixed confidence.
Measure: binned error (Guo et al. 2017).

* a first point
  that goes on
* a second
"""


def test_title_claim_and_paragraphs_are_found() -> None:
    prose = read_prose("calibration", TEXT)

    assert prose.title == "Calibration"
    assert prose.claim == "A backbone's confidence should match how often it is right."
    assert prose.rest == (
        Paragraph("products accept predictions above a fixed confidence.", "Why it gates"),
        Paragraph("binned error (Guo et al. 2017).", "Measure"),
        Paragraph("", items=("a first point that goes on", "a second")),
    )


def test_a_property_without_words_still_has_a_title() -> None:
    prose = read_prose("shape_bias", "")

    assert (prose.title, prose.claim, prose.rest) == ("Shape bias", "", ())


def test_every_shipped_property_has_a_claim_and_says_why_it_gates() -> None:
    claims = read_claims(Path(__file__).resolve().parents[2] / "audits")
    texts = {claim.property_name: claim.property_text for claim in claims}

    assert texts
    for name, text in texts.items():
        prose = read_prose(name, text)
        assert prose.claim, name
        assert "Why it gates" in {paragraph.label for paragraph in prose.rest}, name

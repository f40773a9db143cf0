"""The report as a document: valid, closed to the network, small, readable, and the same each time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.html import render
from reports.record import VERDICTS, Record, read_run, write_run
from tests.reports.pages import Page, read_page
from tests.reports.sample import BACKBONES, ready_run, sample_run

HOSTILE = "<script>alert(1)</script>\"'&$\\frac{1}{2}$\n\x00</style>|`{{ 7*7 }}"


def hostile_run() -> dict[str, Any]:
    """A run in which every name and text tries to get out of its place."""
    run = sample_run()
    for record in run["records"]:
        for key in ("claim", "backbone", "dataset", "view", "reason", "route", "preprocessing", "method", "precision"):
            record[key] = f"{record[key]}{HOSTILE}"
        record["audit"] += HOSTILE
        record["actual"] = {HOSTILE: HOSTILE}
        if record["waiver"]:
            record["waiver"] = dict.fromkeys(("owner", "reason", "expires"), HOSTILE) | {"limit": 0.5}
        for groups in (record["detail"] or {}).values():
            for group in groups if isinstance(groups, list) else ():
                if "name" in group:
                    group["name"] += HOSTILE
    run["properties"] = {f"{name}{HOSTILE}": HOSTILE for name in run["properties"]}
    run["provenance"] |= {"command": HOSTILE, HOSTILE: {HOSTILE: HOSTILE}}
    run["gate"] |= {"sentence": HOSTILE, "missing": [HOSTILE]}
    run["left_out"] = [dict.fromkeys(("audit", "backbone", "dataset", "reason"), HOSTILE)]
    for exhibit in run["exhibits"]:
        exhibit |= dict.fromkeys(("backbone", "dataset", "view", "title"), HOSTILE)
        for item in exhibit["items"]:
            item |= {"id": HOSTILE, "label": HOSTILE, "said": HOSTILE}
        exhibit["items"][0]["image"] = "https://example.org/pixel.png"
        exhibit["items"][1]["image"] = 'data:image/png;base64,AAAA" onerror="alert(1)'
    return run


RUNS = {
    "one": sample_run(),
    "several": sample_run(BACKBONES[:2], ("shapes", "shapes_shifted")),
    "ready": ready_run(),
    "hostile": hostile_run(),
    "empty": sample_run() | {"records": [], "left_out": [], "exhibits": [], "properties": {}, "provenance": {}},
}


@pytest.fixture(scope="module", params=RUNS)
def document(request: pytest.FixtureRequest) -> str:
    return render(RUNS[request.param])


@pytest.fixture
def page(document: str) -> Page:
    return read_page(document)


def test_tags_are_balanced(page: Page) -> None:
    assert page.faults == []
    assert page.open == []


def test_ids_are_unique_and_every_link_leads_somewhere(page: Page) -> None:
    ids = page.ids
    assert len(ids) == len(set(ids))
    links = page.values("href") + [f"#{name}" for name in page.values("aria-labelledby")]
    assert links
    for link in links:
        assert link.startswith("#")
        assert link[1:] in ids


def test_references_within_drawings_lead_somewhere(page: Page) -> None:
    for _, attributes in page.tags:
        for reference in re.findall(r"url\(#([^)]+)\)", " ".join(attributes.values())):
            assert reference in page.ids


def test_nothing_is_fetched_and_nothing_runs(document: str, page: Page) -> None:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert [one["content"] for _, one in page.tags if one.get("http-equiv") == "Content-Security-Policy"] == [policy]
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "iframe", "object", "embed", "link", "form", "base"})
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    style = re.search(r"<style>(.*?)</style>", document, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_same_run_gives_the_same_bytes() -> None:
    written = json.dumps(RUNS["one"])

    assert render(json.loads(written)) == render(json.loads(written))
    assert render(json.loads(written)) == render(RUNS["one"])


def test_another_process_gives_the_same_bytes_of_several_backbones(tmp_path: Path) -> None:
    """Sets and hashes of text fall out otherwise in every process."""
    run = sample_run(BACKBONES[:3], pictures=False) | {"properties": {}}
    write_run(tmp_path / "run.json", run)
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-m", "reports", "html", str(tmp_path)], env=environment, check=True, capture_output=True)

    assert (tmp_path / "report.html").read_bytes().decode() == render(read_run(tmp_path / "run.json"))


def test_hostile_names_are_shown_and_not_obeyed() -> None:
    page = read_page(render(RUNS["hostile"]))

    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "https://example.org/pixel.png" not in page.values("src")


@pytest.mark.slow
def test_four_backbones_stay_below_three_megabytes() -> None:
    datasets = ("imagenet_val", "imagenet_v2", "imagenet_a", "imagenet_r", "shapes")

    assert len(render(sample_run(BACKBONES)).encode()) < 1_000_000
    assert len(render(sample_run(BACKBONES, datasets)).encode()) < 3_000_000


def test_pictures_stay_within_their_budget() -> None:
    run = RUNS["ready"] | {"exhibits": sample_run(BACKBONES)["exhibits"]}
    for exhibit in run["exhibits"]:
        for item in exhibit["items"]:
            item["image"] = "data:image/png;base64," + "A" * 60_000

    html = render(run)

    assert 0 < html.count("data:image/png") <= 12
    assert len(html.encode()) < 3_000_000
    assert 'class="no-image"' not in html  # of what does not fit, nothing is shown but how many there are


@pytest.mark.parametrize("verdict", ["violated", "holds", "reported"])
@pytest.mark.parametrize("pictures", [True, False])
def test_what_a_search_found_is_said_with_or_without_pictures(verdict: str, pictures: bool) -> None:
    """Where no answer has changed, or the run that was read has lost its pictures, there is no strip with these words above it."""
    said = {"rotation": "mildest failure: turned 14.0° clockwise", "blur": "all held, up to: blurred by 5.00 px of 224"}
    run = sample_run() | {"exhibits": []}
    for name, words in said.items():
        record = Record(
            f"invariance.radius[{name}]", "No mild change.", BACKBONES[0], "shapes", "clean", verdict, 14.0, 12.0, 16.0, 0.95, 150,
            "inverted", None if verdict == "reported" else 15.0, "at_least", detail={"said": words, "unit": "degrees"},
        )  # fmt: skip
        run["records"].append(vars(record))
        strip = {"title": words, "audit": record.audit, "backbone": record.backbone, "dataset": "shapes", "view": "rotation=-14"}
        run["exhibits"] += [strip | {"of": 0, "items": []}] if pictures else []
    text = read_page(render(run)).text

    for words in said.values():
        assert f"{words[0].upper()}{words[1:]}." in text


def test_colours_can_be_read() -> None:
    """Text has at least the contrast of WCAG 2.1 AA (4.5 to 1) on paper and on cards, in light and in dark."""
    css = (Path(__file__).resolve().parents[2] / "reports" / "templates" / "report.css").read_text(encoding="utf-8")
    themes = [dict(re.findall(r"--([\w-]+):(#[0-9a-f]+)", block)) for block in re.findall(r":root\{(.*?)\}", css)]

    assert len(themes) == 2
    for theme in themes:
        for name in ("ink", "soft", *VERDICTS):
            for ground in ("paper", "card"):
                assert contrast(theme[name], theme[ground]) >= 4.5, (name, ground)


def contrast(one: str, other: str) -> float:
    first, second = sorted((luminance(one), luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) > 4 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_run_that_is_none_says_what_it_lacks() -> None:
    with pytest.raises(ValueError, match="the run has no 'gate', 'exhibits'"):
        render({key: value for key, value in RUNS["one"].items() if key not in ("gate", "exhibits")})


@pytest.mark.parametrize(
    ("module", "absent"), [("reports.record", "matplotlib"), ("reports.__main__", "matplotlib"), ("reports.html", "torch")]
)
def test_imports_stay_light(module: str, absent: str) -> None:
    code = f"import sys, {module}; sys.exit('{absent}' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The report in a real browser: nothing sticks out of a phone's screen, nothing is white in the dark."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from reports.html import render
from tests.reports.sample import BACKBONES, sample_run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=2000",
]
# What reaches beyond the right edge, drawings' insides and what may scroll or is hidden from sight left aside.
PROBE = """<!doctype html><body style="margin:0"><iframe id="page" src="report.html" style="border:0;width:390px;height:2000px"></iframe>
<script>
onload = () => {
  const page = document.getElementById("page").contentDocument, root = page.documentElement;
  const seen = [...page.querySelectorAll("body *")].filter(one =>
    !one.ownerSVGElement && !one.closest(".scroll, .claims > thead, .stacked > thead") && one.getClientRects().length);
  const out = seen.filter(one => one.getBoundingClientRect().right > 390.5).map(one => one.tagName + "." + one.className);
  const tables = [...page.querySelectorAll(".scroll")].filter(one => one.querySelector(".claims") && one.scrollWidth > one.clientWidth);
  const cells = [...page.querySelectorAll(".bound-cell, .images-cell, .views td:nth-child(4), .views td:nth-child(5)")];
  const hidden = cells.filter(one => !one.getClientRects().length);
  document.title = `width ${root.scrollWidth} of ${root.clientWidth}, out: ${out.slice(0, 5).join(" ")}.`
    + ` Claims that scroll: ${tables.length}, numbers hidden: ${hidden.length} of ${cells.length > 0 ? "some" : "none"}.`;
};
</script>"""

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium here: install one (Debian: apt-get install chromium) to see the report in it"
)


def browse(profile: Path, *arguments: str) -> str:
    """What the browser prints; its profile is thrown away with the test's folder."""
    command = [str(BROWSER), *QUIET, f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.slow
@pytest.mark.parametrize(("backbones", "suffix"), [(1, ""), (4, ""), (2, "_convnext_base_laion400m_s13b_b51k" * 3)])
def test_nothing_sticks_out_of_a_narrow_screen(backbones: int, suffix: str, tmp_path: Path) -> None:
    run = sample_run(BACKBONES[:backbones])
    for one in (*run["records"], *run["exhibits"], *run["left_out"]):
        one["backbone"] += suffix
        one["dataset"] += suffix
    html = render(run).replace("<details>", "<details open>")
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    (tmp_path / "probe.html").write_text(PROBE, encoding="utf-8")

    page = browse(tmp_path / "profile", "--allow-file-access-from-files", "--dump-dom", (tmp_path / "probe.html").as_uri())

    title = re.search(r"<title>(.*?)</title>", page)
    assert title is not None
    assert title[1] == "width 390 of 390, out: . Claims that scroll: 0, numbers hidden: 0 of some."


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "dark"), [(0, True), (1, False)])
def test_the_page_follows_light_and_dark(scheme: int, dark: bool, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(sample_run()), encoding="utf-8")
    picture = tmp_path / "page.png"

    browse(
        tmp_path / "profile",
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--screenshot={picture}",
        "--window-size=1200,8000",
        (tmp_path / "report.html").as_uri(),
    )

    with Image.open(picture) as image:
        grey = image.convert("L")
        histogram = grey.histogram()
        ground = max(range(256), key=histogram.__getitem__)
        white = sum(histogram[250:]) / (grey.width * grey.height)
    assert (ground < 40) == dark
    assert (white < 0.002) == dark


@pytest.mark.slow
def test_the_page_prints_without_cut_tables(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(sample_run(BACKBONES)), encoding="utf-8")
    paper = tmp_path / "report.pdf"

    browse(tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={paper}", (tmp_path / "report.html").as_uri())

    content = paper.read_bytes()
    assert content.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 60

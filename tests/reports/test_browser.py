"""The report in a real browser: nothing sticks out of a phone's screen, nothing is white in the dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from reports.html import render
from tests.reports.browser import browse, needs_browser
from tests.reports.sample import BACKBONES, sample_run

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

pytestmark = needs_browser


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


# The words beside numbers, where a table is a list of lines: each on one line with its number and at its left; no name that breaks.
LINES = """<!doctype html><body style="margin:0"><iframe id="page" src="report.html" style="border:0;width:390px;height:2000px"></iframe>
<script>
onload = () => {
  const page = document.getElementById("page").contentDocument;
  const cells = [...page.querySelectorAll(".stacked td.num:not(.each)")].filter(one => one.textContent.trim());
  const broken = cells.filter(one => one.offsetHeight > 30);
  const away = cells.filter(one => one.firstElementChild.getBoundingClientRect().left > one.getBoundingClientRect().left + 1);
  const names = [...page.querySelectorAll("#comparison ~ .scroll")][0].querySelectorAll(".each .narrow");
  const cut = [...names].filter(one => one.offsetHeight > 30);
  document.title = `${cells.length} cells, broken: ${broken.length}, away from the left: ${away.length}; `
    + `${names.length > 0 ? "some" : "no"} names, cut: ${cut.length}.`;
};
</script>"""


@pytest.mark.slow
def test_words_and_numbers_of_a_change_share_a_line_on_a_phone_and_names_stay_whole(tmp_path: Path) -> None:
    run = sample_run(BACKBONES, pictures=False)
    told = {"name": "v1", "verdict": "regressed", "value": 0.92, "change": -0.035, "low": -0.046, "high": -0.024, "margin": 0.01}
    run["records"][0]["baseline"] = told
    run["records"][1]["baseline"] = {"name": "v1", "verdict": "not comparable", "why": "other images"}
    (tmp_path / "report.html").write_text(render(run), encoding="utf-8")
    (tmp_path / "lines.html").write_text(LINES, encoding="utf-8")

    page = browse(tmp_path / "profile", "--allow-file-access-from-files", "--dump-dom", (tmp_path / "lines.html").as_uri())

    assert "<title>5 cells, broken: 0, away from the left: 0; some names, cut: 0.</title>" in page, re.findall("<title>.*", page)


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


# Follows every link as a hand would, and says where none leads to something that can be seen.
FOLLOWER = """<!doctype html><iframe id="page" src="report.html" style="border:0;width:390px;height:600px"></iframe><script>
onload = () => {
  const frame = document.getElementById("page").contentWindow, links = [...frame.document.links], lost = [];
  for (const link of links.filter(one => one.getClientRects().length)) {
    link.click();
    const target = frame.document.querySelector(":target"), box = target && target.getBoundingClientRect();
    if (!box || !box.height || box.top < -1 || box.top > 600) lost.push(link.getAttribute("href"));
  }
  document.title = `${links.length > 9 ? "many" : links.length} links, lost: ${lost.join(" ")}.`;
};
</script>"""


@pytest.mark.slow
@pytest.mark.parametrize(("more", "lost"), [("", ""), ('<a href="#nowhere">This way</a>', "#nowhere")])
def test_every_link_leads_to_what_it_names(more: str, lost: str, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(sample_run(BACKBONES)).replace("</nav>", f"{more}</nav>"), encoding="utf-8")
    (tmp_path / "follower.html").write_text(FOLLOWER, encoding="utf-8")

    page = browse(tmp_path / "profile", "--allow-file-access-from-files", "--dump-dom", (tmp_path / "follower.html").as_uri())

    assert f"<title>many links, lost: {lost}.</title>" in page

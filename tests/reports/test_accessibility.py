"""The report can be read by everyone: axe-core (Deque), run in a real browser, finds nothing to object to."""

from __future__ import annotations

import importlib.util
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from reports.history import history_of
from reports.html import render
from reports.releases import releases_in
from tests.reports.browser import browse, needs_browser
from tests.reports.kept_runs import keep, months
from tests.reports.sample import BACKBONES, ready_run, sample_run

LIGHT, DARK = 1, 0  # as the browser's own setting has it
RUNS = {"one": sample_run, "four": lambda: sample_run(BACKBONES), "ready": ready_run}
CLOSED = "img-src data:"
# The page as it is, in a frame as wide as the screen is to be; what axe-core answers becomes the text of the page around it.
AROUND = """<!doctype html><iframe id="page" src="page.html" style="border:0;width:{width}px;height:3000px"></iframe><pre id="answer"></pre>
<script>
onload = async () => {{
  const page = document.getElementById("page").contentWindow;
  const found = await page.axe.run({{resultTypes: ["violations", "passes"]}});
  const told = found.violations.map(one => [one.id, one.help, ...one.nodes.slice(0, 3).map(node => node.html + " " + node.failureSummary)]);
  const seen = ["(prefers-color-scheme: dark)", "(max-width: 760px)"].map(one => page.matchMedia(one).matches);
  document.getElementById("answer").textContent = JSON.stringify({{violations: told, seen, passes: found.passes.map(one => one.id)}});
}};
</script>"""

pytestmark = [needs_browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core itself: a script that a package for another browser driver carries along; nothing else of that package is used."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed: pip install '.[test]'")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def judged(html: str, axe: str, folder: Path, scheme: int, width: int) -> dict[str, Any]:
    """What axe-core says of a page, everything in it unfolded. The page's own policy would not let the script in: its copy's does."""
    assert html.count(CLOSED) == 1
    opened = html.replace(CLOSED, f"{CLOSED}; script-src 'unsafe-inline'").replace("<details>", "<details open>")
    (folder / "page.html").write_text(opened.replace("</head>", f"<script>{axe}</script></head>"), encoding="utf-8")
    (folder / "around.html").write_text(AROUND.format(width=width), encoding="utf-8")
    page = browse(
        folder / "profile",
        "--allow-file-access-from-files",
        f"--blink-settings=preferredColorScheme={scheme}",
        "--window-size=1300,3100",
        "--dump-dom",
        (folder / "around.html").as_uri(),
        patience_ms=60_000,
    )
    answer = re.search(r'<pre id="answer">(.+?)</pre>', page, re.DOTALL)
    assert answer is not None, "axe-core gave no answer"
    return json.loads(unescape(answer[1]))


@pytest.mark.parametrize(
    ("run", "scheme", "width"),
    [("four", LIGHT, 1200), ("four", DARK, 390), ("one", DARK, 1200), ("one", LIGHT, 390), ("ready", LIGHT, 1200)],
)
def test_nobody_is_shut_out(run: str, scheme: int, width: int, axe: str, tmp_path: Path) -> None:
    answer = judged(render(RUNS[run]()), axe, tmp_path, scheme, width)

    assert answer["violations"] == []
    assert answer["seen"] == [scheme == DARK, width < 760]
    assert {"color-contrast", "document-title", "html-has-lang", "image-alt", "aria-allowed-attr"} <= set(answer["passes"])


@pytest.mark.parametrize(("scheme", "width"), [(LIGHT, 390), (DARK, 1200)])
def test_nobody_is_shut_out_of_a_history(scheme: int, width: int, axe: str, tmp_path: Path) -> None:
    months(tmp_path / "kept", {}, {"accuracy.top1": 85}, {"accuracy.top1": 140, "invariance.flip": 75})
    keep(tmp_path / "kept", "v4", "2026-04-01T10:00:00Z", changed={"version": 2})
    _, page = history_of(releases_in(tmp_path / "kept"), tmp_path)

    assert judged(page, axe, tmp_path, scheme, width)["violations"] == []


def test_what_shuts_people_out_is_found(axe: str, tmp_path: Path) -> None:
    """The instrument works on this page: text that is too pale, pictures and a page that do not say what they are."""
    html = render(sample_run()).replace("--soft:#56606b", "--soft:#b6c0cb", 1).replace(' alt="', ' data-alt="').replace('lang="en"', "", 1)

    found = {one[0] for one in judged(html, axe, tmp_path, LIGHT, 1200)["violations"]}

    assert {"color-contrast", "image-alt", "html-has-lang"} <= found

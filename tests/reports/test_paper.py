"""The report on paper, printed by a real browser: all of it is there, nothing is cut, and no head is parted from its rows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np
import pypdfium2
import pytest

from reports.html import render
from tests.reports.browser import browse, needs_browser
from tests.reports.pages import VOID
from tests.reports.sample import BACKBONES, sample_run

MARGIN = 27  # points: what the browser leaves white by default is 28.8, and what lies at its edge bleeds into the next
SCREEN_ONLY = "narrow"  # class of words that stand on narrow screens only
LONG = "_convnext_base_laion400m_s13b_b51k" * 3

pytestmark = [needs_browser, pytest.mark.slow]


@dataclass
class Rows(HTMLParser):
    """What a page's tables say, row by row, each with the head of its table, and what only announces something, without any blanks."""

    open: list[tuple[str, str]] = field(default_factory=list)  # tags and their classes
    heads: list[str] = field(default_factory=list)  # of the tables that are open
    texts: list[str] = field(default_factory=list)  # of what is open
    nested: list[bool] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)
    announcements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        if tag == "table":
            self.heads.append("")
            self.nested = [True] * len(self.nested)
        self.open.append((tag, dict(attrs).get("class") or ""))
        self.texts.append("")
        self.nested.append(False)

    def handle_endtag(self, tag: str) -> None:
        (_, classes), text, nested = self.open.pop(), self.texts.pop(), self.nested.pop()
        if tag == "table":
            self.heads.pop()
        elif tag == "tr" and any(one == "thead" for one, _ in self.open):
            self.heads[-1] = text
            self.announcements.append(text)
        elif tag == "tr" and not nested:
            self.rows.append((self.heads[-1], text))
        elif tag in ("h2", "h3", "summary") or "counts" in classes or (tag == "p" and re.fullmatch("Why.*bounds?:", text)):
            self.announcements.append(text)
        if self.texts and tag not in ("title", "style") and SCREEN_ONLY not in classes:
            self.texts[-1] += text

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += squeezed(data)


def squeezed(text: str) -> str:
    """Text without blanks, line ends and hyphens (at the end of a line no program can tell what a hyphen was)."""
    return re.sub(r"[\s\x02\ufffe-]+", "", text)


@dataclass
class Paper:
    """A printed report beside the page that it was printed from."""

    rows: Rows
    pages: list[pypdfium2.PdfPage]
    texts: list[str]


@pytest.fixture(scope="module", params=[(1, ""), (4, ""), (2, LONG)], ids=["one", "four", "long names"])
def paper(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    number, suffix = request.param
    run = sample_run(BACKBONES[:number])
    for one in (*run["records"], *run["exhibits"], *run["left_out"]):
        one["backbone"] += suffix
        one["dataset"] += suffix
    folder, html = tmp_path_factory.mktemp("paper"), render(run)
    (folder / "report.html").write_text(html, encoding="utf-8")
    browse(folder / "profile", "--no-pdf-header-footer", f"--print-to-pdf={folder / 'report.pdf'}", (folder / "report.html").as_uri())

    rows, pages = Rows(), list(pypdfium2.PdfDocument(folder / "report.pdf"))
    rows.feed(html)
    return Paper(rows, pages, [squeezed(page.get_textpage().get_text_range()) for page in pages])


def test_every_row_of_every_table_is_there_and_on_one_page(paper: Paper) -> None:
    wanted = Counter(text for _, text in paper.rows.rows)

    assert len(wanted) > 100
    assert [text for text, times in wanted.items() if sum(page.count(text) for page in paper.texts) < times] == []


def test_the_head_of_a_table_stands_above_its_rows_on_every_page(paper: Paper) -> None:
    lacking = [
        (number, text)
        for number, page in enumerate(paper.texts, start=1)
        for head, text in paper.rows.rows
        if head and text in page and head not in page[: page.rindex(text)]
    ]

    assert lacking == []


def test_nothing_is_announced_on_one_page_and_follows_on_the_next(paper: Paper) -> None:
    announced, parted = set(paper.rows.announcements), []
    for number, page in enumerate(paper.pages[:-1], start=1):
        lines = [squeezed(line) for line in page.get_textpage().get_text_range().strip().splitlines()]
        parted += [(number, text) for text in announced if text.endswith(lines[-1]) and "".join(lines).endswith(text)]

    assert {"Allclaims", "Howthiswasmade", "Whythisbound:"} <= announced
    assert parted == []


def test_nothing_reaches_into_the_margins(paper: Paper) -> None:
    for number, page in enumerate(paper.pages, start=1):
        ink = np.asarray(page.render(scale=2, grayscale=True).to_pil()) < 250
        rows, columns = (np.flatnonzero(ink.any(axis)) / 2 for axis in (1, 0))
        width, height = page.get_size()
        assert (columns[0] >= MARGIN, columns[-1] <= width - MARGIN, rows[0] >= MARGIN, rows[-1] <= height - MARGIN) == (True,) * 4, number


def test_letters_keep_their_size(paper: Paper) -> None:
    """What is too wide for paper makes the browser shrink the whole report."""
    text = paper.pages[0].get_textpage()
    words = "Backbone audit"
    assert text.get_text_range(0, len(words)) == words
    assert 40 < text.get_charbox(len(words) - 1)[2] - text.get_charbox(0)[0] < 60
    assert len(paper.pages) <= 60

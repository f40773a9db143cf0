"""`python -m reports history`: every score over the kept releases, in their order, joined only where that means something."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.history import MOST_RELEASES, history_of
from reports.record import write_run
from reports.releases import releases_in
from tests.reports.kept_runs import keep, months
from tests.reports.pages import Page, read_page
from tests.reports.sample import BACKBONES, sample_run
from tests.reports.test_html import HOSTILE

JOINT, BREAK = 'class="joint"', 'class="break"'


def page_of(folder: Path) -> str:
    return history_of(releases_in(folder), Path("audit-baselines"))[1]


def drawing_of(page: str, audit: str) -> str:
    """The figure of the only claim of an audit."""
    (found,) = [figure for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL) if f">{audit} " in figure]
    return found


def spoken(drawing: str) -> str:
    """What a drawing says to those who cannot see it."""
    label = re.search(r'aria-label="([^"]*)"', drawing)
    assert label is not None
    return label[1].replace("\N{NO-BREAK SPACE}", " ")


def edit(folder: Path, **changes: object) -> None:
    """Change records of a kept run by hand, as another version of the suite would have written them."""
    file = folder / "run.json"
    run = json.loads(file.read_text())
    run["records"] = [record | changes for record in run["records"]]
    file.write_text(json.dumps(run))


def test_releases_stand_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    for name, begun in (("b", "2026-03-01T00:00:00Z"), ("c", "2026-01-01T00:00:00Z"), ("v10", None), ("v9", None), ("a", "soon")):
        keep(tmp_path, name, begun)
    (tmp_path / ".d.part").mkdir()
    shutil.copy(tmp_path / "a" / "run.json", tmp_path / ".d.part" / "run.json")
    (tmp_path / "notes").mkdir()

    assert [release.name for release in releases_in(tmp_path)] == ["a", "v9", "v10", "c", "b"]
    text = read_page(page_of(tmp_path)).text
    assert "put first, by name: a, v9, v10." in text
    assert "1 Mar 2026, 00:00 UTC" in text


def test_every_score_is_drawn_with_its_interval_its_bound_and_its_verdict(tmp_path: Path) -> None:
    page = page_of(months(tmp_path, {}, {"accuracy.top1": 70}, {"accuracy.top1": 140}))
    drawing = drawing_of(page, "accuracy.top1")

    assert (drawing.count('class="interval"'), drawing.count(JOINT), drawing.count(BREAK)) == (3, 2, 0)
    assert drawing.count('href="#mark-holds"') == 2
    assert drawing.count('href="#mark-violated"') == 1
    assert drawing.count('class="allowed"') == drawing.count('class="bound"') == 1
    assert spoken(drawing) == (
        "Top1 is right. v1: 94.0 %, 92.4 – 95.3 %, holds; v2: 93.0 %, 91.2 – 94.4 %, holds; v3: 86.0 %, 83.7 – 88.0 %, violated"
    )


def test_what_became_worse_stands_first(tmp_path: Path) -> None:
    sentences, page = history_of(releases_in(months(tmp_path, {}, {"invariance.flip": 140})), tmp_path)
    read = read_page(page)

    assert sentences == ["v2: not ready.", "Verdicts that fell since v1: 1 violated.", "Compared with v1: 1 worse, 1 same answers."]
    assert all(sentence in read.text for sentence in sentences[1:])
    assert "✕ violated was: holds ✕ worse then 95.0 % now 86.0 %" in read.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "0 mended, 90 broken of 1,000" in read.text
    assert [name for name in read.ids if name in ("worse", "property-0", "property-1", "releases")] == [
        "worse",
        "property-0",
        "property-1",
        "releases",
    ]
    assert re.findall(r'<h2 id="property-\d">(.*?)</h2>', page) == ["Invariance", "Accuracy"]


@pytest.fixture
def with_new_claims(tmp_path: Path) -> Path:
    """Two runs, of which the second asks more than fill a table, and one of its old scores may be worse."""
    new = {f"invariance.new{number:02}": 50 for number in range(15)}
    return months(tmp_path, {}, {"accuracy.top1": 75, **new})


def test_a_score_that_cannot_be_compared_is_not_called_worse(with_new_claims: Path) -> None:
    page = page_of(with_new_claims)
    worse, apart = (re.search(rf'<section aria-labelledby="{name}">.*?</section>', page, re.DOTALL) for name in ("worse", "not-compared"))
    assert worse is not None
    assert apart is not None

    assert worse[0].count('<th scope="row">') == 1
    assert "may be worse" in worse[0]
    assert "not comparable" not in worse[0]
    assert (
        "15 scores: v1 has no score of it (invariance.new00 · shapes, invariance.new01 · shapes, invariance.new02 · shapes and 12 more)"
        in apart[0]
    )


def test_that_nothing_comparable_became_worse_leaves_the_rest_open(tmp_path: Path) -> None:
    sentences, page = history_of(releases_in(months(tmp_path, {}, {"invariance.new": 50})), tmp_path)

    assert sentences[-1] == "Nothing that can be compared became worse since v1."
    assert 'id="worse"' not in page


def test_a_claim_that_is_only_waived_now_became_worse(tmp_path: Path) -> None:
    months(tmp_path, {}, {})
    edit(tmp_path / "v2", verdict="waived", waiver={"owner": "Ann", "expires": "2027-01-31", "limit": 0.5})
    (tmp_path / "v1" / "kept.npz").unlink()
    sentences, page = history_of(releases_in(tmp_path), tmp_path)

    assert sentences[1] == "Verdicts that fell since v1: 2 waived."
    assert read_page(page).text.count("◷ waived was: holds") == 2


def test_the_answer_is_said_once(tmp_path: Path) -> None:
    text = read_page(page_of(months(tmp_path, {}, {}))).text

    assert "v2: ready Invented. " in text


def test_what_is_drawn_or_attacked_otherwise_is_said_in_words(tmp_path: Path) -> None:
    instrument = "backbone-audits corruptions version {}"
    for number, actual in enumerate(
        (
            {"input_px": 64, "instrument": instrument.format(1), "steps": 5},
            {"input_px": 64, "instrument": instrument.format(2), "steps": 5},
            {"input_px": 64, "instrument": instrument.format(2), "steps": 10},
            {"input_px": 32, "instrument": instrument.format(2), "steps": 10},
        ),
        1,
    ):
        keep(tmp_path, f"v{number}", f"2026-0{number}-01T10:00:00Z", changed={"actual": actual, "detail": {"severities": [3]}})
    keep(tmp_path, "v5", "2026-05-01T10:00:00Z", changed={"actual": actual, "detail": {"severities": [1, 3, 5]}})

    assert re.findall(r"<div>(≠ .*?|… .*?)</div>", drawing_of(page_of(tmp_path), "accuracy.top1")) == [
        "≠ v5: another depth: now severities 1, 3 and 5, then severities 3",
        "≠ v4: shown otherwise: now input 32 px, then input 64 px",
        "≠ v3: another depth: now steps 10, then steps 5",
        "… and 1 more before",
    ]
    edit(tmp_path / "v2", actual={"instrument": instrument.format(9)})
    shutil.rmtree(tmp_path / "v5")
    shutil.rmtree(tmp_path / "v4")
    shutil.rmtree(tmp_path / "v3")
    edit(tmp_path / "v1", actual={"instrument": instrument.format(1)})
    drawing = drawing_of(page_of(tmp_path), "accuracy.top1")
    assert f"drawn otherwise: now {instrument.format(9)}, then {instrument.format(1)}" in drawing


def test_a_score_that_only_may_be_worse_is_not_passed_over(tmp_path: Path) -> None:
    sentences, _ = history_of(releases_in(months(tmp_path, {}, {"invariance.flip": 75})), tmp_path)

    assert sentences[1:] == ["Compared with v1: 1 may be worse, 1 same answers."]


def test_that_nothing_became_worse_is_said(tmp_path: Path) -> None:
    sentences, page = history_of(releases_in(months(tmp_path, {}, {"accuracy.top1": 58})), tmp_path)

    assert sentences == ["v2: ready.", "Compared with v1: 1 not worse, 1 same answers.", "Nothing became worse since v1."]
    assert 'id="worse"' not in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"changed": {"version": 2}}, "≠ v3: another version of the audit: now 2, then 1"),
        ({"changed": {"preprocessing": "96 px"}}, "≠ v3: another preprocessing: now 96 px, then 64 px"),
        ({"changed": {"label_space": "shapes 2"}}, "≠ v3: another classes: now shapes 2, then shapes 1"),
        ({"manifest": "0000"}, "≠ v3: another images (digest): now 0000, then 88d0c1f24b7a"),
    ],
)
def test_what_cannot_be_compared_is_not_joined(tmp_path: Path, changed: dict[str, object], words: str) -> None:
    months(tmp_path, {}, {})
    for name in ("v3", "v4"):
        keep(tmp_path, name, f"2026-0{name[1]}-01T10:00:00Z", **changed)  # type: ignore[arg-type]
    drawing = drawing_of(page_of(tmp_path), "accuracy.top1")

    assert (drawing.count(JOINT), drawing.count(BREAK)) == (2, 1)
    assert words in drawing
    assert "v3: not comparable with the one before, 94.0 %" in spoken(drawing)


def test_a_release_without_the_score_leaves_a_gap(tmp_path: Path) -> None:
    months(tmp_path, {}, {}, {}, {}, {})
    edit(tmp_path / "v2", audit="accuracy.other")
    edit(tmp_path / "v4", value=None, low=None, high=None, verdict="error")
    page = page_of(tmp_path)

    assert (drawing_of(page, "invariance.flip").count(JOINT), drawing_of(page, "invariance.flip").count(BREAK)) == (0, 0)
    assert spoken(drawing_of(page, "invariance.flip")).count("v2") == 0
    assert '<text class="error"' in drawing_of(page, "invariance.flip")


def test_a_backbone_keeps_its_line_when_each_release_has_a_name_of_its_own(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        keep(tmp_path, f"v{number}", f"2026-0{number}-01T10:00:00Z", backbones=(f"release_{number}",))
    page = page_of(tmp_path)

    assert drawing_of(page, "accuracy.top1").count(JOINT) == 2
    assert "<h1>release_3</h1>" in page


def test_of_several_backbones_each_has_lines_of_its_own(tmp_path: Path) -> None:
    keep(tmp_path, "v1", "2026-01-01T10:00:00Z", backbones=("one", "two"))
    keep(tmp_path, "v2", "2026-02-01T10:00:00Z", {"accuracy.top1": 60}, backbones=("two", "three"))
    sentences, page = history_of(releases_in(tmp_path), tmp_path)

    drawn = dict(re.findall(r'accuracy\.top1 · (\w+) · shapes</span></figcaption>.*?aria-label="([^"]*)"', page))
    assert {name: re.findall(r"v\d", label) for name, label in drawn.items()} == {"one": ["v1"], "two": ["v1", "v2"], "three": ["v2"]}
    assert "No longer there: one." in sentences
    assert "1 no longer judged." in sentences
    assert "invariance.flip of two on shapes" in read_page(page).text
    assert "95.0 % (93.5 – 96.2 %); bound ≥ 90 %; last in v1" in read_page(page).text.replace("\N{NO-BREAK SPACE}", " ")


def test_without_what_was_kept_verdicts_still_tell(tmp_path: Path) -> None:
    months(tmp_path, {}, {"accuracy.top1": 140})
    (tmp_path / "v1" / "kept.npz").unlink()
    sentences, _ = history_of(releases_in(tmp_path), tmp_path)

    assert sentences[1] == "Verdicts that fell since v1: 1 violated."
    assert "could not be compared with v1 image by image" in sentences[2]
    assert "kept.npz is not there" in sentences[2]


def test_one_release_is_drawn_and_said_to_be_the_only_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    months(tmp_path, {})

    assert main(["history", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        f"v1: ready. It is the only release here: there is nothing to compare it with yet.\n{tmp_path / 'history.html'}\n"
    )
    assert (tmp_path / "history.html").read_text(encoding="utf-8").count("<figure") == 2


def test_the_page_goes_where_told_and_is_the_same_each_time(tmp_path: Path) -> None:
    months(tmp_path / "kept", {}, {})

    for name in ("one.html", "two.html"):
        assert main(["history", str(tmp_path / "kept"), "--output", str(tmp_path / name)]) == 0
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert not (tmp_path / "kept" / "history.html").exists()


def none(folder: Path) -> Path:
    return folder / "nowhere"


def a_file(folder: Path) -> Path:
    (folder / "README.md").write_text("Runs")
    return folder / "README.md"


def empty(folder: Path) -> Path:
    return folder


def a_run(folder: Path) -> Path:
    return keep(folder, "v1")


def broken(folder: Path) -> Path:
    (keep(folder, "v1") / "run.json").write_text("{")
    return folder


def of_another_suite(folder: Path) -> Path:
    (keep(folder, "v1") / "run.json").write_text('{"schema_version": 7}')
    return folder


def without_records(folder: Path) -> Path:
    (keep(folder, "v1") / "run.json").write_text('{"schema_version": 1}')
    return folder


def with_another_gate(folder: Path) -> Path:
    file = keep(folder, "v1") / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"gate": {}}))
    return folder


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (none, "no folder"),
        (a_file, "README.md is a file; a history needs the folder that keeps several runs. Keep runs with"),
        (empty, "keeps no run. Keep runs with `pytest audits/ --audit-save=NAME`"),
        (a_run, "is one run; a history needs the folder that keeps several"),
        (broken, "v1/run.json is not a run file"),
        (of_another_suite, "v1/run.json has schema_version 7"),
        (without_records, "v1/run.json: the run has no 'provenance'"),
        (with_another_gate, "v1/run.json: its gate has no 'state'"),
    ],
)
def test_what_is_no_folder_of_runs_is_one_clear_line(made: object, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", str(made(tmp_path))]) == 2  # type: ignore[operator]

    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert not list(tmp_path.rglob("*.html"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of real size in which names try to get out of their place."""
    folder = tmp_path_factory.mktemp("kept")
    for number in (1, 2, 3):
        run = sample_run(BACKBONES[:2], pictures=False)
        for record in run["records"]:
            for key in ("claim", "backbone", "dataset", "view", "preprocessing"):
                record[key] = f"{record[key]}{HOSTILE}" + ("2" if number == 3 and key == "preprocessing" else "")
        run["gate"]["sentence"] = HOSTILE
        write_run(folder / f"v{number}{HOSTILE[:6]}" / "run.json", run)
    return page_of(folder)


@pytest.fixture
def page(hostile: str) -> Page:
    return read_page(hostile)


def test_the_page_is_sound(page: Page) -> None:
    assert page.faults == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    for link in page.values("href") + [f"#{name}" for name in page.values("aria-labelledby")]:
        assert link[0] == "#"
        assert link[1:] in page.ids


def test_nothing_is_fetched_and_nothing_runs(page: Page) -> None:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert [one["content"] for _, one in page.tags if one.get("http-equiv") == "Content-Security-Policy"] == [policy]
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "iframe", "object", "embed", "link", "form", "base", "img"})
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "<script>alert(1)</script>" in page.text


def test_many_releases_of_many_backbones_stay_below_three_megabytes(tmp_path: Path) -> None:
    wrong = {f"accuracy.top{number}": 60 for number in range(300)}
    name = keep(tmp_path, "v1", "2026-01-01T10:00:00Z", wrong, ("one_backbone", "another_backbone"))
    for number in range(2, MOST_RELEASES + 3):
        (tmp_path / f"v{number}").mkdir()
        shutil.copy(name / "run.json", tmp_path / f"v{number}" / "run.json")
    page = page_of(tmp_path)

    assert len(page.encode()) < 3_000_000
    assert f"Drawn are the newest {MOST_RELEASES} of {MOST_RELEASES + 2}." in page
    assert re.search(r"[\d,]+ more scores, which moved less, are left out", page)


def test_neither_torch_nor_the_plotting_library_is_needed(tmp_path: Path) -> None:
    months(tmp_path, {}, {})
    code = "import sys; from reports.__main__ import main; main(sys.argv[1:]); print(sys.modules.keys() & {'torch', 'matplotlib'})"

    told = subprocess.run([sys.executable, "-c", code, "history", str(tmp_path)], capture_output=True, text=True, check=True)
    assert told.stdout.endswith("set()\n")

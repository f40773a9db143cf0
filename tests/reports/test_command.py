"""`python -m reports`: what it writes, and how it refuses."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.html import render
from reports.plugin import command_of
from reports.record import write_run
from tests.reports.sample import sample_run


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    write_run(tmp_path / "run.json", sample_run())
    return tmp_path / "run.json"


def test_html_is_written_beside_the_run(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["html", str(run_file)]) == 0

    report = run_file.with_name("report.html")
    assert report.read_text(encoding="utf-8") == render(json.loads(run_file.read_text(encoding="utf-8")))
    assert capsys.readouterr().out == f"{report}\n"


def test_a_folder_stands_for_its_run_and_output_goes_where_told(run_file: Path, tmp_path: Path) -> None:
    assert main(["html", str(run_file.parent), "-o", str(tmp_path / "gate.html")]) == 0

    assert (tmp_path / "gate.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_markdown_is_printed_or_written(run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["markdown", str(run_file)]) == 0
    printed = capsys.readouterr().out
    assert main(["markdown", str(run_file), "--output", str(tmp_path / "verdicts.md")]) == 0

    assert printed.startswith("## Not ready\n")
    assert (tmp_path / "verdicts.md").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no file"),
        ("{", "is not a run file"),
        ("[]", "has schema_version None"),
        ('{"schema_version": 7}', "has schema_version 7"),
        ('{"schema_version": 1}', "the run has no 'provenance'"),
        (b"\xff\xfe", "is not text"),
    ],
)
def test_a_bad_run_file_is_one_clear_line(
    content: str | bytes | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    for command in ("html", "markdown"):
        assert main([command, str(path)]) == 2
        told = capsys.readouterr().err
        assert words in told
        assert told.count("\n") == 1
    assert not path.with_name("report.html").exists()


def test_an_output_that_cannot_be_written_is_one_clear_line(run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["html", str(run_file), "-o", str(tmp_path / "nowhere" / "report.html")]) == 2

    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["html", "markdown", "github"])
def test_what_cannot_be_written_is_not_blamed_on_the_run(
    command: str, run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for output, why in ((tmp_path, "it is a folder"), (tmp_path / "no" / "x", "there is no such folder")):
        assert main([command, str(run_file), "-o", str(output)]) == 2
        told = capsys.readouterr().err
        assert f"{output} cannot be written: {why}." in told
        assert "Errno" not in told
        assert "Give the run.json" not in told


def test_help_shows_commands_to_copy(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])

    told = capsys.readouterr().out
    assert "python -m reports html audit-report/run.json" in told
    assert "1: something has (`compare`)" in told


def test_no_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])

    assert "html | markdown" in capsys.readouterr().err


def test_what_makes_a_run_again_can_be_typed_into_a_shell() -> None:
    arguments = ["audits/", "--backbone=my model.toml", "-k", "not slow"]

    assert shlex.split(command_of(arguments, "")) == ["pytest", *arguments]
    assert shlex.split(command_of(arguments, "-n 2 -k 'a b'"))[:2] == ["PYTEST_ADDOPTS=-n 2 -k 'a b'", "pytest"]

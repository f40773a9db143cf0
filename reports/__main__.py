"""`python -m reports`: everything that a person reads, made again from a stored run, without torch and without a network."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.record import read_run

_EPILOG = """\
A run leaves its run.json in the folder of --audit-report (audit-report/ unless told). Examples:

  python -m reports html audit-report/run.json                  writes audit-report/report.html
  python -m reports html audit-report/run.json -o gate.html     writes gate.html
  python -m reports markdown audit-report/run.json              prints a short table of verdicts, for a merge request or a chat
  python -m reports github audit-report/run.json                prints annotations and adds to $GITHUB_STEP_SUMMARY
  python -m reports card audit-report/run.json -o ../model      adds scores to the README.md of a Hugging Face model repository
  python -m reports compare audit-baselines/v1 audit-report     what has become worse since v1
  python -m reports history audit-baselines                     writes audit-baselines/history.html: every score over the kept runs

Exit code 0: written; of `compare`: nothing has become worse; 1: something has (`compare`); 2: a run file cannot be read,
its report not be written, or `compare` cannot judge.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Make a report from a stored run; the exit code says whether it was made."""
    arguments = _parser().parse_args(words)
    try:
        run_file = arguments.run / "run.json" if arguments.run.is_dir() else arguments.run
        return arguments.command(run_file, arguments)
    except (OSError, ValueError) as error:
        print(f"python -m reports: {_told(error)}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reports", description=__doc__, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="html | markdown | github | card | compare | history")
    for name, command, written in (
        (
            "html",
            _html,
            "the report as one HTML file: verdicts, intervals, charts, the images judged wrong; default: report.html beside the run",
        ),
        ("markdown", _markdown, "a short table of verdicts; default: printed"),
        (
            "github",
            _github,
            "what GitHub Actions shows of a run: annotations, printed, and a step summary; default: $GITHUB_STEP_SUMMARY, if it is set",
        ),
    ):
        sub = commands.add_parser(name, help=written.partition(";")[0], description=f"Make {written}.")
        sub.add_argument("run", type=Path, metavar="RUN", help="a run.json, or the folder that holds one")
        sub.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"where to write ({written.rpartition('; ')[2]})")
        sub.set_defaults(command=command)
    _add_card(commands)
    _add_compare(commands)
    _add_history(commands)
    return parser


def _add_history(commands: Any) -> None:
    written = "every score over the runs that a folder keeps, as one HTML file: what became worse, a drawing a claim"
    history = commands.add_parser(
        "history", help=written.partition(":")[0], description=f"Make {written}. They stand in the order in which they began."
    )
    history.add_argument(
        "run", type=Path, metavar="FOLDER", help="what --audit-save=NAME keeps runs in: audit-baselines, unless told otherwise"
    )
    history.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write (history.html in the folder)")
    history.set_defaults(command=_history)


def _add_compare(commands: Any) -> None:
    written = "one run against an earlier one, image by image: what has become worse by more than its margin"
    compare = commands.add_parser(
        "compare", help=written, description=f"Compare {written}. Exit code 0: nothing has; 1: something has; 2: it cannot be judged."
    )
    compare.add_argument("earlier", type=Path, metavar="EARLIER", help="a run.json with kept.npz beside it, or their folder")
    compare.add_argument("run", type=Path, metavar="LATER", help="likewise")
    compare.add_argument("--margin", type=float, metavar="NUMBER", help="how much worse a score may be, instead of the policy's margin")
    compare.add_argument("--first", action="store_true", help="scores that the earlier run does not have pass")
    compare.set_defaults(command=_compare)


def _add_card(commands: Any) -> None:
    written = "the files of a Hugging Face model page: scores in the metadata of README.md and in .eval_results/"
    card = commands.add_parser("card", help=written, description=f"Make {written}. Nothing is sent.")
    card.add_argument("run", type=Path, metavar="RUN", help="a run.json, or the folder that holds one")
    card.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="a model repository; its README.md keeps all else (model-card/ beside the run)"
    )
    card.add_argument("--backbone", metavar="NAME", help="of this backbone only; of several each gets a folder of its own")
    card.add_argument(
        "--hub", action="append", default=[], metavar="DATASET=ID",
        help="what a dataset is called on the Hub, for .eval_results; DATASET:AUDIT=ID:TASK for one score; repeatable",
    )  # fmt: skip
    card.add_argument("--source", metavar="URL", help="where the report can be read")
    card.set_defaults(command=_card)


def _html(run_file: Path, arguments: argparse.Namespace) -> int:
    run = read_run(run_file)
    from reports.html import render  # only now: a typo or --help need not wait for the plotting library

    target = arguments.output or run_file.with_name("report.html")
    _write(target, render(run))
    print(target)
    return 0


def _markdown(run_file: Path, arguments: argparse.Namespace) -> int:
    run = read_run(run_file)
    from reports.markdown import render

    text = render(run)
    if arguments.output is None:
        print(text, end="")
    else:
        _write(arguments.output, text)
        print(arguments.output)
    return 0


def _github(run_file: Path, arguments: argparse.Namespace) -> int:
    run = read_run(run_file)
    from reports import github

    report = run_file.with_name("report.html")
    environment = {key: value for key, value in os.environ.items() if arguments.output is None or key != github.SUMMARY}
    for line in github.announce(run, environment, report, Path.cwd()):
        print(line)
    if arguments.output is not None:
        _write(arguments.output, github.step_summary(run, github.SUMMARY_BYTES, str(report)))
    return 0


def _card(run_file: Path, arguments: argparse.Namespace) -> int:
    from reports import card

    return card.write(run_file, arguments)


def _compare(run_file: Path, arguments: argparse.Namespace) -> int:
    from reports import compare, since
    from reports.numbers import count

    later, earlier = compare.load(run_file), compare.load(arguments.earlier)
    if arguments.margin is not None:
        later = replace(later, records=tuple(replace(record, margin=arguments.margin) for record in later.records))
    records, missing = compare.compared(later, earlier, arguments.first), compare.lost(later, earlier)
    rows, _ = since.rows(records, most=len(records))
    for line in [*map(since.line, rows), *(f"! no longer judged: {claim}" for claim in missing)]:
        print(line)
    print(since.sentence(records) or "Nothing was compared.", f"{count(len(missing))} no longer judged." if missing else "")
    return compare.exit_code(records, missing)


def _history(_: Path, arguments: argparse.Namespace) -> int:
    from reports.history import history_of
    from reports.releases import releases_in

    sentences, page = history_of(releases_in(arguments.run), arguments.run)
    target = arguments.output or arguments.run / "history.html"
    _write(target, page)
    print(" ".join(sentences), target, sep="\n")
    return 0


def _write(target: Path, text: str) -> None:
    """ValueError says which file cannot be written, and why: whoever reads it should not look at the run for the cause."""
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        why = "it is a folder" if target.is_dir() else "there is no such folder" if not target.parent.is_dir() else error.strerror
        raise ValueError(f"{target} cannot be written: {why}. Give -o a file in a folder that is there.") from error


def _told(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"no file {error.filename}. Give the run.json that `pytest audits/ --audit-report=FOLDER` left in FOLDER."
    if isinstance(error, UnicodeDecodeError):
        return f"the run file is not text ({error.reason}). Give the run.json of an audit-report folder."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be used: {error.strerror}."
    return str(error)


if __name__ == "__main__":
    sys.exit(main())

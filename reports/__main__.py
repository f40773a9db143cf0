"""`python -m reports`: everything that a person reads, made again from a stored run, without torch and without a network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reports.record import read_run

_EPILOG = """\
A run leaves its run.json in the folder of --audit-report (audit-report/ unless told). Examples:

  python -m reports html audit-report/run.json                  writes audit-report/report.html
  python -m reports html audit-report/run.json -o gate.html     writes gate.html
  python -m reports markdown audit-report/run.json              prints a short table of verdicts, for a step summary or a chat

Exit code 0: written; 2: the run file cannot be read, or its report not be written.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Make a report from a stored run; the exit code says whether it was made."""
    arguments = _parser().parse_args(words)
    try:
        run_file = arguments.run / "run.json" if arguments.run.is_dir() else arguments.run
        return arguments.command(run_file, arguments.output)
    except (OSError, ValueError) as error:
        print(f"python -m reports: {_told(error)}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reports", description=__doc__, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="html | markdown")
    for name, command, written in (
        (
            "html",
            _html,
            "the report as one HTML file: verdicts, intervals, charts, the images judged wrong; default: report.html beside the run",
        ),
        ("markdown", _markdown, "a short table of verdicts; default: printed"),
    ):
        sub = commands.add_parser(name, help=written.partition(";")[0], description=f"Make {written}.")
        sub.add_argument("run", type=Path, metavar="RUN", help="a run.json, or the folder that holds one")
        sub.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"where to write ({written.rpartition('; ')[2]})")
        sub.set_defaults(command=command)
    return parser


def _html(run_file: Path, output: Path | None) -> int:
    run = read_run(run_file)
    from reports.html import render  # only now: a typo or --help need not wait for the plotting library

    target = output or run_file.with_name("report.html")
    target.write_text(render(run), encoding="utf-8", newline="\n")
    print(target)
    return 0


def _markdown(run_file: Path, output: Path | None) -> int:
    run = read_run(run_file)
    from reports.markdown import render

    text = render(run)
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8", newline="\n")
        print(output)
    return 0


def _told(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"no file {error.filename}. Give the run.json that `pytest audits/ --audit-report=FOLDER` left in FOLDER."
    if isinstance(error, UnicodeDecodeError):
        return f"the run file is not text ({error.reason}). Give the run.json of an audit-report folder."
    return str(error)


if __name__ == "__main__":
    sys.exit(main())

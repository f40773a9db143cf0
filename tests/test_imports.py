"""Imports point one way; the engine runs without pytest, reports without torch, and --help without either's weight."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [path for folder in ("audits", "fixtures", "reports") for path in sorted((ROOT / folder).rglob("*.py"))]
PLUGINS = {
    "audits/across.py",
    "fixtures/options.py",
    "fixtures/cases.py",
    "fixtures/given.py",
    "fixtures/scheduling.py",
    "fixtures/transfer/given.py",
    "fixtures/sabotage/plugin.py",
    "reports/baseline.py",
    "reports/plugin.py",
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def allowed(path: str, name: str) -> bool:
    package = name.split(".")[0]
    if package == "conftest" or name.startswith("tests"):
        return False
    if package == "kornia":
        return path.startswith("fixtures/views/")
    if package in ("pytest", "_pytest", "xdist"):
        return path in PLUGINS or (path.startswith("audits/test_"))
    if path.startswith("audits/measures/"):
        return package not in ("fixtures", "reports") and (package != "audits" or name.startswith("audits.measures"))
    if path.startswith("audits/"):
        return True
    if name.startswith(("audits.measures.estimate", "audits.measures.change", "audits.measures.ranks")):
        return True
    if path.startswith("fixtures/"):
        return package != "audits" and (package != "reports" or name.startswith(("reports.record", "reports.kept", "reports.plugin.RUN")))
    return package not in ("audits", "fixtures", "torch", "torchvision", "timm", "open_clip", "kornia")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    name = str(path.relative_to(ROOT))

    assert [other for other in imported(path) if not allowed(name, other)] == []


@pytest.mark.parametrize("name", ["audits/__init__.py", "audits/measures/__init__.py"])
def test_the_bottom_of_the_graph_imports_nothing(name: str) -> None:
    assert (ROOT / name).read_text() == ""


def test_estimates_need_numpy_only() -> None:
    names = {name.split(".")[0] for name in imported(ROOT / "audits" / "measures" / "estimate.py")}

    assert names <= {"__future__", "collections", "dataclasses", "math", "numpy", "typing", "audits", "functools", "hashlib", "statistics"}


def loaded_by(code: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in told.stdout.split()}


def test_the_plugins_are_light() -> None:
    heavy = {"torch", "timm", "open_clip", "kornia", "torchvision", "matplotlib", "pyarrow", "jinja2", "pydantic"}
    plugins = "import conftest, importlib; [importlib.import_module(name) for name in conftest.pytest_plugins]"

    assert not loaded_by(plugins) & heavy


def test_reports_are_made_without_torch() -> None:
    assert "torch" not in loaded_by("import reports.html, reports.charts, reports.__main__")


def test_the_engine_runs_without_pytest() -> None:
    assert "pytest" not in loaded_by("import fixtures.evidence.source")


def test_every_package_folder_says_what_it_holds() -> None:
    folders = {path.parent for path in SOURCES}

    assert all((folder / "__init__.py").is_file() for folder in folders)

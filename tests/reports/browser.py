"""A real browser without a window: what the report's own tests look at the page with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

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
]

needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium here: install one (Debian: apt-get install chromium) to see the report in it"
)


def browse(profile: Path, *arguments: str, patience_ms: int = 2000) -> str:
    """What the browser prints; its profile is thrown away with the test's folder. patience_ms: the time that its pages believe they had."""
    command = [str(BROWSER), *QUIET, f"--virtual-time-budget={patience_ms}", f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

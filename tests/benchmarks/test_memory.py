"""The benchmark commands run; their figures are read by people."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_memory_of_many_images_is_compared_with_that_of_few(tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--images=900", "--against=300", f"--folder={tmp_path}"]
    done = subprocess.run(command, cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"ratio \d\.\d{3}: within the 1\.2 that is wanted", done.stdout)
    assert list(tmp_path.iterdir()) == []

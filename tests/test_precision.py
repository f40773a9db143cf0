"""Inside a pass fp32 is IEEE float32, and the process gets its own settings back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

from fixtures.options import OPTIONS
from fixtures.precision import MULTIPLIERS, PRECISIONS, dtype_of, ieee_float32

NAMES = [f"{library}.{operation}" for library, operation in MULTIPLIERS]


def settings() -> dict[str, str]:
    """Everything that decides how float32 is multiplied, by both of torch's ways to say it."""
    found = {f"{one}.{two}": getattr(getattr(torch.backends, one), two).fp32_precision for one, two in MULTIPLIERS}
    older: dict[str, Callable[[], object]] = {
        "cudnn.allow_tf32": lambda: torch.backends.cudnn.allow_tf32,
        "matmul.allow_tf32": lambda: torch.backends.cuda.matmul.allow_tf32,
        "float32_matmul_precision": torch.get_float32_matmul_precision,
    }
    for name, read in older.items():
        try:
            found[name] = str(read())
        except RuntimeError:
            found[name] = "unreadable"
    return found


BEFORE = {
    "nothing was set": "",
    "the older way": "torch.backends.cudnn.allow_tf32 = True; torch.backends.cuda.matmul.allow_tf32 = True",
    "a word for matrix products": "torch.set_float32_matmul_precision('medium')",
    "the newer way": "torch.backends.cudnn.conv.fp32_precision = 'tf32'; torch.backends.cuda.matmul.fp32_precision = 'tf32'",
    "everything at once": "torch.backends.fp32_precision = 'tf32'",
    "one way against the other": "torch.backends.cuda.matmul.allow_tf32 = True; torch.backends.cudnn.conv.fp32_precision = 'ieee'",
}


@pytest.mark.slow
def test_float32_is_ieee_inside_and_as_it_was_afterwards() -> None:
    """In processes of their own: some of these settings cannot be taken back."""
    program = """
import os, sys, torch
from fixtures.precision import ieee_float32
from tests.test_precision import BEFORE, NAMES, settings

def tried(setting):
    exec(setting)
    before = settings()
    try:
        with ieee_float32():
            inside = settings()
            raise KeyError
    except KeyError:
        pass
    assert {inside[name] for name in NAMES} == {"ieee"}, inside
    assert settings() == before, (before, settings())
    if "unreadable" not in before.values():
        assert (inside["cudnn.allow_tf32"], inside["matmul.allow_tf32"]) == ("False", "False"), inside

for name, setting in BEFORE.items():
    if os.fork() == 0:
        tried(setting)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"failed where before: {name}")
"""
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_convolution_on_cuda_has_all_of_its_bits() -> None:
    generator = torch.Generator().manual_seed(0)
    images, weights = torch.randn(8, 64, 56, 56, generator=generator), torch.randn(64, 64, 3, 3, generator=generator)
    exact = torch.nn.functional.conv2d(images.double(), weights.double())
    with ieee_float32():
        ours = torch.nn.functional.conv2d(images.cuda(), weights.cuda()).cpu().double()
    assert (ours - exact).abs().max() < 1e-3  # TF32 is off by some 0.05 here


def test_every_precision_of_the_command_line_has_a_type() -> None:
    offered = next(option.choices for option in OPTIONS if option.name == "--audit-precision")
    assert offered == ("auto", *PRECISIONS)
    assert [dtype_of(name) for name in PRECISIONS] == [torch.float32, torch.bfloat16, torch.float16]

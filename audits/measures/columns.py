"""What may go into a measure: columns with one row an image, complete, of one length; anything else is refused by name."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-5  # how far float32 arithmetic may leave a probability outside [0, 1]; clipped, not refused


def array(name: str, values: Any) -> NDArray[Any]:
    """A numpy array of `values`, wherever they live; tensors come to the CPU, floats become float64.

    Errors: ValueError for no rows, or for NaN or infinite numbers (how many, and the first row).
    """
    result = stored(name, values)
    if not np.issubdtype(result.dtype, np.floating):
        return result
    result = result.astype(np.float64, copy=False)
    finite = np.isfinite(result).reshape(len(result), -1).all(axis=1)
    if not finite.all():
        raise nonfinite_rows(name, np.flatnonzero(~finite), len(result))
    return result


def stored(name: str, values: Any) -> NDArray[Any]:
    """A numpy array of `values` as they are, not a copy where they are one already; ValueError for no rows or values of different kinds."""
    if hasattr(values, "detach"):
        tensor = values.detach().cpu()
        # numpy has no bfloat16
        values = (tensor.float() if tensor.is_floating_point() and tensor.element_size() < 4 else tensor).numpy()
    result = np.asarray(values.tolist() if getattr(values, "dtype", None) == np.object_ else values)
    if result.dtype == np.object_:
        raise ValueError(f"{name}: got values of different kinds (shape {result.shape}), wanted one number or one text for each image.")
    if result.ndim == 0 or len(result) == 0:
        raise ValueError(f"{name}: got no rows (shape {result.shape}), wanted at least one image. No data is not a score.")
    return result


def nonfinite_rows(name: str, rows: NDArray[np.int64], n: int) -> ValueError:
    """What to say about rows with NaN or infinite numbers."""
    return ValueError(f"{name}: got NaN or infinite numbers in {len(rows):,} of {n:,} rows, first in row {rows[0]}; wanted finite ones.")


def column(name: str, values: Any) -> NDArray[Any]:
    """One value an image, [n]; ValueError for any other shape, no rows or NaN."""
    result = array(name, values)
    if result.ndim != 1:
        raise ValueError(f"{name}: got shape {result.shape}, wanted one value an image, [n].")
    return result


def flags(name: str, values: Any) -> NDArray[np.bool_]:
    """Yes or no an image, [n], as booleans or as 0 and 1; ValueError for anything else."""
    result = column(name, values)
    if result.dtype == np.bool_:
        return result
    if not np.issubdtype(result.dtype, np.number) or not np.isin(result, (0, 1)).all():
        raise ValueError(f"{name}: got {result.dtype} values other than 0 and 1, wanted true or false for each image.")
    return result.astype(np.bool_)


def probabilities(name: str, values: Any) -> NDArray[np.float64]:
    """Numbers in [0, 1] of any shape; a hair outside is rounding and is clipped, more is a ValueError."""
    result = array(name, values).astype(np.float64, copy=False)
    if result.min() < -ROUNDING or result.max() > 1 + ROUNDING:
        raise ValueError(
            f"{name}: got {result.min():g} to {result.max():g}, wanted probabilities between 0 and 1 (logits need a softmax first)."
        )
    return np.clip(result, 0.0, 1.0)


def log_probabilities(name: str, values: Any) -> NDArray[np.float64]:
    """Natural logarithms of probabilities, [n], at most 0; a hair above is rounding and is clipped, more is a ValueError."""
    result = column(name, values).astype(np.float64, copy=False)
    if result.max() > ROUNDING:
        raise ValueError(f"{name}: got {result.max():g}, wanted logarithms of probabilities, at most 0.")
    return np.minimum(result, 0.0)


def class_indices(name: str, values: Any, classes: int) -> NDArray[np.int64]:
    """A class index an image, [n], each in 0 … classes - 1; ValueError that names the first row that is not."""
    result = column(name, values)
    if not np.issubdtype(result.dtype, np.integer):
        raise ValueError(f"{name}: got {result.dtype}, wanted whole class indices.")
    outside = np.flatnonzero((result < 0) | (result >= classes))
    if len(outside):
        raise ValueError(
            f"{name}: got {result[outside[0]]} in row {outside[0]} ({len(outside):,} rows outside), wanted 0 to {classes - 1}."
        )
    return result.astype(np.int64)


def same_length(**columns: Sized) -> int:
    """The common number of rows; ValueError that lists every column's length when they differ."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1:
        got = ", ".join(f"{name} has {length:,}" for name, length in lengths.items())
        raise ValueError(f"Columns of different lengths: {got} rows; wanted the same images in the same order.")
    return next(iter(lengths.values()))

"""Views in words: what is done to images, by how much, and in which units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reports import numbers
from reports.claims import unit_of
from reports.record import Record

_CORRUPTED, _SAVED = "corruption_", "_as_jpeg"
# How a family of views changes an image, with its number in place of `{}`, and the axis of a chart over that number.
_VIEWS = {
    "scale": ("at {} times their size", "size (times)"),
    "translation": ("moved by {} of 224 px", "moved (px, for a 224 px input)"),
    "resolution": ("at {} of 224 px", "input size (px, for a backbone of 224 px)"),
    "rotation": ("turned by {}°", "turned (degrees)"),
    "size_and_crop": ("taken at {} (px, crop)", "size and crop"),
    "flip": ("mirrored ({})", "mirrored"),
    "brightness": ("with {} times the light", "light (times)"),
    "contrast": ("with {} times the contrast", "contrast (times)"),
    "hue": ("with hues moved by {} turns", "hue (turns)"),
    "blur": ("blurred by {} of 224 px", "blur (px of sigma, for a 224 px input)"),
    "fgsm_linf": ("attacked in one step by {} of 255 levels a pixel", "attack (levels of 255, each pixel)"),
    "pgd_linf": ("attacked (PGD) by {} of 255 levels a pixel", "attack (levels of 255, each pixel)"),
    "apgd_linf": ("attacked (Auto-PGD) by {} of 255 levels a pixel", "attack (levels of 255, each pixel)"),
    "fgsm_l2": ("attacked in one step by a change of length {}", "attack (length of the change, for a 224 px input)"),
    "pgd_l2": ("attacked (PGD) by a change of length {}", "attack (length of the change, for a 224 px input)"),
    "apgd_l2": ("attacked (Auto-PGD) by a change of length {}", "attack (length of the change, for a 224 px input)"),
}
# Protocols give pixels for a 224 px input; what became of them for a backbone stands in `actual` under these names.
_ACTUAL = {"translation": "shift_px", "resolution": "input_px", "blur": "sigma_px"}
_UNITS = ("px", "degrees", "turns")


def view_words(record: Record) -> str:
    """A view as something done to images: `images turned by 20°`, `images moved by 5 of 224 px (here 1 px)`."""
    if record.parameter:
        unchanged = record.view == "clean"
        unit = f", in {unit_of(record)}" if unit_of(record) else ""
        return f"for {record.parameter.replace('_', ' ')}{unit}" + (
            "" if unchanged else f", {view_words(replace(record, audit=record.family))}"
        )
    if record.view == "clean":
        over = (record.detail or {}).get("over")
        return f"over {over}" if over else "images as they are"
    name, _, value = record.view.partition("=")
    written = value.replace("-", numbers.MINUS)
    if name.startswith(_CORRUPTED):
        saved = ", saved as JPEG" if name.endswith(_SAVED) else ""
        return f"images with {way_words(name)}, severity {written}{saved}"
    if name not in _VIEWS or not value:
        return f"images under {name.replace('_', ' ')}{f' = {written}' if value else ''}"
    here = (record.actual or {}).get(_ACTUAL.get(name, ""))
    told = f" (here {_size(here)}{numbers.NO_BREAK}px)" if isinstance(here, int | float) and f"{here:g}" != value else ""
    return f"images {_VIEWS[name][0].format(written)}{told}"


def shown_view(record: Record) -> str:
    """The view of a record in a narrow column: its variant, or over what it was taken together."""
    return str((record.detail or {}).get("over") or record.variant)


def way_words(family: str) -> str:
    """A family of views in a narrow list: `gaussian noise`."""
    return family.removeprefix(_CORRUPTED).removesuffix(_SAVED).replace("_", " ")


def axis_words(family: str) -> str:
    """What the axis of a chart over a family of views measures."""
    return _VIEWS[family][1] if family in _VIEWS else family.replace("_", " ")


def actual_words(actual: dict[str, Any] | None) -> str:
    """The amounts that a view really used: `input 64 px, shift 9 px`."""
    return ", ".join(_amount(key, value) for key, value in (actual or {}).items())


def _amount(key: str, value: Any) -> str:
    name, _, unit = key.rpartition("_")
    name, unit = (name, f" {unit}") if name and unit in _UNITS else (key, "")
    return f"{name.replace('_', ' ')} {_size(value)}{unit}"


def _size(value: Any) -> str:
    if isinstance(value, list):
        *others, last = map(_size, value)
        return f"{', '.join(others)} and {last}" if others else last
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}".replace("-", numbers.MINUS)
    return numbers.count(value) if isinstance(value, int) else str(value)

"""The docstring of an audit module as the paragraphs of a page: one text for those who read code and those who read reports."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = re.compile(r"([A-Z][\w ]{2,28}): (?=\S)")
_BULLET = re.compile(r"[*-] +")


@dataclass(frozen=True)
class Paragraph:
    """A piece of text: with a label such as "Measure" before it, or the items of a list."""

    text: str
    label: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prose:
    """A property in words: its name, the claim in one sentence or two, and what else its author wrote."""

    title: str
    claim: str
    rest: tuple[Paragraph, ...]


def read_prose(name: str, docstring: str) -> Prose:
    """The title and paragraphs of an audit module's docstring; `name` is the property's key, used where the text gives no title."""
    blocks = [block for block in re.split(r"\n\s*\n", docstring.strip()) if block.strip()]
    title, claim = name.replace("_", " ").capitalize(), ""
    if blocks:
        claim = " ".join(blocks[0].split())
        label = _LABEL.match(claim)
        if label:
            title, claim = label[1], claim[label.end() :]
            claim = claim[0].upper() + claim[1:]
    return Prose(title, claim, tuple(paragraph for block in blocks[1:] for paragraph in _paragraphs(block)))


def _paragraphs(block: str) -> list[Paragraph]:
    """The paragraphs of a block of lines: a line that begins with `Label: ` or a bullet begins something new, others go on."""
    pieces: list[str] = []
    for line in block.splitlines():
        begins = _LABEL.match(line.strip()) or _BULLET.match(line.strip())
        if begins or not pieces:
            pieces.append(line.strip())
        else:
            pieces[-1] += f" {line.strip()}"
    paragraphs: list[Paragraph] = []
    for piece in pieces:
        bullet = _BULLET.match(piece)
        if bullet and paragraphs and paragraphs[-1].items:
            paragraphs[-1] = Paragraph("", items=(*paragraphs[-1].items, piece[bullet.end() :]))
        elif bullet:
            paragraphs.append(Paragraph("", items=(piece[bullet.end() :],)))
        else:
            label = _LABEL.match(piece)
            paragraphs.append(Paragraph(piece[label.end() :], label[1]) if label else Paragraph(piece))
    return paragraphs

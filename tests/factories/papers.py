"""What a PDF made by us says: its lines of text, in the order they are printed."""

from __future__ import annotations

import re
import zlib
from typing import Final

# No carriage returns around a stream: one in 256 ends with such a byte of its own.
_STREAM: Final = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)
_TEXT: Final = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


def lines_of(document: bytes) -> list[str]:
    """Every text that the document shows; lines of one cell come one by one."""
    found: list[str] = []
    for stream in _STREAM.findall(document):
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue
        found.extend(
            _ESCAPED.sub(rb"\1", text).decode("latin-1")
            for text in _TEXT.findall(content)
        )
    return found


def text_of(document: bytes) -> str:
    """All of it, with single spaces between words."""
    return " ".join(" ".join(lines_of(document)).split())

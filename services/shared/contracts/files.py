"""How a document travels between services: its bytes as base64 text in JSON."""

from __future__ import annotations

import base64
from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import text

JSON: Final = "json"
PDF: Final = "pdf"
XLSX: Final = "xlsx"

BYTES_MAX: Final = 8 * 1024 * 1024
"""What one call may carry; whoever has more sends it in several calls."""


class File(Schema):
    """A document: what to call it, what it is, and its bytes in base64."""

    name = text(longest=100, required=True, metadata={"example": "slip.pdf"})
    media_type = text(
        longest=100, required=True, metadata={"example": "application/pdf"}
    )
    content = fields.String(required=True, metadata={"example": "JVBERi0="})


def file_of(name: str, media_type: str, content: bytes) -> dict[str, Any]:
    """The answer that carries ``content``, in the shape of `File`."""
    return {
        "name": name,
        "media_type": media_type,
        "content": base64.b64encode(content).decode("ascii"),
    }


def content_of(file: dict[str, Any]) -> bytes:
    """The bytes that a `File` carries."""
    return base64.b64decode(file["content"], validate=True)


def format_field(*formats: str) -> fields.String:
    """The query parameter ``format``: JSON unless one of the others is asked for."""
    return fields.String(
        load_default=JSON,
        validate=validate.OneOf((JSON, *formats)),
        metadata={"description": "In which form the answer is wanted."},
    )

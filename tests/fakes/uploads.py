"""How a fuzzer sends files: whatever bytes it makes up, as they are."""

from __future__ import annotations

import schemathesis

from services.shared.contracts.members import documents, imports


def register() -> None:
    """Tell schemathesis about the media types that are taken as raw bytes."""
    for media_type in (*documents.MEDIA_TYPES, imports.XLSX):
        schemathesis.serializer.alias(media_type, "application/octet-stream")

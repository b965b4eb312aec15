"""What a file is, by its content, and what it is called when somebody takes it home."""

from __future__ import annotations

from typing import Final

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
PDF: Final = "application/pdf"
MEDIA_TYPES: Final = (JPEG, PNG, PDF)
IMAGES: Final = (JPEG, PNG)
EXTENSIONS: Final = {JPEG: "jpg", PNG: "png", PDF: "pdf"}

# How each begins, and what has to come at or near its end: half a file is none.
_BEGINNINGS: Final = {
    JPEG: b"\xff\xd8\xff",
    PNG: b"\x89PNG\r\n\x1a\n",
    PDF: b"%PDF-",
}
_ENDINGS: Final = {JPEG: b"\xff\xd9", PNG: b"IEND", PDF: b"%%EOF"}
_TAIL_BYTES: Final = 1024


def media_type_of(content: bytes) -> str | None:
    """The media type by the content itself; None for what is not taken.

    What the sender calls it does not count: a page of HTML called a photograph would
    run in the browser of whoever looks at it.
    """
    tail = content[-_TAIL_BYTES:]
    for media_type, beginning in _BEGINNINGS.items():
        if content.startswith(beginning) and _ENDINGS[media_type] in tail:
            return media_type
    return None


def file_name(document_id: str, kind: str, media_type: str) -> str:
    """What a download is called; nothing of it comes from whoever uploaded it."""
    return f"{kind}-{document_id}.{EXTENSIONS[media_type]}"

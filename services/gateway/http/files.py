"""How a document that a service made goes to an HTTP client: as a file."""

from __future__ import annotations

import re
from typing import Any, Final

from services.gateway.http.answers import Answer
from services.shared.contracts import files

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def attached(file: dict[str, Any]) -> Answer:
    """The document as an answer that a browser saves under the document's name.

    Never shown inside our own pages: what is in it came from people.
    """
    name = _UNSAFE.sub("-", file["name"]).strip("-.") or "dokumen"
    return Answer(
        200,
        files.content_of(file),
        file["media_type"],
        (
            ("Content-Disposition", f'attachment; filename="{name}"'),
            ("X-Content-Type-Options", "nosniff"),
        ),
    )


def in_form(wanted: str | None, result: Any) -> dict[str, Any] | Answer:
    """What a call answered: its JSON, or the file when another form was ``wanted``."""
    return dict(result) if wanted in {None, files.JSON} else attached(result)

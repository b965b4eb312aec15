"""What goes back to an HTTP client."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"

Headers = tuple[tuple[str, str], ...]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; the connection adds the headers that every answer has."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: Headers = ()

    def with_headers(self, *headers: tuple[str, str]) -> Answer:
        """The same answer with more headers."""
        return replace(self, headers=(*self.headers, *headers))


def of_json(
    status: int, value: Any, *, media_type: str = JSON, headers: Headers = ()
) -> Answer:
    """An answer whose body is ``value`` as JSON."""
    return Answer(status, _encode(value).encode(), media_type, headers)

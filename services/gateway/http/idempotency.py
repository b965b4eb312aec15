"""The Idempotency-Key header: when it must be there, and what it becomes."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Final

from services.gateway.http import bodies, requests
from services.gateway.http.problems import (
    IdempotencyKeyRequired,
    InvalidIdempotencyKey,
)
from services.gateway.http.requests import Request

KEY_LENGTH_MAX: Final = 255
OWN: Final = "/v1/me/"


class Idempotency(Enum):
    """What an operation thinks of the header."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


def check_key(request: Request, policy: Idempotency) -> None:
    """Refuse a missing or malformed key before the body is looked at."""
    key = request.headers.get("idempotency-key")
    if policy is Idempotency.NONE:
        return
    if key is None:
        if policy is Idempotency.REQUIRED:
            raise IdempotencyKeyRequired
        return
    if not 0 < len(key) <= KEY_LENGTH_MAX or not requests.is_visible_ascii(key):
        raise InvalidIdempotencyKey


def _fingerprint(request: Request) -> str:
    if request.is_raw:
        return hashlib.sha512(request.body).hexdigest()
    return bodies.fingerprint(request.json)


def part_of_command(request: Request, policy: Idempotency) -> dict[str, str] | None:
    """The idempotency part of a command. Its scope is tenant, method and path.

    What is one's own is somebody else's under the same path: there it is the caller's.
    """
    key = request.headers.get("idempotency-key")
    if policy is Idempotency.NONE or key is None:
        return None
    operation = f"{request.method} {request.path}"
    if request.path.startswith(OWN) and request.identity is not None:
        operation = f"{operation} {request.identity.subject}"
    return {
        "key": key,
        "operation": operation,
        "request_hash": _fingerprint(request),
    }

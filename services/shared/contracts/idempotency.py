"""How a command says that it may be repeated: the idempotency part of its message."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from marshmallow import Schema, fields, validate

KEY_LENGTH_MAX: Final = 255


class IdempotencySchema(Schema):
    """The part ``idempotency`` of a command, made by the gateway.

    ``operation`` is the method and path (``POST /v1/accounts``), so the same key on
    another route is another request; under ``/v1/me`` it says whose, too.
    """

    key = fields.String(
        required=True,
        validate=validate.Regexp(
            rf"^[\x21-\x7e]{{1,{KEY_LENGTH_MAX}}}\Z",
            error=f"Must be 1 to {KEY_LENGTH_MAX} visible ASCII characters.",
        ),
    )
    operation = fields.String(required=True, validate=validate.Length(min=1, max=500))
    request_hash = fields.String(
        required=True, validate=validate.Regexp(r"^[0-9a-f]{128}\Z")
    )


def request_hash(body: dict[str, Any]) -> str:
    """SHA-512 in hex of the body as canonical JSON: equal for the same request."""
    canonical = json.dumps(
        body, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha512(canonical.encode()).hexdigest()

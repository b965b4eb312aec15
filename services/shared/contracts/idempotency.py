"""How a client's idempotency key travels inside a command."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

KEY_LENGTH_MAX: Final = 255


class IdempotencySchema(Schema):
    """The key, the operation it belongs to and the fingerprint of the request.

    `operation` is method and path (``POST /v1/members``); `request_hash` is the
    SHA-512 of the canonical JSON body in hexadecimal.
    """

    key = fields.String(
        required=True,
        validate=validate.Regexp(
            rf"^[\x21-\x7e]{{1,{KEY_LENGTH_MAX}}}\Z",
            error="Must be 1 to 255 visible ASCII characters.",
        ),
    )
    operation = fields.String(required=True, validate=validate.Length(min=1, max=500))
    request_hash = fields.String(
        required=True, validate=validate.Regexp(r"^[0-9a-f]{128}\Z")
    )

"""Cursors are opaque: sealed for one list and one tenant, refused when touched."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from services.gateway.http.problems import InvalidCursor

SEAL_BYTES: Final = 16


class CursorSeal:
    """Seals what a service calls its cursor into what clients carry around."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, cursor: str, *, scope: str) -> str:
        """The cursor for clients; ``scope`` names the list and the tenant."""
        plain = cursor.encode()
        sealed = self._tag(plain, scope) + plain
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, text: str, *, scope: str) -> str:
        """The service's cursor in ``text``. Raises InvalidCursor."""
        try:
            sealed = base64.b64decode(
                text.encode("ascii") + b"=" * (-len(text) % 4),
                altchars=b"-_",
                validate=True,
            )
        except (binascii.Error, UnicodeEncodeError) as error:
            raise InvalidCursor from error
        tag, plain = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        if not hmac.compare_digest(tag, self._tag(plain, scope)):
            raise InvalidCursor
        return plain.decode()

    def _tag(self, plain: bytes, scope: str) -> bytes:
        message = scope.encode() + b"\0" + plain
        return hmac.digest(self._key, message, "sha512")[:SEAL_BYTES]

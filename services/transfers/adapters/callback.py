"""Sends signed messages to the systems of connected cooperatives over HTTP.

What these systems answer is nothing we trust: redirects are not followed, the body is
not read, and neither proxies nor credentials come from the environment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Final

import requests

from services.shared import clock
from services.transfers.domain.callbacks import Attempt, Callback

TIMEOUT_SECONDS: Final = 5.0


class HttpCallbackSender:
    """Posts one message; many may be posted at a time."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds

    def send(self, callback: Callback) -> Attempt:
        """Send the message once; whatever is wrong is told in the attempt."""
        started = time.monotonic()
        status, error = None, None
        try:
            status = self._post(callback)
        except Exception as fault:  # noqa: BLE001 not all that a strange URL raises is of requests
            # The name of the fault, not its text: that repeats the whole URL.
            error = type(fault).__name__
        return Attempt(
            status=status,
            error=error,
            milliseconds=int((time.monotonic() - started) * 1000),
        )

    def _post(self, callback: Callback) -> int:
        body = callback.body.encode()
        with requests.Session() as session:
            session.trust_env = False
            with session.post(
                callback.url,
                data=body,
                headers=signed_headers(callback.secret, body),
                timeout=self._timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code


def signed_headers(secret: str, body: bytes) -> dict[str, str]:
    """The headers that prove to the receiver who wrote ``body``, and when."""
    timestamp = clock.now().isoformat()
    digest = hmac.digest(
        secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha512
    )
    return {
        "Content-Type": "application/json",
        "User-Agent": "koperasi-hub",
        "X-Timestamp": timestamp,
        "X-Signature": base64.b64encode(digest).decode(),
    }

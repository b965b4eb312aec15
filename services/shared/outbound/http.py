"""Posts signed messages to the systems of cooperatives.

Whoever may name an address could otherwise have the hub knock at doors inside its own
network. So a name is resolved once, every address it has is judged, and the connection
is made to the address that was judged. Redirects are not followed, the body of the
answer is not read, and nothing comes from the environment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from typing import Final
from urllib.parse import SplitResult, urlsplit

from services.shared import clock
from services.shared.outbound.messages import (
    Attempt,
    Outgoing,
    address_fault,
    url_fault,
)

TIMEOUT_SECONDS: Final = 5.0
DEADLINE_SECONDS: Final = 10.0
"""For everything together: whoever answers byte by byte is not waited for."""

PORTS: Final = {"http": 80, "https": 443}


class AddressRefused(OSError):
    """The host's addresses are none that the hub sends to."""


class SignedSender:
    """Posts one message at a time; several of them may be used at once.

    ``is_local`` is a hub that is only reached on its own machine, and may send there.
    """

    def __init__(
        self,
        *,
        is_local: bool,
        timeout_seconds: float = TIMEOUT_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._is_local = is_local
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds

    def send(self, message: Outgoing) -> Attempt:
        """Send the message once; whatever is wrong is told in the attempt."""
        started = time.monotonic()
        status, error = None, None
        try:
            status = self._post(message)
        except Exception as fault:  # noqa: BLE001  a strange answer raises strange things
            # The name of the fault, not its text: that may repeat the whole URL.
            error = type(fault).__name__
        return Attempt(
            status=status,
            error=error,
            milliseconds=int((time.monotonic() - started) * 1000),
        )

    def _post(self, message: Outgoing) -> int:
        parts = urlsplit(message.url)
        if url_fault(message.url, is_local=self._is_local) is not None:
            raise AddressRefused
        body = message.body.encode()
        connected = self._connect(parts)
        # Shutting the socket down wakes whoever waits on it.
        watch = threading.Timer(self._deadline_seconds, _shut, [connected])
        watch.daemon = True
        watch.start()
        try:
            connection = _Connected(connected, parts.hostname or "")
            target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            connection.request("POST", target, body, self._headers(message, parts))
            return connection.getresponse().status
        finally:
            watch.cancel()
            connected.close()

    def _connect(self, parts: SplitResult) -> socket.socket:
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(one[4][0])) for one in found]
        if address_fault(addresses, is_local=self._is_local) is not None:
            raise AddressRefused
        plain = socket.create_connection(
            (str(addresses[0]), port), timeout=self._timeout_seconds
        )
        if parts.scheme == "http":
            return plain
        try:
            context = ssl.create_default_context()
            return context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    @staticmethod
    def _headers(message: Outgoing, parts: SplitResult) -> dict[str, str]:
        return {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "User-Agent": "koperasi-hub",
            "Connection": "close",
            **message.headers,
            **signed_headers(message.secret, message.body.encode()),
        }


class _Connected(http.client.HTTPConnection):
    """HTTP over a socket that is connected already."""

    def __init__(self, connected: socket.socket, host: str) -> None:
        super().__init__(host)
        self.sock = connected


def signed_headers(secret: str, body: bytes) -> dict[str, str]:
    """The headers that prove to the receiver who wrote ``body``, and when."""
    timestamp = clock.now().isoformat()
    told = f"{timestamp}.".encode() + body
    digest = hmac.digest(secret.encode(), told, hashlib.sha512)
    return {
        "X-Timestamp": timestamp,
        "X-Signature": base64.b64encode(digest).decode(),
    }


def _shut(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Over already: exactly what was wanted.
        return

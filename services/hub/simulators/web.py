"""The little HTTP that the simulators need: JSON in, JSON out, one thread a request."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

BODY_BYTES_MAX: Final = 16_777_216
"""More than any document that the hub hands on."""

STOP_SECONDS: Final = 0.05
"""How soon a server that is told to stop notices."""

Answer = tuple[int, Any]
Respond = Callable[[str, str, dict[str, str], bytes], Answer]
"""Method, path, headers in small letters, body; answered by status and JSON."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def server(address: tuple[str, int], respond: Respond) -> ThreadingHTTPServer:
    """A bound server that answers with ``respond``; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, BODY_BYTES_MAX))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, value = respond(self.command, self.path, headers, body)
            # Whoever simulates a vendor out of its mind answers with what is no JSON.
            is_raw = isinstance(value, bytes)
            content = value if is_raw else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815  named by the library

        def log_message(self, *_args: Any) -> None:
            """Say nothing: bodies name people."""

    return _Server(address, Handler)


def serve_aside(bound: ThreadingHTTPServer) -> Callable[[], None]:
    """Answer requests on a thread of this process; what ends that."""
    often = {"poll_interval": STOP_SECONDS}
    threading.Thread(target=bound.serve_forever, kwargs=often, daemon=True).start()

    def stop() -> None:
        bound.shutdown()
        bound.server_close()

    return stop


def address_of(bound: ThreadingHTTPServer) -> str:
    """Where a bound server listens, as host:port."""
    host, port = bound.server_address[:2]
    return f"{host!s}:{port}"

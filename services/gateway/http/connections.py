"""One client's connection: requests are read, answered, and bounded in size and time.

llhttp (by httptools) parses, so that request smuggling is not only our concern; this
file decides what is too large, too slow, or the last request.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

import httptools

from services.gateway.http import problems
from services.gateway.http.answers import Answer
from services.gateway.http.options import Options
from services.gateway.http.requests import Request
from services.shared.errors import ServiceError

RECEIVE_BYTES: Final = 64 << 10
LINGER_SECONDS: Final = 2.0
LINGER_BYTES_MAX: Final = 32 << 20

# A second one of these would let two readers of a request disagree on what it says.
SINGLE_HEADERS: Final = frozenset(
    {
        "authorization",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "x-request-id",
    }
)

STANDING_HEADERS: Final = (
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
)
CONTENT_SECURITY_POLICY: Final = (
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
)

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    for status in HTTPStatus
}

_date: tuple[int, str] = (0, "")


def _date_header() -> str:
    """The Date header, made once a second."""
    global _date  # noqa: PLW0603 - a cache of one line
    second = int(time.time())
    if _date[0] != second:
        _date = (second, f"Date: {formatdate(second, usegmt=True)}\r\n")
    return _date[1]


class Connection:
    """Reads requests one after the other and sends what ``respond`` makes of them."""

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        options: Options,
        respond: Callable[[Request | ServiceError], tuple[str, Answer]],
        body_limit: Callable[[Request], int] | None = None,
    ) -> None:
        self._sock = sock
        self._address = address
        self._options = options
        self._respond = respond
        self._body_limit = body_limit
        self._parser = httptools.HttpRequestParser(self)
        self._ready: deque[Request] = deque()
        self._fault: ServiceError | None = None
        self._closing = False
        self._is_answering = False
        self._reset()

    def _reset(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._body_bytes_max = self._options.body_bytes_max
        self._deadline = 0.0
        self._head_is_read = False

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request starts: the clock of its head runs."""
        self._reset()
        self._deadline = time.monotonic() + self._options.head_seconds

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._url += url
        if len(self._url) > self._options.target_bytes_max:
            self._fail(problems.UriTooLong())

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, complete."""
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self._head_bytes += len(key) + len(text)
        headers = self._headers
        if key in headers:
            if key in SINGLE_HEADERS:
                self._fail(problems.MalformedHttp(f"The header {key} occurs twice."))
            text = f"{headers[key]}, {text}"
        headers[key] = text
        if (
            self._head_bytes > self._options.head_bytes_max
            or len(headers) > self._options.headers_max
        ):
            self._fail(problems.HeadersTooLarge())

    def on_headers_complete(self) -> None:
        """The head is complete: the clock of the body runs."""
        self._head_is_read = True
        self._deadline = time.monotonic() + self._options.body_seconds
        declared = self._headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self._body_bytes_max:
            # Only now is it worth asking whether this one may be larger: an upload.
            self._raise_body_limit()
        if not declared.isdecimal() or int(declared[:20]) > self._body_bytes_max:
            self._fail(problems.BodyTooLarge())

    def on_body(self, data: bytes) -> None:
        """A piece of the body; a chunked one is counted as it comes."""
        self._body_bytes += len(data)
        if self._body_bytes > self._body_bytes_max:
            self._fail(problems.BodyTooLarge())
        elif self._fault is None:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """The request is complete."""
        version = self._parser.get_http_version()
        if version == "1.1" and "host" not in self._headers:
            self._fail(problems.MalformedHttp("The Host header is missing."))
        if self._fault is not None:
            return
        self._ready.append(
            Request(
                self._parser.get_method().decode("ascii"),
                self._url.decode("latin-1"),
                self._headers,
                b"".join(self._body),
                address=self._address,
                keep_alive=self._parser.should_keep_alive(),
            )
        )
        self._deadline = 0.0

    def _raise_body_limit(self) -> None:
        if self._body_limit is not None:
            method = self._parser.get_method().decode("ascii")
            head = Request(method, self._url.decode("latin-1"), self._headers)
            self._body_bytes_max = self._body_limit(head)

    def _fail(self, fault: ServiceError) -> None:
        if self._fault is None:
            self._fault = fault

    # The conversation.

    def serve(self) -> None:
        """Answer requests until either side has had enough."""
        try:
            while not self._closing and (request := self._next()) is not None:
                self._is_answering = True
                self._answer(request)
                self._is_answering = False
        except OSError:
            # The client is gone. What it asked for stands; there is nobody to tell.
            return
        finally:
            self._sock.close()

    def finish_soon(self) -> None:
        """No further request on this connection; the one under way is completed."""
        self._closing = True
        has_begun = self._is_answering or self._deadline or self._ready
        if not has_begun:
            try:
                self._sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _next(self) -> Request | ServiceError | None:
        idle_deadline = time.monotonic() + self._options.idle_seconds
        while not self._ready:
            if self._fault is not None:
                return self._fault
            deadline = self._deadline or idle_deadline
            self._sock.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._sock.recv(RECEIVE_BYTES)
            except TimeoutError:
                if not self._deadline:
                    return None
                return problems.RequestTimeout()
            if not data:
                return None
            self._feed(data)
        return self._ready.popleft()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Upgrades are optional for a server: the request is answered as it is,
            # and what follows on the connection is not ours to guess.
            self._closing = True
        except httptools.HttpParserInvalidMethodError:
            self._fail(problems.MethodNotImplemented())
        except httptools.HttpParserError as error:
            self._fail(problems.MalformedHttp(str(error) or None))
        if self._deadline and not self._head_is_read:
            self._head_bytes += len(data)
            if self._head_bytes > self._options.head_bytes_max:
                self._fail(problems.HeadersTooLarge())
        elif self._deadline and self._fault is None:
            self._continue()

    def _continue(self) -> None:
        expectation = self._headers.pop("expect", "")
        if expectation.lower() == "100-continue":
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif expectation:
            self._fail(problems.ExpectationFailed())

    def _answer(self, request: Request | ServiceError) -> None:
        request_id, answer = self._respond(request)
        if isinstance(request, ServiceError):
            # What follows a request that was not understood is not either.
            self._closing = True
            self._send(request_id, answer, has_body=True)
            self._linger()
            return
        if not request.keep_alive:
            self._closing = True
        self._send(request_id, answer, has_body=request.method != "HEAD")

    def _send(self, request_id: str, answer: Answer, *, has_body: bool) -> None:
        self._sock.settimeout(self._options.send_seconds)
        self._sock.sendall(
            _render(answer, request_id, closes=self._closing, has_body=has_body)
        )

    def _linger(self) -> None:
        """Take in what is still being sent: closing now would destroy the answer."""
        self._sock.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + LINGER_SECONDS
        received = 0
        while received < LINGER_BYTES_MAX and time.monotonic() < deadline:
            self._sock.settimeout(LINGER_SECONDS)
            data = self._sock.recv(RECEIVE_BYTES)
            if not data:
                return
            received += len(data)


def _render(answer: Answer, request_id: str, *, closes: bool, has_body: bool) -> bytes:
    parts = [_STATUS_LINES[answer.status], _date_header(), STANDING_HEADERS]
    policy = CONTENT_SECURITY_POLICY
    for name, value in answer.headers:
        if name == "Content-Security-Policy":
            policy = ""
        parts.append(f"{name}: {value}\r\n")
    parts.append(policy)
    if answer.status != HTTPStatus.NO_CONTENT:
        parts.append(
            f"Content-Type: {answer.media_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\n"
        )
    if closes:
        parts.append("Connection: close\r\n")
    parts.append(f"X-Request-Id: {request_id}\r\n\r\n")
    head = "".join(parts).encode("latin-1")
    return head + answer.body if has_body else head

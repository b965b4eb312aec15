"""What happens on the connection itself: too much, too slow, malformed, the end."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable

import eventlet
import pytest

from services.gateway.http.options import Options
from services.gateway.http.server import listen
from tests.interface.gateway.conftest import Gateway

BODY = b'{"name":"Budi Santoso"}'


def _post(gateway: Gateway, *headers: bytes, body: bytes = b"") -> bytes:
    """The bytes of a request that registers a member."""
    lines = [
        b"POST /v1/members HTTP/1.1",
        b"Host: hub",
        b"Content-Type: application/json",
        b"Authorization: Bearer " + gateway.token().encode(),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def _code(answer: bytes) -> str:
    return str(json.loads(answer.split(b"\r\n\r\n", 1)[1])["code"])


GET = b"GET /healthz HTTP/1.1\r\nHost: hub\r\n"


def test_many_requests_travel_on_one_connection(gateway: Gateway) -> None:
    close = GET + b"Connection: close\r\n\r\n"
    answer = gateway.raw((GET + b"\r\n") * 3 + close)
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.count(b"Connection: close") == 1


def test_http_1_0_is_answered_and_closed(gateway: Gateway) -> None:
    assert _status(gateway.raw(b"GET /healthz HTTP/1.0\r\n\r\n")) == 200


def test_a_request_may_arrive_byte_by_byte(gateway: Gateway) -> None:
    length = b"Content-Length: %d" % len(BODY)
    data = _post(gateway, length, b"Connection: close", body=BODY)
    with socket.create_connection(gateway.address, timeout=5) as sock:
        for at in range(len(data)):
            sock.sendall(data[at : at + 1])
        assert _status(sock.recv(65536)) == 201


def test_a_chunked_body_is_read(gateway: Gateway) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"
    answer = gateway.raw(
        _post(
            gateway,
            b"Transfer-Encoding: chunked",
            b"Connection: close",
            body=chunks,
        )
    )
    assert _status(answer) == 201


def test_a_client_that_expects_100_continue_gets_it(gateway: Gateway) -> None:
    head = _post(
        gateway,
        b"Content-Length: %d" % len(BODY),
        b"Expect: 100-continue",
        b"Connection: close",
    )
    with socket.create_connection(gateway.address, timeout=5) as sock:
        sock.sendall(head)
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(BODY)
        assert _status(sock.recv(65536)) == 201


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param([b"Content-Length: 2000000"], b"", id="as declared"),
        pytest.param([b"Content-Length: " + b"9" * 30], b"", id="absurdly declared"),
        pytest.param(
            [b"Transfer-Encoding: chunked"],
            (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 40,
            id="in chunks",
        ),
    ],
)
def test_a_body_that_is_too_large_is_refused(
    gateway: Gateway, headers: list[bytes], body: bytes
) -> None:
    answer = gateway.raw(_post(gateway, *headers, body=body))
    assert _status(answer) in {400, 413}
    if len(headers[0]) < 30:
        assert (_status(answer), _code(answer)) == (413, "body_too_large")
    assert b"Connection: close" in answer


def test_the_refusal_arrives_though_the_body_is_still_being_sent(
    gateway: Gateway,
) -> None:
    headers = {"Content-Type": "application/json"}
    reply = gateway.request("POST", "/v1/members", b" " * 8_000_000, headers=headers)
    assert reply.status == 413


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        pytest.param(b"nonsense\r\n\r\n", 501, "method_not_implemented", id="nonsense"),
        pytest.param(
            b"FOO / HTTP/1.1\r\n\r\n", 501, "method_not_implemented", id="FOO"
        ),
        pytest.param(b"GET /\x00 HTTP/1.1\r\n\r\n", 400, "malformed_http", id="NUL"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, "malformed_http", id="no Host"),
        pytest.param(GET + b"Host: b\r\n\r\n", 400, "malformed_http", id="two Hosts"),
        pytest.param(GET + b"A : b\r\n\r\n", 400, "malformed_http", id="space"),
        pytest.param(GET + b"A: b\r\n c\r\n\r\n", 400, "malformed_http", id="folded"),
        pytest.param(GET + b"A: b\nC: d\r\n\r\n", 400, "malformed_http", id="bare LF"),
        pytest.param(
            GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
            "malformed_http",
            id="two lengths",
        ),
        pytest.param(
            GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "malformed_http",
            id="length and chunked",
        ),
        pytest.param(
            GET + b"Content-Length: -1\r\n\r\n", 400, "malformed_http", id="negative"
        ),
        pytest.param(
            GET + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
            400,
            "malformed_http",
            id="a chunk without size",
        ),
        pytest.param(
            GET + b"Expect: 200-ok\r\nContent-Length: 9\r\n\r\n",
            417,
            "expectation_failed",
            id="another expectation",
        ),
        pytest.param(
            GET + b"A: " + b"x" * 20_000 + b"\r\n\r\n",
            431,
            "headers_too_large",
            id="a large header",
        ),
        pytest.param(
            GET + b"".join(b"A%d: b\r\n" % n for n in range(70)) + b"\r\n",
            431,
            "headers_too_large",
            id="many headers",
        ),
        pytest.param(
            b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n",
            414,
            "uri_too_long",
            id="a long path",
        ),
    ],
)
def test_malformed_http_is_refused_and_the_connection_closed(
    gateway: Gateway, data: bytes, status: int, code: str
) -> None:
    answer = gateway.raw(data)
    assert (_status(answer), _code(answer)) == (status, code)
    assert b"application/problem+json" in answer
    assert b"Connection: close" in answer


def test_a_head_that_never_ends_is_cut_off(gateway: Gateway) -> None:
    with socket.create_connection(gateway.address, timeout=5) as sock:
        sock.sendall(GET)
        answer = b""
        for _ in range(1000):
            try:
                sock.sendall(b"A: " + b"x" * 997 + b"\r\n")
            except OSError:
                break
        try:
            answer = sock.recv(65536)
        except ConnectionResetError:
            return
        assert _status(answer) == 431


def test_a_second_idempotency_key_is_refused(gateway: Gateway) -> None:
    answer = gateway.raw(
        _post(gateway, b"Idempotency-Key: a", b"Idempotency-Key: b", body=BODY)
    )
    assert (_status(answer), _code(answer)) == (400, "malformed_http")


def test_a_slow_head_is_timed_out(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(head_seconds=0.3)
    started = time.monotonic()
    with socket.create_connection(gateway.address, timeout=5) as sock:
        # One byte at a time never lets a single read time out.
        for byte in GET[:10]:
            sock.sendall(bytes([byte]))
            eventlet.sleep(0.01)
        assert _status(sock.recv(65536)) == 408
    assert time.monotonic() - started < 2


def test_a_slow_body_is_timed_out(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(body_seconds=0.2)
    answer = gateway.raw(_post(gateway, b"Content-Length: 100", body=b"{"))
    assert (_status(answer), _code(answer)) == (408, "request_timeout")


def test_an_idle_connection_is_closed_silently(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway(idle_seconds=0.2)
    assert gateway.raw(b"") == b""
    assert gateway.raw(GET + b"\r\n").count(b"HTTP/1.1") == 1


def test_a_client_that_leaves_does_no_harm(gateway: Gateway) -> None:
    for data in (b"", b"GET /he", _post(gateway, b"Content-Length: 100", body=b"{")):
        with socket.create_connection(gateway.address) as sock:
            sock.sendall(data)
    assert gateway.request("GET", "/healthz", token=None).status == 200


def test_an_upgrade_is_not_taken_up(gateway: Gateway) -> None:
    answer = gateway.raw(GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert _status(answer) == 200
    assert answer.count(b"HTTP/1.1") == 1


def test_connections_beyond_the_bound_are_closed(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway(connections_max=2)
    kept = [socket.create_connection(gateway.address) for _ in range(2)]
    eventlet.sleep(0.05)
    assert gateway.raw(b"") == b""
    for sock in kept:
        sock.close()
    eventlet.sleep(0.05)
    assert gateway.request("GET", "/healthz", token=None).status == 200


def test_a_stop_completes_what_is_under_way(gateway: Gateway) -> None:
    def slow(_command: dict[str, object]) -> dict[str, object]:
        eventlet.sleep(0.5)
        return {"id": "mem_1", "number": "1", "name": "Budi", "status": "candidate"}

    gateway.script.answers["register_member"] = slow
    request = eventlet.spawn(gateway.request, "POST", "/v1/members", {"name": "Budi"})
    idle = socket.create_connection(gateway.address, timeout=5)
    eventlet.sleep(0.2)
    address = gateway.address
    stopping = eventlet.spawn(gateway.container.stop)
    eventlet.sleep(0.05)
    # Nothing new is accepted, idle connections are closed …
    assert idle.recv(1) == b""
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset
        socket.create_connection(address, timeout=1)
    # … and the request under way is answered before the process may go.
    reply = request.wait()
    assert (reply.status, reply.json["id"]) == (201, "mem_1")
    assert reply.headers["Connection"] == "close"
    stopping.wait()


def test_a_gateway_keeps_its_port_to_itself(
    start_gateway: Callable[..., Gateway],
) -> None:
    first = start_gateway()
    with pytest.raises(OSError, match="in use"):
        listen(Options(host=first.address[0], port=first.address[1]))


def test_gateways_may_share_a_port(start_gateway: Callable[..., Gateway]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for _ in range(2):
        gateway = start_gateway(port=port, reuse_port=True)
        assert gateway.request("GET", "/healthz", token=None).status == 200

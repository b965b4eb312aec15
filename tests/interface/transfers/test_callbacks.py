"""Messages to the systems of connected cooperatives, to a real HTTP server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import text

from services.shared.outbound.http import SignedSender
from services.transfers.operations import callbacks, recovery, submission
from tests.factories.transfers import CIPHER, SECRET, Pair, World, payment


class System:
    """A cooperative's system: remembers what it was sent, answers as told."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[tuple[dict[str, str], bytes]] = []
        system = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                system.received.append((dict(self.headers), body))
                self.send_response(system.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hub"


@pytest.fixture
def system() -> Generator[System]:
    """A server that answers."""
    made = System()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def pair(world: World, system: System) -> Pair:
    """The payee's cooperative has that system."""
    payer = world.cooperative()
    payee = world.cooperative(
        mode="connected", callback_url=system.url, callback_secret=SECRET
    )
    world.agree(payer, payee)
    return Pair(
        payer=payer,
        payee=payee,
        payer_account=world.account(payer, balance=10_000),
        payee_account=f"{world.code(payee)}77",
    )


def reserve(world: World, pair: Pair, seconds: float = 30) -> str:
    answer: Any
    [answer] = submission.submit_transfers(
        world.database, world.ledger, [payment(pair, 5)], reserved_seconds=seconds
    )
    return str(answer["id"])


def send(world: World) -> int:
    return callbacks.send_due(
        world.database, SignedSender(is_local=True, timeout_seconds=2), CIPHER
    )


def attempts(world: World, transfer_id: str) -> list[Any]:
    return world.rows(
        "SELECT status, error FROM callback_attempts JOIN callbacks "
        "ON callbacks.id = callback_id WHERE transfer_id = :id "
        "ORDER BY callback_attempts.id",
        id=transfer_id,
    )


def make_due(world: World, transfer_id: str) -> None:
    with world.database.hub() as session:
        session.execute(
            text(
                "UPDATE callbacks SET next_attempt_at = now() WHERE transfer_id = :id"
            ),
            {"id": transfer_id},
        )


def test_a_reservation_is_sent_signed(world: World, pair: Pair, system: System) -> None:
    transfer_id = reserve(world, pair)
    send(world)
    [(headers, body)] = system.received
    signed = f"{headers['X-Timestamp']}.".encode() + body
    digest = hmac.digest(SECRET.encode(), signed, hashlib.sha512)
    assert headers["X-Signature"] == base64.b64encode(digest).decode()
    assert transfer_id.encode() in body
    assert [row.status for row in attempts(world, transfer_id)] == [200]


def test_what_was_taken_is_not_sent_again(
    world: World, pair: Pair, system: System
) -> None:
    make_due(world, reserve(world, pair))
    send(world)
    send(world)
    assert len(system.received) == 1


@pytest.mark.parametrize("status", [500, 302, 404])
def test_anything_but_success_is_tried_again(
    world: World, pair: Pair, system: System, status: int
) -> None:
    system.status = status
    transfer_id = reserve(world, pair)
    send(world)
    assert send(world) == 0, "the pause is not over"
    make_due(world, transfer_id)
    system.status = 200
    send(world)
    assert [row.status for row in attempts(world, transfer_id)] == [status, 200]


def test_a_system_that_is_away_is_noted(
    world: World, pair: Pair, system: System
) -> None:
    transfer_id = reserve(world, pair)
    with world.database.hub() as session:
        session.execute(
            text(
                "UPDATE participants SET callback_url = 'http://127.0.0.1:1/' "
                "WHERE cooperative_id = :id"
            ),
            {"id": pair.payee},
        )
    send(world)
    [row] = attempts(world, transfer_id)
    assert (row.status, row.error) == (None, "ConnectionRefusedError")
    assert system.received == []


def test_a_hub_that_others_reach_calls_at_no_door_inside(
    world: World, pair: Pair, system: System
) -> None:
    transfer_id = reserve(world, pair)
    callbacks.send_due(world.database, SignedSender(is_local=False), CIPHER)
    [row] = attempts(world, transfer_id)
    assert (row.status, row.error) == (None, "AddressRefused")
    assert system.received == []


def test_a_system_that_hangs_delays_nobody_else(
    world: World, pair: Pair, system: System
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        hanging = world.cooperative(
            mode="connected",
            callback_url=f"http://127.0.0.1:{silent.getsockname()[1]}/",
            callback_secret=SECRET,
        )
        world.agree(pair.payer, hanging)
        account = f"{world.code(hanging)}77"
        for _ in range(20):
            world.submit(payment(pair, 5, payee_account=account))
        for _ in range(6):
            reserve(world, pair)
        callbacks.send_due(
            world.database,
            SignedSender(is_local=True, timeout_seconds=1),
            CIPHER,
            busy_seconds=0.8,
        )
    assert len(system.received) == 6


def test_a_message_that_cannot_be_signed_stops_no_other(
    world: World, pair: Pair, system: System
) -> None:
    other = world.connected()
    world.agree(pair.payer, other)
    world.submit(payment(pair, 5, payee_account=f"{world.code(other)}77"))
    reserve(world, pair)
    with world.database.hub() as session:
        session.execute(
            text(
                "UPDATE participants SET callback_secret = 'x' "
                "WHERE cooperative_id = :id"
            ),
            {"id": other},
        )
    send(world)
    assert len(system.received) == 1


def test_after_the_expiry_nothing_is_sent(
    world: World, pair: Pair, system: System
) -> None:
    reserve(world, pair, seconds=0)
    send(world)
    assert system.received == []


def test_the_payers_system_hears_the_outcome(world: World, system: System) -> None:
    payer = world.cooperative(callback_url=system.url, callback_secret=SECRET)
    payee = world.connected()
    world.agree(payer, payee)
    pair = Pair(
        payer=payer,
        payee=payee,
        payer_account=world.account(payer, balance=10_000),
        payee_account=f"{world.code(payee)}77",
    )
    transfer_id = reserve(world, pair, seconds=0)
    recovery.recover(world.database, world.ledger)
    send(world)
    [(_, body)] = system.received
    assert body.decode() == (
        f'{{"transfer_id":"{transfer_id}","state":"aborted","code":"expired"}}'
    )

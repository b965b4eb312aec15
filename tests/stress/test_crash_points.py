"""A process killed at any point of the money path: nothing lost, doubled or stuck.

Real processes, the real broker and the real database. For each point the service kills
itself there during a payment; it is started again, the client repeats its request with
the same key, and the books must look as if nothing had happened.
"""

from __future__ import annotations

import random
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from services.hub import bootstrap
from services.shared import settings
from services.shared.persistence.database import Database
from tests.databases import RunDatabases
from tests.stress.stack import Side, Stack, environment, open_side

AMOUNT: Final = 125_000

BATCHING: Final = "services.shared.messaging.batching:BatchedRpcEntrypoint"
BUS: Final = "services.shared.messaging.bus:Bus"
POINTS: Final = {
    "transfers-before-anything-is-stored": (
        "transfers",
        "services.transfers.operations.intake:take_in",
        "before",
    ),
    "transfers-when-the-request-is-stored": (
        "transfers",
        "services.transfers.operations.intake:take_in",
        "after",
    ),
    "transfers-when-the-money-has-moved": (
        "transfers",
        "services.transfers.operations.drive:_ask",
        "after",
    ),
    "transfers-when-the-outcome-is-stored": (
        "transfers",
        "services.transfers.operations.drive:_record",
        "after",
    ),
    "transfers-before-the-reply": ("transfers", f"{BATCHING}._answer", "before"),
    "transfers-between-reply-and-acknowledgement": (
        "transfers",
        f"{BATCHING}._answer",
        "unacknowledged",
    ),
    "transfers-when-an-event-is-confirmed": (
        "transfers",
        f"{BUS}.publish_confirmed",
        "after",
    ),
    "ledger-before-the-batch-is-decided": (
        "ledger",
        "services.ledger.operations.journals:post_journals",
        "before",
    ),
    "ledger-when-the-batch-is-committed": (
        "ledger",
        "services.ledger.operations.journals:post_journals",
        "after",
    ),
    "ledger-before-the-reply": ("ledger", f"{BATCHING}._answer", "before"),
    "ledger-between-reply-and-acknowledgement": (
        "ledger",
        f"{BATCHING}._answer",
        "unacknowledged",
    ),
    "gateway-before-the-call": (
        "gateway",
        "services.shared.messaging.batching:Coalescer.submit",
        "before",
    ),
    "gateway-when-the-answer-is-there": (
        "gateway",
        "services.shared.messaging.batching:Coalescer.submit",
        "after",
    ),
}


@pytest.fixture(scope="module")
def databases(
    database_factory: Callable[[str], Database], run_databases: RunDatabases
) -> dict[str, str]:
    """A fresh database per service, as settings."""
    return {
        f"{service.upper()}_DATABASE_URL": run_databases.url(database_factory(service))
        for service in ("members", "ledger", "transfers")
    }


@pytest.fixture(scope="module")
def stack(
    databases: dict[str, str],
    rabbitmq_uri: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """The running hub."""
    env = environment(databases, rabbitmq_uri)
    bootstrap.operator_client(settings.load(env))
    running = Stack(env, Path(tmp_path_factory.mktemp("stack")) / "hub.log")
    try:
        running.start_all()
        yield running
    finally:
        running.stop_all()


@pytest.fixture(scope="module")
def operator(stack: Stack) -> str:
    return stack.token(
        (
            stack.env["HUB_OPERATOR_CLIENT_ID"],
            stack.env["HUB_OPERATOR_CLIENT_SECRET"],
        )
    )


@pytest.fixture(scope="module")
def sides(stack: Stack, operator: str) -> tuple[Side, Side]:
    payer = open_side(stack, operator, "3101", "KSP Maju Bersama")
    payee = open_side(stack, operator, "3202", "KSP Sejahtera Mandiri")
    stack.call(
        "POST",
        "/v1/agreements",
        operator,
        {
            "cooperatives": [payer.cooperative_id, payee.cooperative_id],
            "valid_from": "2026-01-01",
            "valid_until": "2099-12-31",
        },
    )
    return payer, payee


def balances(stack: Stack, sides: tuple[Side, Side]) -> list[int]:
    return [
        stack.call("GET", f"/v1/accounts/{side.account}", side.token)["balance"]
        for side in sides
    ]


def positions(stack: Stack, operator: str, sides: tuple[Side, Side]) -> list[int]:
    return [
        stack.call("GET", f"/v1/participants/{side.cooperative_id}", operator)[
            "position"
        ]
        for side in sides
    ]


def payment(sides: tuple[Side, Side], amount: int = AMOUNT) -> dict[str, Any]:
    return {
        "payer_account": sides[0].account,
        "payee_account": sides[1].account,
        "amount": amount,
    }


def assert_settled(
    stack: Stack,
    operator: str,
    sides: tuple[Side, Side],
    before: list[int],
    moved: int,
) -> None:
    """Everywhere ``moved`` rupiah went across, once, and the books balance."""
    assert balances(stack, sides) == [before[0] - moved, before[1] + moved]
    owed = positions(stack, operator, sides)
    assert owed[0] == -owed[1]
    assert stack.call("GET", "/v1/ledger/integrity", operator)["balanced"] is True


@pytest.mark.parametrize(("service", "point", "moment"), POINTS.values(), ids=POINTS)
def test_a_payment_survives_a_kill(
    stack: Stack,
    operator: str,
    sides: tuple[Side, Side],
    service: str,
    point: str,
    moment: str,
) -> None:
    before = balances(stack, sides)
    key = uuid.uuid4().hex
    stack.stop(service)
    stack.start(service, point, moment)
    # A process that is killed by what happens before the payment would prove nothing.
    stack.wait_running(service)

    first, _ = stack.answer(
        "POST", "/v1/transfers", sides[0].token, payment(sides), key
    )
    status = stack.wait_dead(service)
    stack.start(service)
    stack.wait_ready()
    again, transfer = stack.insist("/v1/transfers", sides[0].token, payment(sides), key)

    assert status == -signal.SIGKILL
    assert first in (0, 201, 503, 504)
    assert again == 201
    assert transfer["state"] == "committed"
    assert_settled(stack, operator, sides, before, AMOUNT)
    listed = stack.call(
        "GET", f"/v1/transfers?account={sides[0].account}&limit=1", sides[0].token
    )["items"][0]
    assert listed["id"] == transfer["id"]


def test_payments_survive_processes_being_killed_at_random_under_load(
    stack: Stack, operator: str, sides: tuple[Side, Side]
) -> None:
    before = balances(stack, sides)
    chance = random.Random(20261122)
    until = time.monotonic() + 15

    def pay(_: int) -> int:
        paid = 0
        while time.monotonic() < until:
            status, _answer = stack.insist(
                "/v1/transfers", sides[0].token, payment(sides, 1_000), uuid.uuid4().hex
            )
            assert status == 201
            paid += 1
        return paid

    with ThreadPoolExecutor(8) as pool:
        paying = [pool.submit(pay, number) for number in range(8)]
        while time.monotonic() < until - 3:
            time.sleep(chance.uniform(0.5, 2.0))
            victim = chance.choice(["ledger", "transfers", "gateway"])
            stack.stop(victim, signal.SIGKILL)
            stack.start(victim)
        paid = sum(one.result() for one in paying)

    stack.wait_ready()
    assert paid > 0
    assert_settled(stack, operator, sides, before, paid * 1_000)
    window = stack.call("POST", "/v1/settlement-windows/close", operator)["closed"]
    assert sum(net["net"] for net in window["nets"]) == 0

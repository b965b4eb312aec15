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
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from tests.stress.stack import AMOUNT, Side, Stack, assert_settled, balances, payment

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

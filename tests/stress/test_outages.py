"""The broker or a database goes away and comes back: clear answers, nothing half-done.

Every process reaches its servers by way of a wire that the test cuts.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from services.hub import bootstrap
from services.shared import settings
from services.shared.persistence.database import Database
from tests import leftovers
from tests.databases import RunDatabases
from tests.fakes.wire import CuttableProxy
from tests.stress.stack import (
    AMOUNT,
    Side,
    Stack,
    assert_settled,
    balances,
    environment,
    payment,
)

AT_ONCE_SECONDS: Final = 1.5
WITH_DATABASE: Final = ("members", "ledger", "transfers")

Wires = dict[str, CuttableProxy]


@pytest.fixture(scope="module")
def wires(
    database_factory: Callable[[str], Database],
    run_databases: RunDatabases,
    rabbitmq_uri: str,
) -> Iterator[Wires]:
    """One wire to the broker and one to each service's database."""
    made = {"broker": CuttableProxy(rabbitmq_uri, 5672)}
    for service in WITH_DATABASE:
        url = run_databases.url(database_factory(service))
        made[service] = CuttableProxy(url, 5432)
    yield made
    for wire in made.values():
        wire.close()


@pytest.fixture(scope="module")
def stack(
    wires: Wires, rabbitmq_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    databases = {
        f"{service.upper()}_DATABASE_URL": wires[service].uri
        for service in WITH_DATABASE
    }
    env = environment(databases, wires["broker"].uri)
    bootstrap.operator_client(settings.load(env))
    running = Stack(env, Path(tmp_path_factory.mktemp("outages")) / "hub.log")
    try:
        running.start_all()
        yield running
    finally:
        for wire in wires.values():
            wire.resume_if_cut()
        running.stop_all()
        leftovers.forget_queues(rabbitmq_uri, env["HUB_BUS_NAMESPACE"])


def test_without_the_broker_money_is_refused_at_once_and_the_rest_goes_on(
    stack: Stack, wires: Wires, operator: str, sides: tuple[Side, Side]
) -> None:
    before = balances(stack, sides)
    key = uuid.uuid4().hex
    wires["broker"].cut()
    stack.eventually(
        lambda: (
            stack.answer("GET", "/readyz", "")[1].get("dependencies", {}).get("bus")
            == "down"
        )
    )

    started = time.monotonic()
    status, problem = stack.answer(
        "POST", "/v1/transfers", sides[0].token, payment(sides), key
    )
    took = time.monotonic() - started
    public = [
        stack.answer("GET", path, "")[0]
        for path in ("/healthz", "/docs", "/v1/openapi.json", "/metrics", "/readyz")
    ]
    wires["broker"].resume()
    stack.wait_ready()
    again, transfer = stack.insist("/v1/transfers", sides[0].token, payment(sides), key)

    assert (status, problem["code"]) == (503, "bus_unavailable")
    assert took < AT_ONCE_SECONDS
    assert public == [200, 200, 200, 200, 503]
    assert (again, transfer["state"]) == (201, "committed")
    assert_settled(stack, operator, sides, before, AMOUNT)


@pytest.mark.parametrize("service", ["transfers", "ledger"])
def test_without_a_database_nothing_is_half_done(
    stack: Stack,
    wires: Wires,
    operator: str,
    sides: tuple[Side, Side],
    service: str,
) -> None:
    before = balances(stack, sides)
    key = uuid.uuid4().hex
    wires[service].cut()

    status, problem = stack.answer(
        "POST", "/v1/transfers", sides[0].token, payment(sides), key
    )
    # What is down is asked about at most once a second.
    stack.eventually(lambda: stack.answer("GET", "/readyz", "")[0] == 503)
    told = stack.answer("GET", "/readyz", "")[1]["dependencies"]
    wires[service].resume()
    stack.wait_ready()
    again, transfer = stack.insist("/v1/transfers", sides[0].token, payment(sides), key)

    # Once the request is stored nobody may say that nothing was done.
    assert status == (503 if service == "transfers" else 504), problem
    assert told[f"{service}.database"] == "down"
    assert (again, transfer["state"]) == (201, "committed")
    assert_settled(stack, operator, sides, before, AMOUNT)


def test_events_that_waited_out_the_broker_reach_their_listener(
    stack: Stack, wires: Wires, operator: str
) -> None:
    cooperative = stack.call(
        "POST",
        "/v1/cooperatives",
        operator,
        {"code": "3303", "name": "KSP Karya Makmur", "kind": "ksp_primer"},
    )["id"]
    stack.call("POST", f"/v1/cooperatives/{cooperative}/activate", operator)
    wires["broker"].cut()
    time.sleep(1)
    wires["broker"].resume()
    stack.wait_ready()

    stack.eventually(
        lambda: (
            stack.answer("GET", f"/v1/participants/{cooperative}", operator)[0] == 200
        )
    )

"""A hub of real processes, with two cooperatives that may pay each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.hub import bootstrap
from services.shared import settings
from services.shared.persistence.database import Database
from tests import leftovers
from tests.databases import RunDatabases
from tests.stress.stack import Side, Stack, environment, open_side


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
        leftovers.forget_queues(rabbitmq_uri, env["HUB_BUS_NAMESPACE"])


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

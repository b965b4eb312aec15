"""The parts of persistence that need no server."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.shared.contracts.idempotency import IdempotencySchema, request_hash
from services.shared.errors import DatabaseUnavailable, InvariantViolated, ServiceBusy
from services.shared.persistence import faults, roles
from services.shared.persistence.base import metadata_of
from services.shared.persistence.database import Database
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.persistence.roles import Roles
from services.shared.persistence.types import MoneyColumn, UtcDateTime

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def wrapped(original: Exception) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, original)


def test_contention_is_busy_and_worth_another_attempt() -> None:
    fault = wrapped(psycopg.errors.DeadlockDetected())
    assert faults.is_contention(fault)
    assert isinstance(faults.translate(fault, is_lost=False), ServiceBusy)


@pytest.mark.parametrize(
    "fault",
    [
        psycopg.errors.DiskFull(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.AdminShutdown(),
        psycopg.OperationalError("connection refused"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_server_that_cannot_is_unavailable(fault: psycopg.Error) -> None:
    for each in (fault, wrapped(fault)):
        assert isinstance(faults.translate(each, is_lost=False), DatabaseUnavailable)
        assert not faults.is_contention(each)


def test_a_lost_connection_is_unavailable_whatever_the_driver_calls_it() -> None:
    fault = psycopg.InterfaceError("the connection is lost")
    assert isinstance(faults.translate(fault, is_lost=True), DatabaseUnavailable)


def test_a_pool_without_a_free_connection_is_busy() -> None:
    assert isinstance(faults.translate(PoolTimeout(), is_lost=False), ServiceBusy)


@pytest.mark.parametrize(
    "fault",
    [
        psycopg.errors.UniqueViolation(),
        psycopg.errors.UndefinedTable(),
        LookupError(),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_somebodys_doing_is_left_alone(fault: Exception) -> None:
    assert faults.translate(fault, is_lost=False) is None


@pytest.mark.parametrize("wrong", [1.0, True, "1", Decimal(1)])
def test_an_amount_that_is_no_int_is_never_sent(wrong: Any) -> None:
    with pytest.raises(TypeError):
        MoneyColumn().process_bind_param(wrong, DIALECT)


def test_an_amount_is_sent_as_it_is() -> None:
    assert MoneyColumn().process_bind_param(10**15, DIALECT) == 10**15
    assert MoneyColumn().process_bind_param(None, DIALECT) is None


def test_a_moment_without_a_zone_is_never_sent() -> None:
    with pytest.raises(TypeError):
        UtcDateTime().process_bind_param(
            datetime(2026, 1, 1),  # noqa: DTZ001  the point of the test
            DIALECT,
        )


def test_a_moment_comes_back_in_utc() -> None:
    stored = datetime(2026, 1, 1, 7, tzinfo=ZoneInfo("Asia/Jakarta"))
    read = UtcDateTime().process_result_value(stored, DIALECT)
    assert read == stored
    assert read.tzinfo is UTC
    assert UtcDateTime().process_result_value(None, DIALECT) is None


@pytest.mark.parametrize("name", ["", "Ledger", "a-b", 'a"b', "1st", "x" * 57])
def test_a_role_name_that_needs_quoting_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="role name"):
        Roles(name)


def test_the_roles_of_a_service_carry_its_name() -> None:
    ledger = roles.of_service("ledger", "hub_")
    assert ledger.tenant == "hub_ledger_tenant"
    assert ledger.owner == "hub_ledger_owner"


def test_tables_of_two_services_are_kept_apart() -> None:
    assert metadata_of("ledger") is metadata_of("ledger")
    assert metadata_of("ledger") is not metadata_of("members")


def test_a_driver_that_would_block_all_others_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(psycopg.waiting, "wait", psycopg.waiting.wait_select)
    with pytest.raises(InvariantViolated, match="PSYCOPG_WAIT_FUNC"):
        Database("postgresql://koperasi_ledger@db/ledger", service="ledger")


def test_the_same_body_has_the_same_hash_in_any_order() -> None:
    assert request_hash({"a": 1, "b": "ü"}) == request_hash({"b": "ü", "a": 1})
    assert request_hash({"a": 1}) != request_hash({"a": "1"})
    assert len(request_hash({})) == 128


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 256, "line\n"])
def test_a_key_that_is_not_visible_ascii_is_refused(key: str) -> None:
    part = {"key": key, "operation": "POST /v1/members", "request_hash": "0" * 128}
    assert "key" in IdempotencySchema().validate(part)


def test_the_lock_of_a_request_fits_into_64_bits() -> None:
    for number in range(100):
        scope = IdempotencyScope(
            cooperative_id="coop_maju",
            operation="POST /v1/members",
            key=str(number),
            request_hash="",
        )
        assert -(2**63) <= scope.lock < 2**63

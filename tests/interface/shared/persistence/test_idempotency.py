"""A request that comes again gets the first answer and does nothing twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from services.shared.contracts.idempotency import request_hash
from services.shared.errors import (
    IdempotencyKeyReused,
    InvariantViolated,
    NotFound,
    RequestInProgress,
)
from services.shared.identity import HUB
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database
from services.shared.persistence.idempotency import IdempotencyScope

OPERATION = "POST /v1/members"


@pytest.fixture
def scope(cooperative: str) -> IdempotencyScope:
    part = {
        "key": "pendaftaran-1",
        "operation": OPERATION,
        "request_hash": request_hash({"name": "Siti Aminah"}),
    }
    made = IdempotencyScope.of(cooperative, part)
    assert made is not None
    return made


class Deed:
    """Counts how often it is done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        return {"id": f"mem_{self.times}", "phone": "+628123456789"}


@pytest.fixture
def deed() -> Deed:
    return Deed()


def run(database: Database, scope: IdempotencyScope | None, deed: Deed) -> Any:
    owner = scope.cooperative_id if scope else "coop_any"
    with database.tenant(owner) as session:
        return idempotency.run_once(session, scope=scope, operation=deed)


def test_a_repeated_request_gets_the_first_answer(
    sample_database: Database, scope: IdempotencyScope, deed: Deed
) -> None:
    first = run(sample_database, scope, deed)
    again = run(sample_database, scope, deed)
    assert again == first | {"replayed": True}
    assert "replayed" not in first
    assert deed.times == 1


def test_the_same_key_with_another_body_is_refused(
    sample_database: Database, scope: IdempotencyScope, deed: Deed
) -> None:
    run(sample_database, scope, deed)
    other = dataclasses.replace(scope, request_hash=request_hash({"name": "Budi"}))
    with pytest.raises(IdempotencyKeyReused):
        run(sample_database, other, deed)
    assert deed.times == 1


@pytest.mark.parametrize("changed", ["operation", "key"])
def test_another_operation_or_key_is_another_request(
    sample_database: Database, scope: IdempotencyScope, deed: Deed, changed: str
) -> None:
    run(sample_database, scope, deed)
    run(sample_database, dataclasses.replace(scope, **{changed: "another"}), deed)
    assert deed.times == 2


def test_two_cooperatives_may_choose_the_same_key(
    sample_database: Database,
    scope: IdempotencyScope,
    deed: Deed,
    fresh: Callable[[], str],
) -> None:
    run(sample_database, scope, deed)
    other = dataclasses.replace(scope, cooperative_id=f"coop_{fresh()}")
    run(sample_database, other, deed)
    assert deed.times == 2


def test_a_request_still_running_is_not_started_again(
    sample_database: Database, scope: IdempotencyScope, deed: Deed
) -> None:
    with sample_database.tenant(scope.cooperative_id) as session:
        idempotency.run_once(session, scope=scope, operation=deed)
        with pytest.raises(RequestInProgress):
            run(sample_database, scope, deed)
    assert deed.times == 1


def test_a_refused_request_may_be_tried_again(
    sample_database: Database, scope: IdempotencyScope, deed: Deed
) -> None:
    def refuse() -> dict[str, Any]:
        raise NotFound

    with (
        pytest.raises(NotFound),
        sample_database.tenant(scope.cooperative_id) as session,
    ):
        idempotency.run_once(session, scope=scope, operation=refuse)
    assert run(sample_database, scope, deed)["id"] == "mem_1"


def test_without_a_key_everything_is_done_as_often_as_it_is_asked(
    sample_database: Database, deed: Deed
) -> None:
    assert IdempotencyScope.of("coop_any", None) is None
    run(sample_database, None, deed)
    run(sample_database, None, deed)
    assert deed.times == 2


@pytest.mark.parametrize("is_hub", [False, True])
def test_what_has_transactions_of_its_own_is_answered_once(
    sample_database: Database, cooperative: str, deed: Deed, *, is_hub: bool
) -> None:
    owner = HUB if is_hub else cooperative
    part = {
        "key": f"aktifkan-{cooperative}",
        "operation": "POST /v1/members/mem_1/activate",
        "request_hash": request_hash({}),
    }

    def ask(part: dict[str, str] | None) -> Any:
        return idempotency.answer_once(sample_database, owner, part, deed)

    first = ask(part)
    assert ask(part) == first | {"replayed": True}
    assert deed.times == 1
    with pytest.raises(IdempotencyKeyReused):
        ask(part | {"request_hash": request_hash({"reason": "lain"})})
    assert deed.times == 1
    assert ask(None)["id"] == "mem_2"


def test_a_stored_answer_cannot_be_read_in_the_database(
    sample_database: Database,
    administrator: psycopg.Connection,
    scope: IdempotencyScope,
    deed: Deed,
) -> None:
    run(sample_database, scope, deed)
    row = administrator.execute(
        "SELECT answer FROM idempotency_keys WHERE cooperative_id = %s",
        (scope.cooperative_id,),
    ).fetchone()
    assert row is not None
    assert b"628123456789" not in row[0]


def test_old_keys_are_forgotten_and_young_ones_kept(
    sample_database: Database,
    administrator: psycopg.Connection,
    scope: IdempotencyScope,
    deed: Deed,
) -> None:
    run(sample_database, scope, deed)
    old = dataclasses.replace(scope, key="old")
    run(sample_database, old, deed)
    administrator.execute(
        "UPDATE idempotency_keys SET created_at = now() - interval '32 days' "
        "WHERE cooperative_id = %s AND key = 'old'",
        (scope.cooperative_id,),
    )
    with sample_database.hub() as session:
        assert idempotency.forget(session, older_than_days=31) == 1
    assert run(sample_database, scope, deed)["replayed"]


def test_a_database_without_a_key_for_answers_says_so(
    sample_database: Database,
    scope: IdempotencyScope,
    deed: Deed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sample_database, "_answers", None)
    with pytest.raises(InvariantViolated, match="answer_key"):
        run(sample_database, scope, deed)

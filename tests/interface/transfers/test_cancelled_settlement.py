"""A settlement that cannot be paid is cancelled, and its windows are settled anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.hub import clearing_check
from services.hub.comparing import Difference
from services.shared import clock
from services.shared.contracts import transfers as contract
from services.shared.errors import NotFound, OutcomeUnknownError, ServiceError
from services.shared.persistence.database import Database
from services.transfers.domain import settlement
from services.transfers.operations import proofs, settlements, windows
from services.transfers.store import settlements as store
from tests.factories import transfers as factory
from tests.factories.transfers import OPERATOR, Pair, World, idempotency, payment
from tests.fakes.peers import UnreliableLedger

CANCEL = "POST /v1/settlements/x/cancel"


def close(world: World) -> str:
    return str(windows.close_window(world.database, {})["closed"]["id"])


def create(world: World, *window_ids: str) -> str:
    command = {"window_ids": list(window_ids)}
    return str(settlements.create_settlement(world.database, command)["id"])


def settle(world: World, settlement_id: str, ledger: Any = None) -> dict[str, Any]:
    return settlements.settle(world.database, ledger or world.ledger, settlement_id)


def cancel(world: World, settlement_id: str, key: str | None = None) -> dict[str, Any]:
    part = idempotency(CANCEL, key) if key else None
    command = {"settlement_id": settlement_id, "idempotency": part}
    return settlements.cancel_settlement(world.database, command)


def state_of(world: World, settlement_id: str) -> str:
    return str(settlements.get_settlement(world.database, settlement_id)["state"])


def window_of(world: World, window_id: str) -> dict[str, Any]:
    return windows.get_window(world.database, window_id, reader=OPERATOR)


def announced(world: World, settlement_id: str) -> list[dict[str, Any]]:
    """The payloads of `settlement_cancelled` for this settlement."""
    rows = world.rows(
        "SELECT name, payload FROM outbox WHERE name = 'settlement_cancelled'"
    )
    found = [row.payload for row in rows]
    return [one for one in found if one["settlement_id"] == settlement_id]


@pytest.fixture
def window_id(world: World, pair: Pair) -> str:
    """A closed window with one payment in it."""
    close(world)
    world.submit(payment(pair, 1_000))
    return close(world)


@pytest.fixture
def pending(world: World, window_id: str) -> str:
    """A settlement that nobody tried to pay."""
    return create(world, window_id)


def test_windows_that_cannot_be_settled_alone_are_settled_together(
    database_factory: Callable[[str], Database],
) -> None:
    books = database_factory("ledger")
    world = factory.world(database_factory("transfers"), books)
    rich, poor = world.cooperative(), world.cooperative(cap=0, liquidity=0)
    world.agree(rich, poor)
    there = Pair(
        payer=rich,
        payee=poor,
        payer_account=world.account(rich, balance=1_000),
        payee_account=world.account(poor),
    )
    back = Pair(
        payer=poor,
        payee=rich,
        payer_account=there.payee_account,
        payee_account=there.payer_account,
    )
    close(world)
    world.submit(payment(there, 1_000))
    first = close(world)
    world.submit(payment(back, 1_000))
    second = close(world)
    alone = [create(world, first), create(world, second)]
    # It would owe what it was paid, which it may not; it cannot pay what it spent.
    with pytest.raises(contract.NetDebitCapExceeded):
        settle(world, alone[0])
    with pytest.raises(contract.InsufficientLiquidity):
        settle(world, alone[1])
    with pytest.raises(contract.WindowAlreadySettled):
        create(world, first, second)
    for settlement_id, its_window in zip(alone, (first, second), strict=True):
        cancelled = cancel(world, settlement_id)
        assert cancelled["state"] == "cancelled"
        assert cancelled["cancelled_at"] is not None
        assert cancelled["settled_at"] is cancelled["journal_id"] is None
        assert cancelled["window_ids"] == [its_window]
        freed = window_of(world, its_window)
        assert (freed["state"], freed["settlement_id"]) == ("closed", None)
    together = create(world, first, second)
    assert settle(world, together)["state"] == "settled"
    for cooperative_id in (rich, poor):
        assert world.position(cooperative_id) == 0
        for account in ("2-1200", "1-1300"):
            assert world.balance(f"{cooperative_id}:{account}") == 0
    assert window_of(world, first)["settlement_id"] == together
    assert list(clearing_check.check(books, world.database))


def test_money_that_a_cancelled_settlement_moved_is_found(
    database_factory: Callable[[str], Database],
) -> None:
    books = database_factory("ledger")
    world = factory.world(database_factory("transfers"), books)
    world.submit(payment(world.pair(), 1_000))
    cancelled = create(world, close(world))
    with world.database.hub() as session:
        shares = store.load_shares(session, [cancelled])[cancelled]
    cancel(world, cancelled)
    list(clearing_check.check(books, world.database))
    moved = settlement.journal("stl_x", cancelled, shares, clock.business_date())
    world.ledger.post_journals([moved])
    with pytest.raises(Difference, match=f"{cancelled} was cancelled"):
        list(clearing_check.check(books, world.database))


def test_a_cancelled_settlement_tells_what_it_was_to_settle(
    world: World, window_id: str, pending: str
) -> None:
    before = settlements.get_settlement(world.database, pending)
    cancel(world, pending)
    settle(world, create(world, window_id))
    after = settlements.get_settlement(world.database, pending)
    assert (after["window_ids"], after["nets"]) == ([window_id], before["nets"])
    assert before["nets"]


def test_cancelling_is_announced_once(
    world: World, window_id: str, pending: str
) -> None:
    cancelled = cancel(world, pending)
    cancel(world, pending)
    assert announced(world, pending) == [
        {
            "settlement_id": pending,
            "window_ids": [window_id],
            "nets": cancelled["nets"],
        }
    ]


def test_cancelling_twice_is_answered_the_same(world: World, pending: str) -> None:
    assert cancel(world, pending) == cancel(world, pending)


def test_cancelling_with_a_key_is_answered_from_memory(
    world: World, pending: str
) -> None:
    first = cancel(world, pending, key="k-cancel")
    again = cancel(world, pending, key="k-cancel")
    assert again == first | {"replayed": True}


def test_there_must_be_a_settlement_to_cancel(world: World) -> None:
    with pytest.raises(NotFound):
        cancel(world, "stl_none")


def test_what_is_settled_is_not_cancelled(
    world: World, window_id: str, pending: str
) -> None:
    settled = settle(world, pending)
    with pytest.raises(contract.SettlementAlreadySettled):
        cancel(world, pending)
    assert settlements.get_settlement(world.database, pending) == settled
    assert window_of(world, window_id)["settlement_id"] == pending


def test_what_is_cancelled_is_not_settled(
    world: World, pair: Pair, pending: str
) -> None:
    cancel(world, pending)
    with pytest.raises(contract.SettlementCancelled):
        settle(world, pending)
    settlements.recover(world.database, world.ledger, stuck_seconds=0)
    assert state_of(world, pending) == "cancelled"
    assert world.position(pair.payer) == 1_000
    with pytest.raises(contract.SettlementNotSettled):
        proofs.get_settlement_proof(
            world.database,
            world.ledger,
            {"settlement_id": pending},
            reader=OPERATOR,
            seed=b"s" * 32,
        )


@pytest.mark.parametrize("step", ["lost", "deaf", "unsent"])
def test_what_the_ledger_may_still_post_is_not_cancelled(
    world: World, pair: Pair, pending: str, step: str
) -> None:
    with pytest.raises(OutcomeUnknownError):
        settle(world, pending, UnreliableLedger(world.ledger, [step]))
    with pytest.raises(contract.SettlementUnderWay):
        cancel(world, pending)
    settlements.recover(world.database, world.ledger, stuck_seconds=0)
    assert state_of(world, pending) == "settled"
    assert world.position(pair.payer) == 0


def test_a_settler_that_slept_through_the_cancelling_moves_nothing(
    world: World, pair: Pair, pending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It met an attempt under way, which was refused and cancelled meanwhile."""
    carry_on = settlements.carry_on

    def late(*arguments: Any) -> None:
        with world.database.hub() as session:
            store.abandon(session, pending, journal_id=pending)
        cancel(world, pending)
        carry_on(*arguments)

    monkeypatch.setattr(settlements, "carry_on", late)
    with pytest.raises(contract.SettlementCancelled):
        settle(world, pending)
    assert world.position(pair.payer) == 1_000


@pytest.mark.parametrize("attempt", range(8))
def test_of_settling_and_cancelling_at_once_one_wins(
    world: World, pair: Pair, window_id: str, pending: str, attempt: int
) -> None:
    del attempt
    start = threading.Barrier(4)

    def run(operation: Callable[[], Any]) -> str:
        start.wait()
        try:
            operation()
        except ServiceError as error:
            return error.code
        return "done"

    deeds = [
        lambda: settle(world, pending),
        lambda: cancel(world, pending),
        lambda: settle(world, pending),
        lambda: settlements.recover(world.database, world.ledger, stuck_seconds=0),
    ]
    with ThreadPoolExecutor(len(deeds)) as pool:
        settled, cancelled, settled_too, _ = pool.map(run, deeds)
    window = window_of(world, window_id)
    if cancelled == "done":
        assert settled == settled_too == "settlement_cancelled"
        assert state_of(world, pending) == "cancelled"
        assert (window["state"], window["settlement_id"]) == ("closed", None)
        assert world.position(pair.payer) == 1_000
        assert settle(world, create(world, window_id))["state"] == "settled"
    else:
        assert settled == settled_too == "done"
        assert cancelled in {"settlement_under_way", "settlement_already_settled"}
        assert state_of(world, pending) == "settled"
        assert (window["state"], window["settlement_id"]) == ("settled", pending)
    assert world.position(pair.payer) == 0
    assert world.balance(f"hub:liquidity:{pair.payer}") == 10**12 - 1_000


@pytest.mark.parametrize(
    "change",
    [
        "state = 'pending', cancelled_at = NULL, freed_window_ids = NULL",
        "state = 'settled', settled_at = now()",
        "cancelled_at = now() + interval '1 day'",
        "freed_window_ids = '{}'",
        "attempts = attempts + 1",
    ],
)
def test_a_cancelled_settlement_is_final(
    world: World, pending: str, change: str
) -> None:
    cancel(world, pending)
    refuse(world, f"UPDATE settlements SET {change} WHERE id = :id", id=pending)


def test_postgresql_cancels_nothing_that_is_under_way_or_settled(
    world: World, window_id: str, pending: str
) -> None:
    as_cancelled = (
        "UPDATE settlements SET state = 'cancelled', cancelled_at = now(), "
        "freed_window_ids = '{}', settled_at = NULL WHERE id = :id"
    )
    with pytest.raises(OutcomeUnknownError):
        settle(world, pending, UnreliableLedger(world.ledger, ["lost"]))
    refuse(world, as_cancelled, id=pending)
    settlements.recover(world.database, world.ledger, stuck_seconds=0)
    refuse(world, as_cancelled, id=pending)
    assert window_of(world, window_id)["state"] == "settled"


def test_postgresql_lets_a_window_go_only_from_what_is_cancelled(
    world: World, window_id: str, pending: str
) -> None:
    bind = "UPDATE settlement_windows SET settlement_id = :to WHERE id = :id"
    refuse(world, bind, id=window_id, to=None)
    other = create(world, close(world))
    refuse(world, bind, id=window_id, to=other)
    cancel(world, pending)
    refuse(world, bind, id=window_id, to=pending)


def refuse(world: World, statement: str, **values: Any) -> None:
    """Run a statement as the hub's role, in its own transaction; it must not pass."""
    with pytest.raises(DBAPIError), world.database.hub() as session:
        session.execute(text(statement), values)

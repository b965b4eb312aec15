"""Payments to cooperatives with their own core system: reserve, then an answer."""

from __future__ import annotations

from typing import Any

import pytest

from services.shared.contracts import transfers as contract
from services.shared.errors import NotFound
from services.transfers.operations import queries, recovery, reservations, submission
from tests.factories.transfers import Pair, World, payment
from tests.fakes.peers import UnreliableLedger

AMOUNT = 1_000


@pytest.fixture
def pair(world: World) -> Pair:
    """The payee's cooperative answers for its members itself."""
    payer, payee = world.cooperative(), world.connected()
    world.agree(payer, payee)
    return Pair(
        payer=payer,
        payee=payee,
        payer_account=world.account(payer, balance=10_000),
        payee_account=f"{world.code(payee)}77",
    )


def reserve(world: World, pair: Pair, *, seconds: float = 30, key: str = "a") -> str:
    """A payment that waits for its answer."""
    answer: Any
    [answer] = submission.submit_transfers(
        world.database,
        world.ledger,
        [payment(pair, AMOUNT, key=key)],
        reserved_seconds=seconds,
    )
    assert answer["state"] == "reserved"
    assert answer["committed_at"] is None
    return str(answer["id"])


def accept(
    world: World, pair: Pair, transfer_id: str, ledger: Any = None
) -> dict[str, Any]:
    """The payee's cooperative takes it."""
    return reservations.accept_transfer(
        world.database, ledger or world.ledger, transfer_id, cooperative_id=pair.payee
    )


def reject(world: World, pair: Pair, transfer_id: str) -> dict[str, Any]:
    """The payee's cooperative does not take it."""
    return reservations.reject_transfer(
        world.database,
        world.ledger,
        transfer_id,
        cooperative_id=pair.payee,
        reason="Rekening ditutup",
    )


def available(world: World, account: str) -> int:
    return int(world.ledger.get_balances({"keys": [account]})[account]["available"])


def test_a_reservation_holds_the_payers_money(world: World, pair: Pair) -> None:
    reserve(world, pair)
    assert world.balance(pair.payer_account) == 10_000
    assert available(world, pair.payer_account) == 9_000
    assert world.position(pair.payer) == 0


def test_an_accepted_payment_is_committed(world: World, pair: Pair) -> None:
    accepted = accept(world, pair, reserve(world, pair))
    assert accepted["state"] == "committed"
    assert accepted["window_id"] is not None
    assert world.balance(pair.payer_account) == 9_000
    assert world.position(pair.payer) == AMOUNT
    assert world.position(pair.payee) == -AMOUNT


def test_the_book_of_a_connected_cooperative_is_not_touched(
    world: World, pair: Pair
) -> None:
    accept(world, pair, reserve(world, pair))
    assert world.balance(f"{pair.payee}:1-1300") == 0


def test_a_rejected_payment_frees_the_money(world: World, pair: Pair) -> None:
    rejected = reject(world, pair, reserve(world, pair))
    assert (rejected["state"], rejected["code"]) == ("aborted", "payee_rejected")
    assert rejected["reason"] == "Rekening ditutup"
    assert available(world, pair.payer_account) == 10_000


def test_the_same_answer_twice_is_fine(world: World, pair: Pair) -> None:
    transfer_id = reserve(world, pair)
    assert accept(world, pair, transfer_id) == accept(world, pair, transfer_id)


def test_the_first_answer_is_final(world: World, pair: Pair) -> None:
    transfer_id = reserve(world, pair)
    accept(world, pair, transfer_id)
    with pytest.raises(contract.TransferAlreadyAnswered):
        reject(world, pair, transfer_id)


def test_an_answer_after_the_expiry_is_too_late(world: World, pair: Pair) -> None:
    transfer_id = reserve(world, pair, seconds=0)
    with pytest.raises(contract.AnsweredTooLate):
        accept(world, pair, transfer_id)


def test_an_expired_payment_frees_the_money(world: World, pair: Pair) -> None:
    transfer_id = reserve(world, pair, seconds=0)
    recovery.recover(world.database, world.ledger)
    found = queries.get_transfer(world.database, transfer_id, cooperative_id=pair.payer)
    assert (found["state"], found["code"]) == ("aborted", "expired")
    assert available(world, pair.payer_account) == 10_000
    with pytest.raises(contract.AnsweredTooLate):
        accept(world, pair, transfer_id)


def test_only_the_payees_cooperative_may_answer(world: World, pair: Pair) -> None:
    transfer_id = reserve(world, pair)
    with pytest.raises(NotFound):
        reservations.accept_transfer(
            world.database, world.ledger, transfer_id, cooperative_id=pair.payer
        )


@pytest.mark.parametrize("step", ["lost", "deaf", "unsent", "twice"])
def test_an_accepted_payment_commits_whatever_gets_lost(
    world: World, pair: Pair, step: str
) -> None:
    transfer_id = reserve(world, pair)
    ledger = UnreliableLedger(world.ledger, [step])
    if step == "twice":
        accept(world, pair, transfer_id, ledger)
    else:
        with pytest.raises(contract.TransferPending):
            accept(world, pair, transfer_id, ledger)
        recovery.recover(world.database, world.ledger, stuck_seconds=0)
    found = queries.get_transfer(world.database, transfer_id, cooperative_id=pair.payee)
    assert found["state"] == "committed"
    assert world.position(pair.payer) == AMOUNT


def test_the_request_is_answered_as_it_was_the_first_time(
    world: World, pair: Pair
) -> None:
    transfer_id = reserve(world, pair, key="a")
    accept(world, pair, transfer_id)
    [again] = world.submit(payment(pair, AMOUNT, key="a"))
    assert (again["state"], again["replayed"]) == ("reserved", True)


def test_a_payment_that_nobody_asks_for_an_answer_takes_none(world: World) -> None:
    hosted = world.pair()
    [answer] = world.submit(payment(hosted, 1))
    with pytest.raises(contract.TransferNotReserved):
        accept(world, hosted, answer["id"])


def test_the_callback_is_due_with_the_reservation(world: World, pair: Pair) -> None:
    transfer_id = reserve(world, pair)
    [row] = world.rows(
        "SELECT kind, cooperative_id, body FROM callbacks WHERE transfer_id = :id",
        id=transfer_id,
    )
    assert (row.kind, row.cooperative_id) == ("reservation", pair.payee)
    assert f'"amount":{AMOUNT}' in row.body

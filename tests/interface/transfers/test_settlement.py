"""Windows, settlements and the proof that a bookkeeper checks without the hub."""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.shared.contracts import transfers as contract
from services.shared.errors import Malformed, NotFound, OutcomeUnknownError
from services.transfers.domain import proof
from services.transfers.operations import proofs, settlements, windows
from services.transfers.store import windows as store
from tests.factories.transfers import (
    OPERATOR,
    Pair,
    World,
    idempotency,
    payment,
    tenant,
)
from tests.fakes.peers import UnreliableLedger

SEED = b"s" * 32


def close(world: World) -> dict[str, Any]:
    closed: dict[str, Any] = windows.close_window(world.database, {})["closed"]
    return closed


def create(world: World, *window_ids: str) -> dict[str, Any]:
    return settlements.create_settlement(
        world.database, {"window_ids": list(window_ids)}
    )


def settle(world: World, settlement_id: str, ledger: Any = None) -> dict[str, Any]:
    return settlements.settle(world.database, ledger or world.ledger, settlement_id)


def prove(world: World, settlement_id: str, **options: Any) -> dict[str, Any]:
    return proofs.get_settlement_proof(
        world.database,
        world.ledger,
        {"settlement_id": settlement_id, "cursor": options.pop("cursor", None)},
        reader=options.pop("reader", OPERATOR),
        seed=SEED,
        **options,
    )


def own_net(window: dict[str, Any], cooperative_id: str) -> int | None:
    return next(
        (
            one["net"]
            for one in window["nets"]
            if one["cooperative_id"] == cooperative_id
        ),
        None,
    )


@pytest.fixture
def closed(world: World, pair: Pair) -> dict[str, Any]:
    """A closed window with two payments of the pair in it."""
    close(world)
    world.submit(payment(pair, 700), payment(pair, 300))
    return close(world)


def test_closing_opens_the_next_window_at_the_same_moment(world: World) -> None:
    both = windows.close_window(world.database, {})
    assert both["open"]["state"] == "open"
    assert both["open"]["opened_at"] == both["closed"]["closed_at"]


def test_closing_is_not_overtaken_by_those_who_come_later(world: World) -> None:
    def commit_later() -> str:
        with world.database.hub() as session:
            return store.hold_open(session)

    with ThreadPoolExecutor() as pool:
        with world.database.hub() as session:
            held = store.hold_open(session)
            closing = pool.submit(close, world)
            # Long enough for both to have begun to wait.
            time.sleep(0.3)
            later = pool.submit(commit_later)
            time.sleep(0.3)
            assert not closing.done()
            assert not later.done()
        assert closing.result()["id"] == held
        assert later.result() != held


def test_closing_with_a_key_closes_one_window(world: World) -> None:
    command = {"idempotency": idempotency("POST /v1/settlement-windows/close", "k1")}
    # The stored answer needs a key to encrypt it with, as every service's database has.
    first = windows.close_window(world.database, command)
    second = windows.close_window(world.database, command)
    assert second == first | {"replayed": True}


def test_a_window_adds_up_what_each_owes(
    world: World, pair: Pair, closed: dict[str, Any]
) -> None:
    assert closed["transfer_count"] == 2
    assert own_net(closed, pair.payer) == 1_000
    assert own_net(closed, pair.payee) == -1_000


def test_a_cooperative_sees_its_own_net_only(
    world: World, pair: Pair, closed: dict[str, Any]
) -> None:
    seen = windows.get_window(world.database, closed["id"], reader=tenant(pair.payer))
    assert seen["nets"] == [{"cooperative_id": pair.payer, "net": 1_000}]


def test_settling_pays_the_nets_out_of_liquidity(
    world: World, pair: Pair, closed: dict[str, Any]
) -> None:
    settled = settle(world, create(world, closed["id"])["id"])
    assert settled["state"] == "settled"
    assert world.position(pair.payer) == 0
    assert world.position(pair.payee) == 0
    assert world.balance(f"hub:liquidity:{pair.payer}") == 10**12 - 1_000
    assert world.balance(f"{pair.payer}:2-1200") == 0
    assert world.balance(f"{pair.payee}:1-1300") == 0
    assert world.balance(f"{pair.payee}:1-1030") == 10**12 + 1_000


def test_settling_offsets_what_is_owed_both_ways(world: World, pair: Pair) -> None:
    close(world)
    back = Pair(
        payer=pair.payee,
        payee=pair.payer,
        payer_account=pair.payee_account,
        payee_account=pair.payer_account,
    )
    world.submit(payment(pair, 500))
    world.submit(payment(back, 200))
    settle(world, create(world, close(world)["id"])["id"])
    for account in ("2-1200", "1-1300"):
        assert world.balance(f"{pair.payer}:{account}") == 0
        assert world.balance(f"{pair.payee}:{account}") == 0


def test_settling_twice_pays_once(
    world: World, pair: Pair, closed: dict[str, Any]
) -> None:
    settlement_id = create(world, closed["id"])["id"]
    assert settle(world, settlement_id) == settle(world, settlement_id)
    assert world.balance(f"hub:liquidity:{pair.payer}") == 10**12 - 1_000


def test_a_window_is_settled_once(world: World, closed: dict[str, Any]) -> None:
    create(world, closed["id"])
    with pytest.raises(contract.WindowAlreadySettled):
        create(world, closed["id"])


def test_an_open_window_cannot_be_settled(world: World) -> None:
    opened = windows.close_window(world.database, {})["open"]
    with pytest.raises(contract.WindowNotClosed):
        create(world, opened["id"])


@pytest.mark.parametrize("step", ["lost", "deaf", "unsent"])
def test_a_settlement_left_behind_is_completed(
    world: World, pair: Pair, closed: dict[str, Any], step: str
) -> None:
    settlement_id = create(world, closed["id"])["id"]
    with pytest.raises(OutcomeUnknownError):
        settle(world, settlement_id, UnreliableLedger(world.ledger, [step]))
    settlements.recover(world.database, world.ledger, stuck_seconds=0)
    found = settlements.get_settlement(world.database, settlement_id)
    assert found["state"] == "settled"
    assert world.position(pair.payer) == 0


def test_a_settlement_that_the_ledger_cannot_read_is_not_left_under_way(
    world: World, closed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settlement_id = create(world, closed["id"])["id"]
    with monkeypatch.context() as patched:
        patched.setattr(world.ledger, "post_journals", lambda _: [Malformed()])
        with pytest.raises(contract.TransferRefused):
            settle(world, settlement_id)
    assert settle(world, settlement_id)["state"] == "settled"


def test_a_debtor_that_cannot_pay_can_be_settled_later(world: World) -> None:
    payer, payee = world.cooperative(liquidity=1_000), world.cooperative()
    world.agree(payer, payee)
    pair = Pair(
        payer=payer,
        payee=payee,
        payer_account=world.account(payer, balance=5_000),
        payee_account=world.account(payee),
    )
    back = Pair(
        payer=payee,
        payee=payer,
        payer_account=pair.payee_account,
        payee_account=pair.payer_account,
    )
    close(world)
    world.submit(payment(pair, 1_000))
    first = close(world)
    world.submit(payment(back, 1_000))
    # The position is zero now, so the cover may go; the first window alone needs it.
    world.move_funds(payer, "out", 1_000)
    settlement_id = create(world, first["id"])["id"]
    with pytest.raises(contract.InsufficientLiquidity):
        settle(world, settlement_id)
    found = settlements.get_settlement(world.database, settlement_id)
    assert found["state"] == "pending"
    world.move_funds(payer, "in", 1_000)
    assert settle(world, settlement_id)["state"] == "settled"


def test_cover_of_a_position_cannot_be_taken_out(world: World, pair: Pair) -> None:
    world.submit(payment(pair, 1_000))
    with pytest.raises(contract.InsufficientLiquidity):
        world.move_funds(pair.payer, "out", 10**12)


@pytest.fixture
def settled(world: World, closed: dict[str, Any]) -> str:
    """A settlement that is settled."""
    return str(settle(world, create(world, closed["id"])["id"])["id"])


def test_a_proof_verifies_offline(world: World, settled: str) -> None:
    bundle = prove(world, settled)
    assert proof.verify(bundle) == []
    assert proof.verify(bundle, bundle["public_key"]) == []
    assert len(bundle["entries"]) == 2


def test_a_proof_is_the_same_whenever_it_is_asked_for(
    world: World, settled: str
) -> None:
    assert prove(world, settled) == prove(world, settled)


def test_a_proof_of_many_entries_comes_in_pages(world: World, settled: str) -> None:
    first = prove(world, settled, entries_max=1)
    assert proof.verify(first) != []
    second = prove(world, settled, entries_max=1, cursor=first["next_cursor"])
    assert second["next_cursor"] is None
    assert proof.verify(proof.merge([first, second])) == []


def test_a_participant_of_the_settlement_may_have_the_proof(
    world: World, pair: Pair, settled: str
) -> None:
    assert proof.verify(prove(world, settled, reader=tenant(pair.payee))) == []
    stranger = world.cooperative()
    with pytest.raises(NotFound):
        prove(world, settled, reader=tenant(stranger))


def test_without_being_settled_there_is_no_proof(
    world: World, closed: dict[str, Any]
) -> None:
    settlement_id = create(world, closed["id"])["id"]
    with pytest.raises(contract.SettlementNotSettled):
        prove(world, settlement_id)


def test_every_change_to_a_proof_is_found(world: World, settled: str) -> None:
    bundle = prove(world, settled)

    def changed(change: Any) -> list[str]:
        forged = copy.deepcopy(bundle)
        change(forged)
        return proof.verify(forged)

    assert changed(lambda b: b["entries"].pop())
    assert changed(lambda b: b["entries"][0].__setitem__(4, 1))
    assert changed(lambda b: b["entries"].reverse())
    assert changed(lambda b: b["body"]["nets"][0].__setitem__("net", 0))
    assert changed(lambda b: b["body"]["windows"][0].__setitem__("closed_at", ""))
    assert changed(lambda b: b.__setitem__("signature", "AAAA"))
    assert changed(lambda b: b.pop("body"))
    assert proof.verify(bundle, "AAAA")

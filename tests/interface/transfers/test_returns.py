"""Money sent back: never more than came, and only by whom it came to."""

from __future__ import annotations

from typing import Any

import pytest

from services.shared.contracts import transfers as contract
from services.shared.errors import NotFound
from services.transfers.operations import queries, returns
from tests.factories.transfers import Pair, World, idempotency, payment
from tests.fakes.peers import UnreliableLedger


@pytest.fixture
def original(world: World, pair: Pair) -> str:
    """A committed payment of 1,000."""
    [answer] = world.submit(payment(pair, 1_000))
    return str(answer["id"])


def give_back(
    world: World, pair: Pair, original: str, **changes: Any
) -> dict[str, Any]:
    """A return by the payee's cooperative."""
    part = idempotency(
        f"POST /v1/transfers/{original}/return", changes.pop("key", None)
    )
    return returns.return_transfer(
        world.database,
        changes.pop("ledger", world.ledger),
        {
            "transfer_id": original,
            "amount": changes.pop("amount", None),
            "reason": "Salah kirim",
            "idempotency": part,
        },
        cooperative_id=changes.pop("cooperative_id", pair.payee),
        request_id="req_1",
    )


def test_a_return_brings_everything_back(
    world: World, pair: Pair, original: str
) -> None:
    answer = give_back(world, pair, original)
    assert (answer["state"], answer["amount"]) == ("committed", 1_000)
    assert world.balance(pair.payer_account) == 10**9
    assert world.position(pair.payer) == 0
    found = queries.get_transfer(world.database, original, cooperative_id=pair.payer)
    assert found["returned_amount"] == 1_000


def test_returns_in_parts_stop_at_the_amount(
    world: World, pair: Pair, original: str
) -> None:
    give_back(world, pair, original, amount=600)
    with pytest.raises(contract.ReturnExceedsOriginal):
        give_back(world, pair, original, amount=401)
    assert give_back(world, pair, original)["amount"] == 400


def test_the_same_key_returns_once(world: World, pair: Pair, original: str) -> None:
    first = give_back(world, pair, original, amount=100, key="r")
    second = give_back(world, pair, original, amount=100, key="r")
    assert second == first | {"replayed": True}
    assert world.balance(pair.payee_account) == 900


def test_only_the_payees_cooperative_may_return(
    world: World, pair: Pair, original: str
) -> None:
    with pytest.raises(NotFound):
        give_back(world, pair, original, cooperative_id=pair.payer)


def test_a_return_is_not_returned(world: World, pair: Pair, original: str) -> None:
    answer = give_back(world, pair, original)
    with pytest.raises(contract.TransferNotReturnable):
        give_back(world, pair, answer["id"], cooperative_id=pair.payer)


def test_a_refused_return_leaves_the_original_whole(
    world: World, pair: Pair, original: str
) -> None:
    own = world.account(pair.payee)
    spent = Pair(
        payer=pair.payee,
        payee=pair.payee,
        payer_account=pair.payee_account,
        payee_account=own,
    )
    world.submit(payment(spent, 1_000))
    with pytest.raises(contract.InsufficientFunds):
        give_back(world, pair, original)
    found = queries.get_transfer(world.database, original, cooperative_id=pair.payee)
    assert found["returned_amount"] == 0


def test_a_return_with_a_lost_answer_happens_once(
    world: World, pair: Pair, original: str
) -> None:
    ledger = UnreliableLedger(world.ledger, ["deaf"])
    with pytest.raises(contract.TransferPending):
        give_back(world, pair, original, key="r", ledger=ledger)
    answer = give_back(world, pair, original, key="r")
    assert answer["state"] == "committed"
    assert world.balance(pair.payee_account) == 0

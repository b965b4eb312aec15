"""How a cooperative leaves clearing, on real databases."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.ledger.operations import wallets
from services.shared.contracts import transfers as contract
from services.transfers.operations import events, leaving, participants, settlements
from services.transfers.operations import windows as window_operations
from tests.factories.transfers import Pair, World, idempotency, payment

LIQUIDITY = 5_000_000


def balance(world: World, key: str) -> int:
    found = world.ledger.get_balances({"keys": [key]})
    return int(found[key]["balance"])


def suspended(world: World, cooperative_id: str) -> None:
    """The register has deactivated it, as the approval of its closing does."""
    payload = {"cooperative_id": cooperative_id}
    events.cooperative_deactivated(world.database, f"evt_{cooperative_id}", payload)


def close(world: World, cooperative_id: str) -> dict[str, object]:
    return leaving.close_participant(world.database, world.ledger, cooperative_id)


def settled(world: World) -> None:
    """Close the open window and settle it."""
    closed = window_operations.close_window(
        world.database, {"idempotency": idempotency("POST /v1/x")}
    )["closed"]
    made = settlements.create_settlement(
        world.database,
        {
            "window_ids": [closed["id"]],
            "idempotency": idempotency("POST /v1/settlements"),
        },
    )
    settlements.settle(world.database, world.ledger, made["id"])


def test_who_leaves_is_paid_out_once(world: World) -> None:
    cooperative_id = world.cooperative(liquidity=LIQUIDITY)
    wallets.top_up_wallet(
        world.ledger.database,
        cooperative_id=cooperative_id,
        amount=70_000,
        reference="VA-1",
        idempotency=idempotency("POST /v1/wallet"),
    )
    suspended(world, cooperative_id)

    first = close(world, cooperative_id)
    again = close(world, cooperative_id)

    assert first["status"] == again["status"] == "closed"
    assert first["journal_id"] is not None
    assert again["journal_id"] is None
    assert balance(world, f"hub:liquidity:{cooperative_id}") == 0
    assert balance(world, f"hub:wallet:{cooperative_id}") == 0
    for code in ("1-1020", "1-1030"):
        assert balance(world, f"{cooperative_id}:{code}") == 0


def test_who_took_part_until_now_is_asked_again(world: World) -> None:
    cooperative_id = world.cooperative(liquidity=0)

    with pytest.raises(contract.ParticipantStillActive):
        close(world, cooperative_id)

    assert close(world, cooperative_id)["status"] == "closed"


def test_who_owes_stays(world: World, pair: Pair) -> None:
    world.submit(payment(pair, 300))
    suspended(world, pair.payer)

    with pytest.raises(contract.ParticipantBound) as caught:
        close(world, pair.payer)

    assert caught.value.details == {"position": 300, "unsettled_windows": 1}
    shown = participants.get_participant(world.database, world.ledger, pair.payer)
    assert shown["status"] == "suspended"
    assert shown["liquidity"] > 0


def test_who_is_owed_stays_until_it_is_settled(world: World, pair: Pair) -> None:
    world.submit(payment(pair, 300))
    suspended(world, pair.payee)
    with pytest.raises(contract.ParticipantBound):
        close(world, pair.payee)

    settled(world)

    assert close(world, pair.payee)["status"] == "closed"


def test_a_position_of_zero_over_unsettled_windows_is_not_enough(
    world: World, pair: Pair
) -> None:
    world.submit(payment(pair, 300))
    window_operations.close_window(
        world.database, {"idempotency": idempotency("POST /v1/x")}
    )
    back = Pair(
        payer=pair.payee,
        payee=pair.payer,
        payer_account=pair.payee_account,
        payee_account=pair.payer_account,
    )
    world.submit(payment(back, 300))
    suspended(world, pair.payer)

    with pytest.raises(contract.ParticipantBound) as caught:
        close(world, pair.payer)

    assert caught.value.details == {"unsettled_windows": 2}


def test_who_has_left_does_not_come_back(world: World) -> None:
    cooperative_id = world.cooperative(liquidity=0)
    suspended(world, cooperative_id)
    close(world, cooperative_id)

    with pytest.raises(contract.ParticipantClosed):
        participants.reactivate_participant(
            world.database, world.ledger, cooperative_id
        )
    with pytest.raises(contract.ParticipantClosed):
        world.move_funds(cooperative_id, "in", 1_000)
    with pytest.raises(DBAPIError, match="closed for good"), world.database.hub() as s:
        s.execute(
            text("UPDATE participants SET status = 'active' WHERE cooperative_id = :c"),
            {"c": cooperative_id},
        )


def test_an_unknown_cooperative_cannot_leave(world: World) -> None:
    with pytest.raises(contract.ParticipantNotFound):
        close(world, "coop_tidak_ada")

"""Participants, their funds and alarms; agreements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.shared import clock, identifiers
from services.shared.contracts import transfers as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import IdempotencyKeyReused, NotFound, NotFoundError
from services.transfers.operations import (
    agreements,
    alarms,
    events,
    participants,
    windows,
)
from tests.factories.transfers import (
    CIPHER,
    OPERATOR,
    SECRET,
    Pair,
    World,
    idempotency,
    payment,
    tenant,
)

PAGE = {"limit": 50, "cursor": None}


def put(world: World, cooperative_id: str, **terms: Any) -> dict[str, Any]:
    return participants.put_participant(
        world.database,
        world.ledger,
        world.members,
        {"cooperative_id": cooperative_id, "net_debit_cap": 1_000, **terms},
        cipher=CIPHER,
        is_local=False,
    )


def test_a_participant_shows_what_it_may_still_owe(world: World, pair: Pair) -> None:
    put(world, pair.payer, net_debit_cap=1_000)
    world.submit(payment(pair, 300))
    shown = participants.get_participant(world.database, world.ledger, pair.payer)
    assert (shown["position"], shown["available"]) == (300, 700)


def test_a_cap_below_the_position_is_refused(world: World, pair: Pair) -> None:
    world.submit(payment(pair, 300))
    with pytest.raises(contract.PositionAboveCap):
        put(world, pair.payer, net_debit_cap=299)
    put(world, pair.payer, net_debit_cap=300)


def test_an_unknown_cooperative_takes_no_part(world: World) -> None:
    with pytest.raises(NotFound):
        put(world, "coop_unknown")


def test_a_connected_cooperative_needs_a_callback(world: World, pair: Pair) -> None:
    with pytest.raises(contract.CallbackRequired):
        put(world, pair.payer, mode="connected", net_debit_cap=1)

    # Nothing of the refused terms counts, not in the ledger either.
    [outcome] = world.submit(payment(pair, 300))
    assert outcome["state"] == "committed"


@pytest.mark.parametrize(
    "url",
    [
        "http://inti.example/hub",
        "https://user:pass@inti.example/hub",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/hub",
    ],
)
def test_a_callback_url_must_be_safe(world: World, pair: Pair, url: str) -> None:
    with pytest.raises(contract.CallbackUrlRefused):
        put(world, pair.payer, callback_url=url)


def test_a_callback_secret_is_not_stored_as_it_is(world: World) -> None:
    cooperative_id = world.connected()
    [row] = world.rows(
        "SELECT callback_secret FROM participants WHERE cooperative_id = :id",
        id=cooperative_id,
    )
    assert SECRET.encode() not in bytes(row.callback_secret)


def test_terms_that_are_not_named_stay(world: World) -> None:
    cooperative_id = world.connected()
    shown = put(world, cooperative_id, net_debit_cap=7)
    assert (shown["mode"], shown["net_debit_cap"]) == ("connected", 7)


def test_funds_move_once_per_key(world: World, pair: Pair) -> None:
    command = {
        "cooperative_id": pair.payer,
        "direction": "in",
        "amount": 5,
        "reference": "BANK-2",
        "idempotency": idempotency("POST /v1/participants/x/funds"),
    }
    first, second = (
        participants.move_funds(world.database, world.ledger, command) for _ in range(2)
    )
    assert second == first | {"replayed": True}
    assert first["liquidity"] == 10**12 + 5
    with pytest.raises(IdempotencyKeyReused):
        participants.move_funds(world.database, world.ledger, command | {"amount": 6})


def test_a_cooperative_sees_only_its_own_standing(world: World, pair: Pair) -> None:
    def show(cooperative_id: str) -> dict[str, Any]:
        return participants.show_participant(
            world.database, world.ledger, cooperative_id, reader=tenant(pair.payer)
        )

    assert show(pair.payer)["cooperative_id"] == pair.payer
    with pytest.raises(NotFoundError):
        show(pair.payee)


def test_the_alarm_is_raised_once_per_crossing(world: World, pair: Pair) -> None:
    put(world, pair.payer, net_debit_cap=1_000, alarm_percent=80)

    def watch() -> bool:
        return pair.payer in alarms.watch_positions(world.database, world.ledger)

    world.submit(payment(pair, 799))
    assert not watch()
    world.submit(payment(pair, 1))
    assert watch()
    assert not watch()
    put(world, pair.payer, net_debit_cap=10_000)
    assert not watch()
    put(world, pair.payer, net_debit_cap=1_000)
    assert watch()


def test_an_activation_told_twice_makes_one_participant(world: World) -> None:
    cooperative_id = identifiers.new("coop")
    code = world._free_code()
    for _ in range(2):
        events.cooperative_activated(
            world.database,
            f"evt_{cooperative_id}",
            {"cooperative_id": cooperative_id, "code": code},
        )
    world.members.codes[cooperative_id] = code
    found = world.rows(
        "SELECT status FROM participants WHERE cooperative_id = :id", id=cooperative_id
    )
    assert [row.status for row in found] == ["active"]


def test_a_deactivated_cooperative_is_suspended(world: World, pair: Pair) -> None:
    events.cooperative_deactivated(
        world.database, identifiers.new("evt"), {"cooperative_id": pair.payer}
    )
    [outcome] = world.submit(payment(pair, 1))
    assert isinstance(outcome, contract.ParticipantSuspendedError)


def test_two_agreements_of_a_pair_do_not_overlap(world: World, pair: Pair) -> None:
    with pytest.raises(contract.AgreementOverlaps):
        world.agree(pair.payee, pair.payer)


def test_an_agreement_may_follow_one_that_was_ended(world: World, pair: Pair) -> None:
    [agreement] = agreements.list_agreements(
        world.database, PAGE | {"cooperative_id": None}, reader=tenant(pair.payer)
    )["items"]
    ended = agreements.end_agreement(world.database, agreement["id"])
    assert ended["status"] == "ended"
    assert isinstance(world.submit(payment(pair, 1))[0], contract.NoAgreement)
    with pytest.raises(contract.AgreementEnded):
        agreements.end_agreement(world.database, agreement["id"])
    world.agree(pair.payer, pair.payee)
    assert world.submit(payment(pair, 1))[0]["state"] == "committed"


def test_an_agreement_of_tomorrow_is_not_in_force(world: World) -> None:
    one, other = world.cooperative(), world.cooperative()
    tomorrow = clock.business_date() + timedelta(days=1)
    created = agreements.create_agreement(
        world.database,
        world.members,
        {
            "cooperatives": [one, other],
            "valid_from": tomorrow,
            "valid_until": tomorrow,
        },
    )
    assert created["status"] == "scheduled"
    checked = agreements.check_agreement(world.database, [other, one])
    assert checked == {"in_force": False, "agreement_id": None}


def test_others_do_not_see_an_agreement(world: World, pair: Pair) -> None:
    agreement_id = agreements.check_agreement(world.database, [pair.payer, pair.payee])[
        "agreement_id"
    ]
    for reader in (OPERATOR, tenant(pair.payer), tenant(pair.payee)):
        found = agreements.get_agreement(world.database, agreement_id, reader=reader)
        assert found["id"] == agreement_id
    with pytest.raises(NotFound):
        agreements.get_agreement(
            world.database, agreement_id, reader=tenant(world.cooperative())
        )


def test_lists_go_on_where_their_cursor_says(world: World, pair: Pair) -> None:
    assert pair.payer
    windows.close_window(world.database, {})
    lists: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
        lambda page: participants.list_participants(world.database, world.ledger, page),
        lambda page: agreements.list_agreements(
            world.database, page | {"cooperative_id": None}, reader=OPERATOR
        ),
        lambda page: windows.list_windows(
            world.database, page | {"state": None}, reader=OPERATOR
        ),
    ]
    for listed in lists:
        first = listed({"limit": 1, "cursor": None})
        if first["next_cursor"] is None:
            continue
        second = listed({"limit": 1, "cursor": first["next_cursor"]})
        assert first["items"] != second["items"]
        with pytest.raises(InvalidCursor):
            listed({"limit": 1, "cursor": "x!"})

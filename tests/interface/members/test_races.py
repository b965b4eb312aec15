"""What two requests at the same moment come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import eventlet

from services.members import operations
from services.shared.contracts import members as contract
from services.shared.errors import RequestInProgress, ServiceError
from tests.factories.members import PAGE, Tenant, World, idempotency

AT_ONCE: Final = 8


def at_once(
    action: Callable[[], dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[ServiceError]]:
    """The answers and the refusals of several requests made at the same moment."""

    def attempt() -> dict[str, Any] | ServiceError:
        try:
            return action()
        except ServiceError as error:
            return error

    threads = [eventlet.spawn(attempt) for _ in range(AT_ONCE)]
    outcomes = [thread.wait() for thread in threads]
    answers = [one for one in outcomes if isinstance(one, dict)]
    return answers, [one for one in outcomes if isinstance(one, ServiceError)]


def test_members_registered_at_once_get_numbers_without_gaps(tenant: Tenant) -> None:
    answers, refusals = at_once(tenant.register_member)

    assert refusals == []
    assert sorted(answer["number"] for answer in answers) == [
        f"{tenant.code}-{sequence:06d}" for sequence in range(1, AT_ONCE + 1)
    ]


def test_one_person_registered_at_once_becomes_one_member(tenant: Tenant) -> None:
    answers, refusals = at_once(lambda: tenant.register_member(nik="5171011708900001"))

    assert len(answers) == 1
    assert {type(refusal) for refusal in refusals} == {contract.DuplicateNik}


def test_one_request_sent_at_once_is_done_once(world: World, tenant: Tenant) -> None:
    part = idempotency("POST /v1/members", "Budi")

    answers, refusals = at_once(lambda: tenant.register_member(idempotency=part))

    listed = operations.list_members(world.members, tenant.id, PAGE | {"status": None})
    assert len({answer["id"] for answer in answers}) == 1
    assert {type(refusal) for refusal in refusals} <= {RequestInProgress}
    assert len(listed["items"]) == 1


def test_accounts_opened_at_once_get_numbers_of_their_own(tenant: Tenant) -> None:
    member_id = tenant.member()["id"]

    answers, refusals = at_once(lambda: tenant.open_account(member_id))

    assert refusals == []
    assert len({answer["number"] for answer in answers}) == AT_ONCE


def test_money_withdrawn_at_once_is_paid_once(tenant: Tenant) -> None:
    number = tenant.account(balance=100)

    answers, refusals = at_once(lambda: tenant.withdraw(number, 100))

    assert len(answers) == 1
    assert {refusal.code for refusal in refusals} == {"insufficient_funds"}
    assert tenant.get_account(number)["balance"] == 0


def test_one_deposit_sent_at_once_is_posted_once(tenant: Tenant) -> None:
    number = tenant.account()

    answers, refusals = at_once(lambda: tenant.deposit(number, 100, key="slip-1"))

    assert refusals == []
    assert len({answer["journal_id"] for answer in answers}) == 1
    assert tenant.get_account(number)["balance"] == 100


def test_a_cooperative_activated_at_once_is_told_of_once(world: World) -> None:
    tenant = world.tenant()
    command = {"cooperative_id": tenant.id}
    operations.deactivate_cooperative(world.members, command)

    answers, refusals = at_once(
        lambda: operations.activate_cooperative(world.members, tenant.ledger, command)
    )

    assert refusals == []
    assert len(answers) == AT_ONCE
    # Once at the beginning, once now.
    assert len(world.events("cooperative_activated", **command)) == 2

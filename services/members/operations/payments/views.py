"""How payments are told, looked after and decided on by people."""

from __future__ import annotations

from typing import Any

from services.members import store as members_store
from services.members.domain import payments as domain
from services.members.models import Payment
from services.members.operations import audit
from services.members.operations.me import own_member
from services.members.operations.payments import allocation, crediting
from services.members.operations.payments.crediting import Till
from services.members.store import payments as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.members import payments as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope


def answer(payment: Payment) -> dict[str, Any]:
    """A payment as it is told."""
    return answers.one(contract.Payment(), payment)


def get_payment(
    database: Database, cooperative_id: str, payment_id: str
) -> dict[str, Any]:
    """One payment of the cooperative. Raises PaymentNotFound."""
    return answer(crediting.load(database, cooperative_id, payment_id))


def list_payments(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The payments of the cooperative in the order they were asked for."""
    member_id, state, limit = command["member_id"], command["state"], command["limit"]
    owner = f"payments {cooperative_id} {member_id or ''} {state or ''}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_payments(
            session,
            member_id=member_id,
            state=state,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Payment(), shown),
        "next_cursor": next_cursor,
    }


def list_own_payments(
    database: Database, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """The payments that the caller was asked for."""
    own = {**command, "member_id": own_member(caller)}
    return list_payments(database, caller.cooperative_id, own)


def check_payment(till: Till, cooperative_id: str, payment_id: str) -> dict[str, Any]:
    """Ask the provider now, and take every step that follows."""
    return answer(crediting.drive(till, cooperative_id, payment_id))


def allocate_payment(
    till: Till, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Give held money to a savings account of the member it came from.

    Raises PaymentNotFound, PaymentNotUnallocated, NotFound. What that account refuses
    leaves the payment unallocated, with the fault told.
    """
    cooperative_id, payment_id = actor.cooperative_id, command["payment_id"]
    number, part = command["account_number"], command["idempotency"]

    @retrying
    def decide() -> dict[str, Any]:
        with till.database.tenant(cooperative_id) as session:
            return idempotency.run_once(
                session,
                scope=IdempotencyScope.of(cooperative_id, part),
                operation=lambda: _decide(session, actor, payment_id, number, part),
            )

    decided = decide()
    payment = crediting.drive(till, cooperative_id, payment_id)
    told = answer(payment)
    return told | {"replayed": True} if decided.get("replayed") else told


def _decide(
    session: Any, actor: Actor, payment_id: str, number: str, part: dict[str, str]
) -> dict[str, Any]:
    """The payment goes on to this account; one decision at a time."""
    payment = store.find_payment(session, payment_id)
    if payment is None:
        raise contract.PaymentNotFound
    if payment.state != domain.UNALLOCATED:
        raise contract.PaymentNotUnallocated
    account = members_store.find_account(session, number)
    if account is None or account.member_id != payment.member_id:
        raise NotFound("There is no such account.")
    decided = store.advance(
        session,
        payment,
        domain.RECEIVED,
        account_number=number,
        journal_id=allocation.journal_id_of(payment, number, part["key"]),
        due_at=clock.now(),
        attempts=0,
        fault=None,
    )
    if decided is None:
        raise contract.PaymentNotUnallocated
    after = {"account_number": number}
    audit.record(session, actor, "payment.allocated", payment_id, after=after)
    return {"id": payment_id}

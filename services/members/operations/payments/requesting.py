"""How a virtual account is asked for: stored first, then made by the provider."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.members import store as members_store
from services.members.domain import membership
from services.members.domain import payments as domain
from services.members.models import Member, Payment
from services.members.operations import audit, personal_data
from services.members.operations.me import own_member
from services.members.operations.payments import allocation, crediting, views
from services.members.operations.payments.crediting import LEASE_SECONDS, Till
from services.members.store import payments as store
from services.shared import clock, identifiers
from services.shared.contracts import members as members_contract
from services.shared.contracts.loans.repayments import Overpaid
from services.shared.contracts.members import payments as contract
from services.shared.contracts.members.dues import MembershipEnded
from services.shared.errors import InvariantViolated, NotFound
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import retrying


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be paid, and by whom."""

    purpose: str
    amount: int
    payer: dict[str, str]
    principal: int = 0
    member_id: str | None = None
    account_number: str | None = None
    loan_id: str | None = None


def request_payment(
    till: Till, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A virtual account for a member, once per idempotency key.

    Raises PaymentsNotOffered, PayerContactMissing, PaymentTooSmall, PaymentRefused,
    NotFound, Overpaid for more than is owed of a loan, or that the member or its
    cooperative asks for no contribution.
    """
    if command["purpose"] == domain.LOAN and not _is_answered(till, actor, command):
        _require_payable(till, actor, command)
    return _request(
        till, actor, command, lambda session: _of_member(session, till, actor, command)
    )


def request_own_payment(
    till: Till, caller: Identity, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """As `request_payment`, by the member itself and for what is its own."""
    own = {**command, "member_id": own_member(caller), "payer": None}
    return request_payment(till, actor, own)


def request_wallet_payment(
    till: Till, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A virtual account that raises the cooperative's wallet.

    Raises PaymentsNotOffered, PaymentTooSmall, PaymentRefused.
    """

    def wish(session: Session) -> Wish:
        cooperative = members_store.find_cooperative(session, actor.cooperative_id)
        if cooperative is None:
            raise NotFound("There is no such cooperative.")
        return Wish(
            purpose=domain.WALLET,
            amount=command["amount"],
            payer=_reachable({"name": cooperative.name, **command["payer"]}),
        )

    return _request(till, actor, command, wish)


def _request(
    till: Till,
    actor: Actor,
    command: dict[str, Any],
    wish: Callable[[Session], Wish],
) -> dict[str, Any]:
    if till.provider is None:
        raise contract.PaymentsNotOffered
    stored = _store_once(till, actor, command, wish)
    # What the provider cannot do right now the sweep does later: the payment exists.
    payment = crediting.drive(till, actor.cooperative_id, stored["id"])
    if payment.state == domain.FAILED and payment.transaction_id is None:
        raise contract.PaymentRefused(details={"payment_id": payment.id})
    answer = views.answer(payment)
    return answer | {"replayed": True} if stored.get("replayed") else answer


@retrying
def _store_once(
    till: Till,
    actor: Actor,
    command: dict[str, Any],
    wish: Callable[[Session], Wish],
) -> dict[str, Any]:
    """The id of the payment that this request asked for, now or before."""

    def store_it(session: Session) -> dict[str, Any]:
        wanted = wish(session)
        if wanted.amount < contract.AMOUNT_MIN:
            raise contract.PaymentTooSmall
        payment = _add(session, till, actor, command, wanted)
        told = {"purpose": payment.purpose, "amount": payment.amount}
        audit.record(session, actor, "payment.requested", payment.id, after=told)
        return {"id": payment.id}

    return idempotency.once(till.database, actor, command, store_it)


def _add(
    session: Session, till: Till, actor: Actor, command: dict[str, Any], wanted: Wish
) -> Payment:
    payment_id, now = identifiers.new("pay"), clock.now()
    cipher = personal_data.cipher(session, till.settings, actor.cooperative_id)
    return store.add_payment(
        session,
        id=payment_id,
        cooperative_id=actor.cooperative_id,
        purpose=wanted.purpose,
        member_id=wanted.member_id,
        account_number=wanted.account_number,
        loan_id=wanted.loan_id,
        amount=wanted.amount,
        principal=wanted.principal,
        channel=command["bank"],
        payer=cipher.encrypt(
            json.dumps(wanted.payer).encode(), crediting.payer_place(payment_id)
        ),
        # Ours for now; should we die, the sweep asks the provider instead.
        due_at=now + timedelta(seconds=LEASE_SECONDS),
        requested_by=actor.subject,
        requested_at=now,
        expires_at=now + timedelta(hours=command["hours"]),
    )


def _is_answered(till: Till, actor: Actor, command: dict[str, Any]) -> bool:
    """Whether this is a repetition: what is owed by now is none of its concern."""
    part = command["idempotency"]
    answer = idempotency.answered(till.database, actor.cooperative_id, part)
    return answer is not None


def _require_payable(till: Till, actor: Actor, command: dict[str, Any]) -> None:
    """Refuse to take money for the loan of another, or more than is owed."""
    loans = till.loans_of(actor.cooperative_id)
    payable = loans.get_payable({"loan_id": command["loan_id"]})
    if payable["member_id"] != command["member_id"]:
        raise NotFound("There is no such loan.")
    if command["amount"] > payable["owed"]:
        raise Overpaid(details={"owed": payable["owed"]})


def _of_member(
    session: Session, till: Till, actor: Actor, command: dict[str, Any]
) -> Wish:
    member = members_store.find_member(session, command["member_id"])
    if member is None:
        raise NotFound("There is no such member.")
    payer = _payer(session, till, member, command.get("payer") or {})
    if command["purpose"] == domain.DEPOSIT:
        return _deposit(session, member, payer, command)
    if command["purpose"] == domain.LOAN:
        return Wish(
            purpose=domain.LOAN,
            amount=command["amount"],
            member_id=member.id,
            loan_id=command["loan_id"],
            payer=payer,
        )
    if member.status not in {membership.CANDIDATE, membership.ACTIVE}:
        raise MembershipEnded
    principal, mandatory = allocation.price_of_contributions(
        session, actor.cooperative_id, member.id, command.get("months")
    )
    return Wish(
        purpose=domain.CONTRIBUTIONS,
        amount=principal + mandatory,
        principal=principal,
        member_id=member.id,
        payer=payer,
    )


def _deposit(
    session: Session, member: Member, payer: dict[str, str], command: dict[str, Any]
) -> Wish:
    account = members_store.find_account(session, command["account_number"])
    # An account of somebody else is not there for this member.
    if account is None or account.member_id != member.id:
        raise NotFound("There is no such account.")
    if not membership.may_hold_accounts(member.status):
        raise members_contract.MemberNotActive
    return Wish(
        purpose=domain.DEPOSIT,
        amount=command["amount"],
        member_id=member.id,
        account_number=account.number,
        payer=payer,
    )


def _payer(
    session: Session, till: Till, member: Member, given: dict[str, str]
) -> dict[str, str]:
    """Whom the provider may reach: as given, else as the member's data has it."""
    if member.personal_data is None:
        raise InvariantViolated(f"{member.id} has no personal data")
    known = personal_data.decrypt(
        session, till.settings, member.cooperative_id, member.id, member.personal_data
    )
    found = {name: given.get(name) or known.get(name) for name in ("phone", "email")}
    return _reachable({"name": member.name, **found})


def _reachable(payer: dict[str, str | None]) -> dict[str, str]:
    """The payer, complete. Raises PayerContactMissing with the fields at fault."""
    missing = [
        {
            "field": f"payer.{name}",
            "code": contract.PayerContactMissing.code,
            "detail": "The payment provider asks for it.",
        }
        for name, value in payer.items()
        if not value
    ]
    if missing:
        raise contract.PayerContactMissing(details={"errors": missing})
    return {name: value for name, value in payer.items() if value}

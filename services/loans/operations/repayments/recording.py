"""How money becomes a repayment: decided and stored, posted, carried out.

What it pays is decided under the loan's lock and stored before the ledger is asked;
nobody else changes the loan while it is under way. Who is cut short is followed by
`finish_due`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import allocation
from services.loans.domain import loans as loan_domain
from services.loans.domain import repayments as domain
from services.loans.domain.allocation import Allocation, Debt
from services.loans.domain.arrears import NO_STAGE
from services.loans.domain.peers import Asked, Ledger
from services.loans.models import Instalment, Loan, Repayment
from services.loans.operations import loans, rebates
from services.loans.operations.repayments import views
from services.loans.operations.repayments.debts import debt_of
from services.loans.store import arrears as arrears_store
from services.loans.store import autodebits as autodebits_store
from services.loans.store import loans as loans_store
from services.loans.store import repayments as store
from services.shared import clock, identifiers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.ledger import JournalIdReused
from services.shared.contracts.loans import repayments as contract
from services.shared.contracts.loans.autodebits import NothingToDebit
from services.shared.errors import (
    IdempotencyKeyReused,
    NotFound,
    OutcomeUnknown,
    RefusedError,
    UnavailableError,
)
from services.shared.identity import Actor
from services.shared.persistence import outbox, sweeping, trail
from services.shared.persistence.database import Database, retrying

PATIENCE: Final = timedelta(seconds=30)
"""How long a repayment may be under way before somebody else finishes it."""

SWEEP_SIZE: Final = 50

LedgerOf = Callable[[str], Ledger]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that pays a loan.

    ``source_key`` is the ledger's account that is debited: a drawer or the vault, a
    savings account, the bank, deposits held. The same ``id`` is the same payment. With
    ``settles`` it pays the loan off and must be exactly what that costs. An autodebit
    takes what is due and at most ``amount``, while the borrower consents to it.
    """

    loan_id: str
    amount: int
    channel: str
    source_key: str
    reference: str | None = None
    id: str | None = None
    settles: bool = False
    is_autodebit: bool = False


def record(
    database: Database, asked: Asked, actor: Actor, payment: Payment
) -> dict[str, Any]:
    """Pay a loan, once per id; the answer is a `Repayment`.

    Raises NotFound, LoanNotActive, RepaymentUnderWay, Overpaid, SettlementChanged, and
    what the ledger refuses; then nothing was paid, also when it is repeated.
    """
    repayment_id = payment.id or identifiers.new("rep")
    _decide(database, actor, payment, repayment_id)
    try:
        return post(database, asked.ledger, actor, repayment_id)
    except UnavailableError as error:
        # It is stored, so somebody will carry it on: not "nothing was done".
        raise OutcomeUnknown from error


def post(
    database: Database, ledger: Ledger, actor: Actor, repayment_id: str
) -> dict[str, Any]:
    """Have the ledger post what was decided, and carry it out; safe to repeat."""
    with database.tenant(actor.cooperative_id) as session:
        repayment = _found(store.find_repayment(session, repayment_id))
        loan = loans.found(loans_store.find_loan(session, repayment.loan_id))
    if repayment.status == domain.POSTED:
        return views.answer(repayment) | {"replayed": True}
    try:
        ledger.post_journal(_journal(loan, repayment))
    except JournalIdReused as error:
        # Perhaps this one in other words, and posted: never "nothing was done".
        raise OutcomeUnknown from error
    except RefusedError as error:
        _refuse(database, actor.cooperative_id, repayment_id, error.code)
        raise
    return views.answer(_carry_out(database, actor, repayment_id))


def finish_due(database: Database, ledger_of: LedgerOf) -> int:
    """Finish repayments that were left on their way; how many there were."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def finish(cooperative_id: str, repayment_id: str) -> None:
        actor = Actor(cooperative_id=cooperative_id, subject="service:loans")
        post(database, ledger_of(cooperative_id), actor, repayment_id)

    return sweeping.one_by_one(_log, "repayment", due, finish)


def settle_if_paid(session: Session, actor: Actor, loan: Loan) -> bool:
    """End a locked active loan of which nothing is owed any more; whether it was.

    Cover that still runs is ended afterwards (`endings`).
    """
    instalments = loans_store.instalments_of(session, loan.id)
    is_paid = (
        all(_is_paid(one) for one in instalments)
        and loan.deferred_interest == loan.deferred_interest_paid
    )
    if loan.status != loan_domain.ACTIVE or not is_paid:
        return False
    day = clock.business_date()
    loan.status, loan.closed_on = loan_domain.SETTLED, day
    loan.dpd, loan.oldest_due_on, loan.stage = 0, None, NO_STAGE
    session.flush()
    store.add_ending(session, loan.cooperative_id, loan.id, day, clock.now())
    rebates.grant(session, actor, loan, instalments)
    outbox.add(
        session,
        loans_contract.LOAN_SETTLED,
        loans_contract.LoanEvent().dump(
            {
                "cooperative_id": loan.cooperative_id,
                "loan_id": loan.id,
                "number": loan.number,
                "member_id": loan.member_id,
                "amount": loan.principal,
                "on": day,
            }
        ),
    )
    trail.note(session, actor, "loan.settled", loan.id)
    return True


@retrying
def _decide(
    database: Database, actor: Actor, payment: Payment, repayment_id: str
) -> None:
    """Store what the payment pays, unless the same was stored before."""
    with database.tenant(actor.cooperative_id) as session:
        loan = loans.locked(session, payment.loan_id)
        known = store.find_repayment(session, repayment_id)
        if known is not None:
            _require_same(known, payment)
            return
        loans.require_owing(loan)
        if store.is_under_way(session, loan.id):
            raise contract.RepaymentUnderWay
        day = clock.business_date()
        debt = debt_of(loan, loans_store.instalments_of(session, loan.id), day)
        if payment.is_autodebit:
            payment = _due_of(session, loan, debt, payment)
        paid, settles = _allocated(debt, payment)
        receivable = min(paid.interest, loan.interest_receivable)
        store.add_repayment(
            session,
            id=repayment_id,
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            channel=payment.channel,
            source_key=payment.source_key,
            reference=payment.reference,
            amount=payment.amount,
            penalty=paid.penalty,
            interest=paid.interest,
            principal=paid.principal,
            fee=paid.fee,
            receivable=receivable,
            reversed_receivable=(
                loan.interest_receivable - receivable if settles else 0
            ),
            allocation=paid.to_json(),
            is_settlement=settles,
            is_recovery=loan.status == loan_domain.WRITTEN_OFF,
            business_date=day,
            requested_by=actor.subject,
            created_at=clock.now(),
            due_at=clock.now() + PATIENCE,
        )


def _due_of(session: Session, loan: Loan, debt: Debt, payment: Payment) -> Payment:
    """The debit of what is due now, whatever it was when it was looked for."""
    consent = autodebits_store.find_standing(session, loan.id)
    due = sum(one.left for one in debt.due)
    if loan.matures_on <= debt.day:
        # What was put off falls due with the last instalment.
        due += debt.deferred
    is_wanted = consent is not None and consent.savings_account == payment.source_key
    if not is_wanted or not due or loan.status != loan_domain.ACTIVE:
        raise NothingToDebit
    return replace(payment, amount=min(payment.amount, due))


def _allocated(debt: Debt, payment: Payment) -> tuple[Allocation, bool]:
    """What the payment pays, and whether the loan ends with it."""
    settled = allocation.settlement(debt)
    if payment.channel in domain.OF_FAILURE:
        if payment.amount > settled.total:
            raise contract.Overpaid(details={"owed": settled.total})
        if payment.amount == settled.total:
            return settled, True
    elif payment.settles:
        if payment.amount != settled.total:
            raise contract.SettlementChanged(details={"total": settled.total})
        return settled, True
    overpayment = None
    if payment.channel in domain.OF_FAILURE:
        overpayment = allocation.TO_PRINCIPAL
    try:
        paid = allocation.allocate(debt, payment.amount, overpayment=overpayment)
    except allocation.Overpaid as error:
        raise contract.Overpaid(details={"owed": error.owed}) from error
    return paid, False


def _require_same(known: Repayment, payment: Payment) -> None:
    stored = (
        known.loan_id,
        known.amount,
        known.channel,
        known.source_key,
        known.reference,
    )
    wanted = (
        payment.loan_id,
        # What a debit takes was decided when it was stored.
        known.amount if payment.is_autodebit else payment.amount,
        payment.channel,
        payment.source_key,
        payment.reference,
    )
    # Money of failure settles by itself where it covers everything.
    is_other = (
        payment.settles != known.is_settlement
        and payment.channel not in domain.OF_FAILURE
    )
    if stored != wanted or is_other:
        raise IdempotencyKeyReused


def _journal(loan: Loan, repayment: Repayment) -> dict[str, Any]:
    split = domain.Split(
        penalty=repayment.penalty,
        interest=repayment.interest,
        principal=repayment.principal,
        fee=repayment.fee,
        receivable=repayment.receivable,
        reversed_receivable=repayment.reversed_receivable,
    )
    text = domain.INSTALMENT_TEXT
    if repayment.is_settlement:
        text = domain.SETTLEMENT_TEXT
    source, cooperative_id = repayment.source_key, repayment.cooperative_id
    key = loan_domain.account_key(cooperative_id, loan.kind, loan.id)
    lines = split.postings(cooperative_id, source, key)
    if repayment.is_recovery:
        text = domain.RECOVERY_TEXT
        lines = split.recovery(cooperative_id, source)
    return {
        "id": domain.journal_id(repayment.id),
        "kind": domain.KIND,
        "description": f"{text} {loan.number}",
        "business_date": repayment.business_date.isoformat(),
        "reference": loan.id,
        "postings": [list(line) for line in lines],
    }


@retrying
def _refuse(
    database: Database, cooperative_id: str, repayment_id: str, code: str
) -> None:
    with database.tenant(cooperative_id) as session:
        repayment = _found(store.lock_repayment(session, repayment_id))
        if repayment.status == domain.POSTING:
            repayment.status, repayment.fault = domain.REFUSED, code


@retrying
def _carry_out(database: Database, actor: Actor, repayment_id: str) -> Repayment:
    """Let the instalments be paid by what was posted, once."""
    with database.tenant(actor.cooperative_id) as session:
        repayment = _found(store.find_repayment(session, repayment_id))
        loan = loans.locked(session, repayment.loan_id)
        repayment = _found(store.lock_repayment(session, repayment_id))
        if repayment.status == domain.POSTED:
            return repayment
        _apply(session, loan, repayment)
        repayment.status, repayment.posted_at = domain.POSTED, clock.now()
        repayment.outstanding = loan.outstanding
        session.flush()
        settle_if_paid(session, actor, loan)
        arrears_store.refresh(
            session, loan.cooperative_id, clock.business_date(), [loan.id]
        )
        _tell(session, loan, repayment)
        trail.note(
            session,
            actor,
            "loan.repaid",
            loan.id,
            after={"repayment_id": repayment.id, "amount": repayment.amount},
        )
        return repayment


def _apply(session: Session, loan: Loan, repayment: Repayment) -> None:
    paid, day = Allocation.of(repayment.allocation), repayment.business_date
    rows = {one.number: one for one in loans_store.instalments_of(session, loan.id)}
    for change in paid.changes:
        one = rows[change.number]
        one.principal, one.interest = change.principal, change.interest
    for part in paid.parts:
        one = rows[part.number]
        # The daily job may have gone on while this was under way.
        one.penalty = max(one.penalty, part.accrued)
        one.penalty_paid += part.penalty
        one.interest_paid += part.interest
        one.principal_paid += part.principal
        if one.due_on < day and (part.interest or part.principal):
            one.penalty_base, one.penalty_from = part.accrued, day
    for one in rows.values():
        if one.settled_on is None and _is_settled(one):
            one.settled_on = day
    loan.outstanding -= repayment.principal
    loan.interest_receivable -= repayment.receivable + repayment.reversed_receivable
    loan.deferred_interest_paid += paid.deferred
    session.flush()


def _is_settled(one: Instalment) -> bool:
    return one.principal_paid == one.principal and one.interest_paid == one.interest


def _is_paid(one: Instalment) -> bool:
    forgiven = one.penalty_paid + one.penalty_waived
    return one.settled_on is not None and forgiven == one.penalty


def _tell(session: Session, loan: Loan, repayment: Repayment) -> None:
    payload = {
        "cooperative_id": loan.cooperative_id,
        "repayment_id": repayment.id,
        "loan_id": loan.id,
        "number": loan.number,
        "member_id": loan.member_id,
        "channel": repayment.channel,
        "amount": repayment.amount,
        "penalty": repayment.penalty,
        "interest": repayment.interest,
        "principal": repayment.principal,
        "outstanding": loan.outstanding,
        "loan_status": loan.status,
        "on": repayment.business_date,
    }
    outbox.add(
        session, loans_contract.LOAN_REPAID, contract.RepaymentEvent().dump(payload)
    )


def _found(repayment: Repayment | None) -> Repayment:
    if repayment is None:
        raise NotFound("There is no such repayment.")
    return repayment

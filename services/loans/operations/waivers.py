"""How penalty is forgiven: proposed by one, decided by another.

What is forgiven is taken off the oldest instalment first. Of a loan of which nothing
else is owed the waiver is the end.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.loans.models import Loan, PenaltyWaiver
from services.loans.operations import loans, repayments
from services.loans.store import loans as loans_store
from services.loans.store import repayments as repayments_store
from services.loans.store import waivers as store
from services.shared import access, clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.loans import repayments as repayments_contract
from services.shared.contracts.loans import waivers as contract
from services.shared.errors import NotFound, SameProposer
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying


@retrying
def propose(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose to forgive penalty of a loan.

    Raises NotFound, LoanNotActive, WaiverOpen, WaiverTooHigh.
    """

    def add(session: Session) -> dict[str, Any]:
        loan = loans.locked(session, command["loan_id"])
        loans.require_owing(loan)
        if store.find_open(session, loan.id) is not None:
            raise contract.WaiverOpen
        _require_penalty(session, loan, command["amount"])
        waiver = store.add_waiver(
            session,
            id=identifiers.new("wai"),
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            amount=command["amount"],
            reason=command["reason"],
            proposed_by=actor.subject,
            proposed_at=clock.now(),
        )
        answer = _answer(waiver)
        trail.note(session, actor, "penalty_waiver.proposed", waiver.id, after=answer)
        return answer

    return idempotency.once(database, actor, command, add)


@retrying
def approve(
    database: Database, actor: Actor, command: dict[str, Any], by: Identity
) -> dict[str, Any]:
    """Forgive what was proposed by another.

    Raises NotFound, StepUpRequired, SameProposer, OwnLoan, WaiverDecided,
    RepaymentUnderWay, and WaiverTooHigh when it was paid meanwhile.
    """
    access.require_strong(by, clock.now().timestamp())

    def forgive(session: Session) -> dict[str, Any]:
        loan = loans.locked(session, command["loan_id"])
        waiver = _open(session, command)
        if waiver.proposed_by == actor.subject:
            raise SameProposer
        loans.refuse_borrower(loan, by)
        loans.require_owing(loan)
        if repayments_store.is_under_way(session, loan.id):
            raise repayments_contract.RepaymentUnderWay
        _require_penalty(session, loan, waiver.amount)
        _forgive(session, loan, waiver.amount)
        _decide(session, actor, waiver, "approved")
        repayments.settle_if_paid(session, actor, loan)
        return _answer(waiver)

    return idempotency.once(database, actor, command, forgive)


@retrying
def reject(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Forgive nothing; who proposed may take it back so. Raises WaiverDecided."""

    def decide(session: Session) -> dict[str, Any]:
        loans.locked(session, command["loan_id"])
        waiver = _open(session, command)
        _decide(session, actor, waiver, "rejected")
        return _answer(waiver)

    return idempotency.once(database, actor, command, decide)


def list_waivers(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was proposed and decided of a loan."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"waivers {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        rows = store.list_waivers(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_answer(one) for one in shown], "next_cursor": next_cursor}


def _open(session: Session, command: dict[str, Any]) -> PenaltyWaiver:
    waiver = store.lock_waiver(session, command["waiver_id"])
    if waiver is None or waiver.loan_id != command["loan_id"]:
        raise NotFound("There is no such waiver.")
    if waiver.status != "proposed":
        raise contract.WaiverDecided
    return waiver


def _require_penalty(session: Session, loan: Loan, amount: int) -> None:
    rows = loans_store.instalments_of(session, loan.id)
    debt = repayments.debt_of(loan, rows, clock.business_date())
    penalty = sum(one.penalty_left for one in debt.instalments)
    if amount > penalty:
        raise contract.WaiverTooHigh(details={"penalty": penalty})


def _forgive(session: Session, loan: Loan, amount: int) -> None:
    rows = loans_store.instalments_of(session, loan.id)
    debt = repayments.debt_of(loan, rows, clock.business_date())
    for row, one in zip(rows, debt.instalments, strict=True):
        row.penalty = one.penalty
        waived = min(amount, one.penalty_left)
        row.penalty_waived += waived
        amount -= waived
    session.flush()


def _decide(session: Session, actor: Actor, waiver: PenaltyWaiver, status: str) -> None:
    waiver.status, waiver.decided_by = status, actor.subject
    waiver.decided_at = clock.now()
    session.flush()
    trail.note(
        session,
        actor,
        f"penalty_waiver.{status}",
        waiver.id,
        after={"loan_id": waiver.loan_id, "amount": waiver.amount},
    )


def _answer(waiver: PenaltyWaiver) -> dict[str, Any]:
    return answers.one(contract.Waiver(), waiver)

"""Where the money goes that comes because a loan has failed.

The waterfall (C22): costs were taken off before, then what is owed is paid in the order
of the akad (`repayments`), and what is over is the member's. After a sale of collateral
what is still owed becomes a receivable of its own, without interest (R156). Every step
is stored before it is made; `apply_due` carries on what was left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.loans.domain import claims as domain
from services.loans.domain import loans as loan_domain
from services.loans.domain import recovery as recovery_domain
from services.loans.domain import repayments as repayments_domain
from services.loans.domain.peers import Asked
from services.loans.models import Loan, LoanProceeds
from services.loans.operations import loans, recovery, remainders, repayments
from services.loans.operations.job_context import ACTOR
from services.loans.operations.repayments import Payment
from services.loans.store import claims as store
from services.loans.store import loans as loans_store
from services.loans.store import recovery as recovery_store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.errors import (
    ConflictError,
    NotFound,
    RefusedError,
)
from services.shared.identity import Actor
from services.shared.persistence import sweeping, trail
from services.shared.persistence.database import Database, retrying

PATIENCE: Final = timedelta(seconds=60)
RETRY: Final = timedelta(minutes=10)
SWEEP_SIZE: Final = 50
SURPLUS_TEXT: Final = "Kelebihan hasil untuk pinjaman"

_CHANNELS: Final = {
    domain.CLAIM: repayments_domain.INSURANCE,
    domain.EXECUTION: repayments_domain.COLLATERAL,
}

AskedFor = Callable[[str], Asked]

_log = logging.getLogger(__name__)


def apply(
    database: Database, asked: Asked, cooperative_id: str, proceeds_id: str
) -> None:
    """Put money that has come where it belongs; safe to repeat.

    Raises what `repayments.record` raises; the money stays due.
    """
    actor = Actor(cooperative_id=cooperative_id, subject=ACTOR)
    row = _decide(database, cooperative_id, proceeds_id)
    if row.state == domain.DONE:
        return
    if row.repayment_id is not None and row.paid_loan_id is not None:
        payment = Payment(
            id=row.repayment_id,
            loan_id=row.paid_loan_id,
            amount=row.applied,
            channel=_CHANNELS[row.source],
            source_key=ledger_contract.chart_account(
                cooperative_id, ledger_contract.BANK
            ),
            reference=row.reference,
        )
        try:
            repayments.record(database, asked, actor, payment)
        except (RefusedError, ConflictError):
            # Nothing was paid: somebody else paid meanwhile, or the book is not open.
            _decide_again(database, row)
            raise
    for journal_id in _finish(database, actor, proceeds_id):
        recovery.follow(database, asked.ledger, cooperative_id, journal_id)


def apply_due(database: Database, asked_for: AskedFor) -> int:
    """Carry on what was left; how much was tried."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due_proceeds(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def carry_on(cooperative_id: str, proceeds_id: str) -> None:
        apply(database, asked_for(cooperative_id), cooperative_id, proceeds_id)

    return sweeping.one_by_one(_log, "proceeds", due, carry_on)


@retrying
def _decide(database: Database, cooperative_id: str, proceeds_id: str) -> LoanProceeds:
    """Say what of the money pays which loan, unless that was said before."""
    with database.tenant(cooperative_id) as session:
        row = _found(store.lock_proceeds(session, proceeds_id))
        if row.state == domain.DONE or row.repayment_id is not None:
            return row
        loan = _owing(session, row)
        owed = 0
        if loan is not None:
            owed = repayments.payoff(session, loan, clock.business_date())["total"]
        if loan is not None and owed:
            row.applied, row.paid_loan_id = min(row.amount, owed), loan.id
            row.repayment_id = identifiers.derived(
                "rep", cooperative_id, row.id, str(row.attempt)
            )
        row.due_at = clock.now() + PATIENCE
    return row


@retrying
def _decide_again(database: Database, tried: LoanProceeds) -> None:
    with database.tenant(tried.cooperative_id) as session:
        row = _found(store.lock_proceeds(session, tried.id))
        if row.state == domain.APPLYING and row.attempt == tried.attempt:
            pause = PATIENCE if row.attempt == 1 else RETRY
            row.attempt += 1
            row.applied, row.repayment_id, row.paid_loan_id = 0, None, None
            row.due_at = clock.now() + pause


@retrying
def _finish(database: Database, actor: Actor, proceeds_id: str) -> list[str]:
    """What is over, and what a sale leaves owed: the journals that have to follow."""
    with database.tenant(actor.cooperative_id) as session:
        row = _found(store.lock_proceeds(session, proceeds_id))
        if row.state == domain.DONE:
            return []
        loan = loans.locked(session, row.paid_loan_id or row.loan_id)
        recovery.require_quiet(session, loan)
        journals = []
        if row.source == domain.EXECUTION:
            journals += remainders.finish_sale(session, actor, row.reference, loan)
        surplus = row.amount - row.applied
        if surplus:
            journals.append(_hand_out(session, loan, surplus))
        row.state, row.done_at = domain.DONE, clock.now()
        trail.note(
            session,
            actor,
            "loan.proceeds_applied",
            loan.id,
            after={
                "source": row.source,
                "reference": row.reference,
                "applied": row.applied,
                "surplus": surplus,
            },
        )
        return journals


def _hand_out(session: Session, loan: Loan, amount: int) -> str:
    return recovery.plan(
        session,
        loan,
        recovery_domain.SURPLUS,
        f"{SURPLUS_TEXT} {loan.number}",
        recovery_domain.surplus(
            loan.cooperative_id, to=loan.savings_account, amount=amount
        ),
    )


def _owing(session: Session, row: LoanProceeds) -> Loan | None:
    """The loan that is to be paid: the one that was insured, or what became of it."""
    loan_id = recovery_store.owing_of(session, row.loan_id)
    if loan_id is None:
        return None
    loan = loans_store.lock_loan(session, loan_id)
    return loan if loan is not None and loan.status in loan_domain.OWING else None


def _found(row: LoanProceeds | None) -> LoanProceeds:
    if row is None:
        raise NotFound("There is no such money.")
    return row

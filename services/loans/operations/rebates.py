"""The reward of who has always paid in time: part of the interest comes back (R158)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import loans as loan_domain
from services.loans.domain import rebates as domain
from services.loans.domain import recovery as recovery_domain
from services.loans.domain.repayments import OF_FAILURE
from services.loans.models import Instalment, Loan
from services.loans.operations import recovery
from services.loans.store import recovery as store
from services.loans.store import repayments as repayments_store
from services.shared.identity import Actor
from services.shared.persistence import trail

TEXT: Final = "Pengembalian jasa pinjaman atas angsuran tepat waktu"


def grant(
    session: Session, actor: Actor, loan: Loan, instalments: Sequence[Instalment]
) -> None:
    """Plan what comes back of a loan that is settled now, if it has earned anything.

    A loan that took the place of another has not been paid in time, nor has one of
    which an insurer, collateral or a guarantor has paid. The journal is planned in the
    transaction that settles the loan: once, and never lost.
    """
    paid = [
        domain.Paid(one.due_on, one.settled_on, one.interest_paid, one.penalty)
        for one in instalments
    ]
    amount = domain.rebate_of(paid, loan_domain.Rules.of(loan.rules))
    if not amount or loan.restructured_from is not None:
        return
    posted = repayments_store.list_posted(session, loan.id)
    if any(one.channel in OF_FAILURE for one in posted):
        return
    recovery.plan(
        session,
        loan,
        recovery_domain.REBATE,
        f"{TEXT} {loan.number}",
        recovery_domain.rebate(
            loan.cooperative_id, to=loan.savings_account, amount=amount
        ),
        patience=timedelta(),
    )
    trail.note(session, actor, "loan.rebate_granted", loan.id, after={"amount": amount})


def of_loan(session: Session, loan_id: str) -> dict[str, Any] | None:
    """What came or comes back of a loan; None for nothing."""
    journal = store.find_rebate(session, loan_id)
    if journal is None:
        return None
    return {
        "amount": recovery_domain.amount_of(journal.postings),
        "posted_at": journal.posted_at,
    }

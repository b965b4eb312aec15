"""What limits are computed from, and how assessments are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import case, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.domain import applications, loans, schedules
from services.loans.models import (
    Instalment,
    LimitApproval,
    LimitAssessment,
    Loan,
    LoanApplication,
    LoanProduct,
)

_PROMISED: Final = (
    applications.OFFERED,
    applications.APPROVED,
    applications.SIGNED,
    applications.DISBURSING,
)
"""What the member has only to accept is as good as lent."""


class Due(NamedTuple):
    """What one loan asks for, and how often."""

    amount: int
    frequency: str


def outstanding_of(session: Session, member_id: str, application_id: str) -> int:
    """The principal that a member owes, and what was promised besides this wish."""
    owed = session.execute(
        select(func.coalesce(func.sum(Loan.outstanding), 0)).where(
            Loan.member_id == member_id,
            Loan.status.in_([loans.ACTIVE, loans.WRITTEN_OFF]),
        )
    ).scalar_one()
    promised = session.execute(
        select(func.coalesce(func.sum(LoanApplication.approved_amount), 0)).where(
            LoanApplication.member_id == member_id,
            LoanApplication.id != application_id,
            LoanApplication.status.in_(_PROMISED),
        )
    ).scalar_one()
    return int(owed) + int(promised or 0)


def promised_to(
    session: Session, member_id: str, application_id: str
) -> list[tuple[LoanProduct, int, int, int]]:
    """What was promised to a member besides this wish: product, amount, count, rate."""
    rows = session.execute(
        select(
            LoanProduct,
            LoanApplication.approved_amount,
            LoanApplication.approved_count,
            LoanApplication.approved_rate_bps,
        )
        .join(LoanProduct, LoanProduct.id == LoanApplication.product_id)
        .where(
            LoanApplication.member_id == member_id,
            LoanApplication.id != application_id,
            LoanApplication.status.in_(_PROMISED),
        )
    )
    return [(row[0], row[1] or 0, row[2] or 0, row[3] or 0) for row in rows]


def hold_borrower(session: Session, cooperative_id: str, member_id: str) -> None:
    """Let nobody else judge this borrower until the transaction ends.

    Two committees at the same moment would not see what the other one promises.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"borrower {cooperative_id} {member_id}"},
    )


def dues_of(session: Session, member_id: str) -> list[Due]:
    """What each loan that a member pays back still asks for at its worst.

    Of a seasonal one it is the average, rounded up: as a new loan is judged.
    """
    asked = Instalment.principal + Instalment.interest
    average = func.ceil(func.avg(asked))
    amount = case((Loan.method == schedules.SEASONAL, average), else_=func.max(asked))
    rows = session.execute(
        select(amount, Loan.frequency)
        .select_from(Loan)
        .join(Instalment, Instalment.loan_id == Loan.id)
        .where(
            Loan.member_id == member_id,
            Loan.status == loans.ACTIVE,
            Instalment.settled_on.is_(None),
        )
        .group_by(Loan.id, Loan.method, Loan.frequency)
    )
    return [Due(int(amount), frequency) for amount, frequency in rows]


def find_assessment(session: Session, application_id: str) -> LimitAssessment | None:
    """The newest assessment, None before the first."""
    return session.get(LimitAssessment, application_id, populate_existing=True)


def keep_assessment(session: Session, *, application_id: str, **columns: Any) -> None:
    """Keep a new assessment in the place of the last."""
    session.execute(
        insert(LimitAssessment)
        .values(application_id=application_id, **columns)
        .on_conflict_do_update(
            index_elements=["application_id"],
            set_={
                name: value
                for name, value in columns.items()
                if name != "cooperative_id"
            },
        )
    )


def find_approval(
    session: Session, application_id: str, warning: str
) -> LimitApproval | None:
    """Somebody's word about one warning."""
    return session.get(LimitApproval, (application_id, warning))


def add_approval(session: Session, approval: LimitApproval) -> None:
    """Keep somebody's word."""
    session.add(approval)
    session.flush()


def list_approvals(session: Session, application_id: str) -> Sequence[LimitApproval]:
    """All words that were given about an application."""
    return session.scalars(
        select(LimitApproval)
        .where(LimitApproval.application_id == application_id)
        .order_by(LimitApproval.given_at)
    ).all()

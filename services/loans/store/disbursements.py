"""How disbursements are read, locked and taken up again."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from services.loans.domain import disbursements as domain
from services.loans.models import Akad, Disbursement, Loan, LoanApplication
from services.shared.persistence import sweeping


class Shown(NamedTuple):
    """A disbursement with what people want to read with it."""

    disbursement: Disbursement
    application: LoanApplication
    akad_number: str
    loan_number: str | None


def queue_up(session: Session, cooperative_id: str) -> None:
    """Let nobody else of this cooperative promise cash until the transaction ends."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"loans.disbursements {cooperative_id}"},
    )


def promised_on(session: Session, day: date) -> int:
    """What members were given, or are about to be given, on a day."""
    live = domain.PAID | {domain.RESERVING, domain.POSTING}
    return int(
        session.scalar(
            select(func.coalesce(func.sum(Disbursement.received), 0)).where(
                Disbursement.business_date == day, Disbursement.status.in_(live)
            )
        )
        or 0
    )


def find(session: Session, disbursement_id: str) -> Disbursement | None:
    """A disbursement by its id."""
    return session.get(Disbursement, disbursement_id)


def lock(session: Session, disbursement_id: str) -> Disbursement | None:
    """The same, with its row locked."""
    return session.scalar(
        select(Disbursement)
        .where(Disbursement.id == disbursement_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def policy_of(session: Session, loan_id: str) -> str | None:
    """The policy that a loan was paid out with, None without one.

    It goes on covering the loan that replaced that one on new terms.
    """
    chain = (
        select(Loan.id, Loan.restructured_from)
        .where(Loan.id == loan_id)
        .cte(recursive=True)
    )
    chain = chain.union(
        select(Loan.id, Loan.restructured_from).where(
            Loan.id == chain.c.restructured_from
        )
    )
    return session.scalar(
        select(Disbursement.policy_id)
        .where(
            Disbursement.loan_id.in_(select(chain.c.id)),
            Disbursement.status.in_(domain.PAID),
            Disbursement.policy_id.is_not(None),
        )
        .limit(1)
    )


class Premium(NamedTuple):
    """What the cover of a loan cost, and what of it the borrower's loan bore."""

    whole: int
    passed: int


def premium_of(session: Session, loan_id: str) -> Premium:
    """The premium of a loan; nothing for one that was not paid out here."""
    row = session.execute(
        select(Disbursement.premium, Disbursement.passed_premium).where(
            Disbursement.loan_id == loan_id, Disbursement.status.in_(domain.PAID)
        )
    ).one_or_none()
    return Premium(0, 0) if row is None else Premium(*row)


def shown(session: Session, disbursement_id: str) -> Shown:
    """One disbursement as people read it."""
    [one] = _shown(session, Disbursement.id == disbursement_id)
    return one


def shown_of_loan(session: Session, loan_id: str) -> Shown | None:
    """How a loan was paid out; None for one that was not paid out here."""
    found = _shown(
        session,
        Disbursement.loan_id == loan_id,
        Disbursement.status.in_(domain.PAID),
    )
    return found[0] if found else None


def list_shown(
    session: Session,
    *,
    status: str | None,
    business_date: date | None,
    before: str | None,
    limit: int,
) -> list[Shown]:
    """Disbursements before the id ``before``, newest first."""
    wanted = []
    if status is not None:
        wanted.append(Disbursement.status == status)
    if business_date is not None:
        wanted.append(Disbursement.business_date == business_date)
    if before is not None:
        wanted.append(Disbursement.id < before)
    return _shown(session, *wanted, limit=limit)


def take_due(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Disbursements that somebody has to carry on; due again later.

    As cooperative and id. Only under the hub's role: it looks at all cooperatives.
    """
    return sweeping.take_due(
        session,
        Disbursement,
        Disbursement.status.in_(domain.UNFINISHED),
        until=until,
        again_at=again_at,
        limit=limit,
        attempts=Disbursement.attempts + 1,
    )


def count_unfinished(session: Session) -> int:
    """How many disbursements are on their way."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Disbursement)
            .where(Disbursement.status.in_(domain.UNFINISHED))
        )
        or 0
    )


def _shown(session: Session, *wanted: object, limit: int | None = None) -> list[Shown]:
    rows = session.execute(
        select(Disbursement, LoanApplication, Akad.number, Loan.number)
        .join(LoanApplication, LoanApplication.id == Disbursement.application_id)
        .join(Akad, Akad.id == Disbursement.akad_id)
        .outerjoin(Loan, Loan.id == Disbursement.loan_id)
        .where(*wanted)  # type: ignore[arg-type]
        .order_by(Disbursement.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [Shown(*row) for row in rows]

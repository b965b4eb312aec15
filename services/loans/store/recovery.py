"""How settings of recovery, chains of loans and planned journals are kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.domain.loans import OWING
from services.loans.domain.recovery import PLANNED, REBATE, Settings
from services.loans.models import Loan, LoanJournal, RecoverySettings
from services.shared.persistence import sweeping


class Origin(NamedTuple):
    """Where a loan comes from: its application, and when it was to end at first."""

    loan_id: str
    application_id: str | None
    matures_on: date


def settings_of(session: Session, cooperative_id: str) -> Settings:
    """What the cooperative has set; the defaults when it has set nothing."""
    found = session.get(RecoverySettings, cooperative_id)
    if found is None:
        return Settings()
    return Settings(
        claim_after_days=found.claim_after_days,
        floor_price_bps=found.floor_price_bps,
        auction_from=found.auction_from,
        write_off_after_months=found.write_off_after_months,
    )


def keep_settings(session: Session, cooperative_id: str, **columns: Any) -> None:
    """Keep new settings."""
    session.execute(
        insert(RecoverySettings)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
    )


def origin_of(session: Session, loan_id: str) -> Origin:
    """The first loan of the chain that a loan is the last of so far."""
    columns = (Loan.id, Loan.restructured_from, Loan.application_id, Loan.matures_on)
    chain = select(*columns).where(Loan.id == loan_id).cte(recursive=True)
    chain = chain.union_all(
        select(*columns).where(Loan.id == chain.c.restructured_from)
    )
    row = session.execute(
        select(chain.c.id, chain.c.application_id, chain.c.matures_on).where(
            chain.c.restructured_from.is_(None)
        )
    ).one()
    return Origin(row.id, row.application_id, row.matures_on)


def owing_of(session: Session, loan_id: str) -> str | None:
    """The loan of the chain of which something is still to be paid, if there is one."""
    chain = select(Loan.id, Loan.status).where(Loan.id == loan_id).cte(recursive=True)
    chain = chain.union_all(
        select(Loan.id, Loan.status).where(Loan.restructured_from == chain.c.id)
    )
    return session.scalar(select(chain.c.id).where(chain.c.status.in_(OWING)).limit(1))


def add_journal(session: Session, journal: LoanJournal) -> None:
    """Plan a journal."""
    session.add(journal)
    session.flush()


def find_rebate(session: Session, loan_id: str) -> LoanJournal | None:
    """The journal by which interest comes back to a borrower; at most one of a loan."""
    return session.scalar(
        select(LoanJournal).where(
            LoanJournal.loan_id == loan_id, LoanJournal.kind == REBATE
        )
    )


def lock_journal(session: Session, journal_id: str) -> LoanJournal | None:
    """A planned journal, held until the transaction ends."""
    return session.get(
        LoanJournal, journal_id, with_for_update=True, populate_existing=True
    )


def take_due(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Journals to be posted, as cooperative and id; due again later.

    Only under the hub's role: it looks at all cooperatives.
    """
    return sweeping.take_due(
        session,
        LoanJournal,
        LoanJournal.state == PLANNED,
        until=until,
        again_at=again_at,
        limit=limit,
    )


def count_planned(session: Session) -> int:
    """How many journals are decided and not in the book."""
    return (
        session.scalar(
            select(func.count())
            .select_from(LoanJournal)
            .where(LoanJournal.state == PLANNED)
        )
        or 0
    )

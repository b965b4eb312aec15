"""How requests for claims, and money that came of them, are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.domain import claims as domain
from services.loans.models import ClaimRecovery, ClaimRequest, Loan, LoanProceeds
from services.shared.persistence import sweeping

RequestKey = tuple[str, str, date]
"""Loan, cause and day."""

# Loans that are late for so long that the insurer owes; each is claimed on once. The
# loan that was insured is the first of its chain.
_DEFAULTS: Final = """
WITH RECURSIVE late AS (
    SELECT id, oldest_due_on FROM loans
    WHERE cooperative_id = :cooperative_id AND status = 'active'
        AND oldest_due_on <= :since
        AND NOT EXISTS (SELECT FROM claim_requests known
            WHERE known.loan_id = loans.id AND known.cause = 'default')
), chain AS (
    SELECT late.id, late.oldest_due_on, loans.id AS link, loans.restructured_from,
        loans.product_id
    FROM late JOIN loans ON loans.id = late.id
    UNION ALL
    SELECT chain.id, chain.oldest_due_on, loans.id, loans.restructured_from,
        loans.product_id
    FROM chain JOIN loans ON loans.id = chain.restructured_from
)
INSERT INTO claim_requests
    (loan_id, cause, occurred_on, cooperative_id, insured_loan_id, status,
     requested_by, requested_at, attempts, due_at)
SELECT chain.id, 'default', chain.oldest_due_on, :cooperative_id, chain.link, 'waiting',
    :by, :now, 0, :now
FROM chain JOIN loan_products product ON product.id = chain.product_id
WHERE chain.restructured_from IS NULL AND product.insurance_product IS NOT NULL
ON CONFLICT DO NOTHING
"""

# What borrowers paid after their insurer had, on the same loan or what became of it.
_RECOVERIES: Final = """
WITH RECURSIVE paid AS (
    SELECT cooperative_id, id, done_at, paid_loan_id AS loan_id
    FROM loan_proceeds
    WHERE source = 'claim' AND state = 'done' AND recovered < amount
    UNION ALL
    SELECT paid.cooperative_id, paid.id, paid.done_at, loans.id
    FROM paid JOIN loans ON loans.restructured_from = paid.loan_id
)
SELECT repayment.cooperative_id, repayment.id, paid.id AS proceeds_id
FROM paid JOIN repayments repayment
    ON repayment.cooperative_id = paid.cooperative_id
    AND repayment.loan_id = paid.loan_id
WHERE repayment.status = 'posted' AND repayment.channel <> 'insurance'
    AND repayment.posted_at > paid.done_at
    AND NOT EXISTS (SELECT FROM claim_recoveries known
        WHERE known.repayment_id = repayment.id)
ORDER BY repayment.posted_at
LIMIT :limit
"""


class Recovered(NamedTuple):
    """A repayment that the insurer has to hear of."""

    cooperative_id: str
    repayment_id: str
    proceeds_id: str


def request_defaults(
    session: Session, cooperative_id: str, *, since: date, by: str, now: datetime
) -> int:
    """Ask for claims on loans of which something is unpaid since ``since``."""
    made = session.execute(
        text(_DEFAULTS),
        {"cooperative_id": cooperative_id, "since": since, "by": by, "now": now},
    )
    return int(made.rowcount)  # type: ignore[attr-defined]


def add_request(session: Session, **columns: Any) -> None:
    """Ask for a claim, once per loan, cause and day."""
    session.execute(
        insert(ClaimRequest)
        .values(status=domain.WAITING, attempts=0, **columns)
        .on_conflict_do_nothing()
    )


def find_request(session: Session, key: RequestKey) -> ClaimRequest | None:
    """One request as it is now."""
    return session.get(ClaimRequest, key, populate_existing=True)


def lock_request(session: Session, key: RequestKey) -> ClaimRequest | None:
    """The same, held until the transaction ends."""
    return session.get(ClaimRequest, key, with_for_update=True, populate_existing=True)


def requests_of(session: Session, loan_id: str) -> Sequence[ClaimRequest]:
    """What was asked of the insurer for a loan, the oldest first."""
    return session.scalars(
        select(ClaimRequest)
        .where(ClaimRequest.loan_id == loan_id)
        .order_by(ClaimRequest.requested_at, ClaimRequest.cause)
    ).all()


def active_of_member(session: Session, member_id: str) -> Sequence[Loan]:
    """The loans that a member still has."""
    return session.scalars(
        select(Loan)
        .where(Loan.member_id == member_id, Loan.status == "active")
        .order_by(Loan.id)
    ).all()


def take_due_requests(
    session: Session, *, until: datetime, limit: int
) -> list[tuple[str, RequestKey]]:
    """Requests that the insurance service has to hear of; due again later.

    The pause doubles from a minute to an hour. Only under the hub's role: it looks at
    all cooperatives.
    """
    rows = session.execute(
        text(
            "UPDATE claim_requests SET attempts = attempts + 1, due_at = :until "
            "+ make_interval(secs => least(60 * 2 ^ least(attempts, 10), 3600)) "
            "WHERE (loan_id, cause, occurred_on) IN ("
            " SELECT loan_id, cause, occurred_on FROM claim_requests "
            " WHERE status = 'waiting' AND due_at <= :until "
            " ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED) "
            "RETURNING cooperative_id, loan_id, cause, occurred_on"
        ),
        {"until": until, "limit": limit},
    )
    return [
        (row.cooperative_id, (row.loan_id, row.cause, row.occurred_on)) for row in rows
    ]


# Money that came


def add_proceeds(session: Session, **columns: Any) -> bool:
    """Keep money that has come, once per source and reference; whether it is new."""
    added = session.execute(
        insert(LoanProceeds)
        .values(
            state=domain.APPLYING,
            applied=0,
            repayment_id=None,
            paid_loan_id=None,
            attempt=1,
            recovered=0,
            done_at=None,
            **columns,
        )
        .on_conflict_do_nothing()
    )
    return bool(added.rowcount)  # type: ignore[attr-defined]


def lock_proceeds(session: Session, proceeds_id: str) -> LoanProceeds | None:
    """Money that came, held until the transaction ends."""
    return session.get(
        LoanProceeds, proceeds_id, with_for_update=True, populate_existing=True
    )


def proceeds_of(
    session: Session, cooperative_id: str, source: str, references: Collection[str]
) -> dict[str, LoanProceeds]:
    """The money of claims or sales, by what they are called."""
    rows = session.scalars(
        select(LoanProceeds).where(
            LoanProceeds.cooperative_id == cooperative_id,
            LoanProceeds.source == source,
            LoanProceeds.reference.in_(references),
        )
    )
    return {one.reference: one for one in rows}


def take_due_proceeds(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Money that is not where it belongs yet, as cooperative and id; due again later.

    Only under the hub's role.
    """
    return sweeping.take_due(
        session,
        LoanProceeds,
        LoanProceeds.state == domain.APPLYING,
        until=until,
        again_at=again_at,
        limit=limit,
    )


# Subrogation


def find_recovered(session: Session, *, limit: int) -> list[Recovered]:
    """Repayments after a claim was paid that nobody has looked at; hub's role."""
    rows = session.execute(text(_RECOVERIES), {"limit": limit})
    return [Recovered(row.cooperative_id, row.id, row.proceeds_id) for row in rows]


def add_recovery(session: Session, **columns: Any) -> bool:
    """Keep that the insurer hears of a repayment; whether that is new."""
    added = session.execute(
        insert(ClaimRecovery).values(**columns).on_conflict_do_nothing()
    )
    return bool(added.rowcount)  # type: ignore[attr-defined]


def find_recovery(session: Session, repayment_id: str) -> ClaimRecovery | None:
    """What the insurer hears of a repayment."""
    return session.get(ClaimRecovery, repayment_id, populate_existing=True)


def take_due_recoveries(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """What the insurer was not told of yet, as cooperative and repayment."""
    return sweeping.take_due(
        session,
        ClaimRecovery,
        ClaimRecovery.done_at.is_(None),
        until=until,
        again_at=again_at,
        limit=limit,
    )


def count_open(session: Session) -> int:
    """How many claims wait to be opened, and how much money for its place."""
    waiting = select(func.count()).where(ClaimRequest.status == domain.WAITING)
    applying = select(func.count()).where(LoanProceeds.state == domain.APPLYING)
    return (session.scalar(waiting) or 0) + (session.scalar(applying) or 0)

"""How claims and their papers are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from services.insurance.domain import claims
from services.insurance.models import Claim, ClaimDocument
from services.shared.persistence import sweeping


def add_claim(session: Session, **columns: Any) -> Claim:
    """A draft; the policy's row must be held."""
    claim = Claim(status=claims.DRAFT, attempts=0, **columns)
    session.add(claim)
    session.flush()
    return claim


def find_claim(session: Session, claim_id: str) -> Claim | None:
    """One claim, if this transaction may see it."""
    return session.get(Claim, claim_id)


def lock_claim(session: Session, claim_id: str) -> Claim | None:
    """One claim, held until the transaction ends."""
    return session.scalar(
        select(Claim)
        .where(Claim.id == claim_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_open(session: Session, policy_id: str) -> Claim | None:
    """The claim on a policy that is open, or was paid."""
    return session.scalar(
        select(Claim)
        .where(
            Claim.policy_id == policy_id,
            Claim.status.in_((*claims.OPEN, claims.PAID)),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_of_day(
    session: Session, policy_id: str, cause: str, occurred_on: date
) -> Claim | None:
    """The claim that was made for this before and ended without being withdrawn."""
    return session.scalar(
        select(Claim)
        .where(
            Claim.policy_id == policy_id,
            Claim.cause == cause,
            Claim.occurred_on == occurred_on,
            Claim.status.in_((claims.REJECTED, claims.LAPSED)),
        )
        .order_by(Claim.id.desc())
        .limit(1)
    )


def list_claims(
    session: Session,
    *,
    policy_id: str | None,
    status: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Claim]:
    """Claims of the tenant past ``after``, in the order they were opened."""
    query = select(Claim).order_by(Claim.id).limit(limit)
    if policy_id is not None:
        query = query.where(Claim.policy_id == policy_id)
    if status is not None:
        query = query.where(Claim.status == status)
    if after is not None:
        query = query.where(Claim.id > after)
    return session.scalars(query).all()


# Documents


def add_document(session: Session, **columns: Any) -> ClaimDocument:
    """A paper of a claim."""
    document = ClaimDocument(**columns)
    session.add(document)
    session.flush()
    return document


def list_documents(session: Session, claim_id: str) -> Sequence[ClaimDocument]:
    """The papers of a claim in the order they came, without their contents."""
    return session.scalars(
        select(ClaimDocument)
        .where(ClaimDocument.claim_id == claim_id)
        .order_by(ClaimDocument.id)
    ).all()


def find_document(
    session: Session, claim_id: str, document_id: str
) -> ClaimDocument | None:
    """One paper of a claim with its content."""
    return session.scalar(
        select(ClaimDocument)
        .where(ClaimDocument.claim_id == claim_id, ClaimDocument.id == document_id)
        .options(undefer(ClaimDocument.content))
    )


# Across tenants, under the hub's role


def take_due(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Claims about which the insurer is to be told or asked, as cooperative and id.

    They are due again later, so that two sweeps take different ones.
    """
    return sweeping.take_due(
        session,
        Claim,
        Claim.status.in_(claims.UNFINISHED),
        until=until,
        again_at=again_at,
        limit=limit,
    )


def look_soon(session: Session, claim_id: str, now: datetime) -> bool:
    """Let the insurer be asked about a claim at once; whether it is one to ask about.

    Whose it is stays open: who calls back knows no cooperative.
    """
    result = session.execute(
        update(Claim)
        .where(Claim.id == claim_id, Claim.status.in_(claims.WITH_INSURER))
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def lock_drafts_near(session: Session, *, today: date, limit: int) -> Sequence[Claim]:
    """Drafts whose deadline is near and that are to be reminded of or to lapse."""
    days_left = Claim.deadline_on - today
    marks = [
        and_(
            days_left <= mark,
            or_(Claim.reminded_days.is_(None), Claim.reminded_days > mark),
        )
        for mark in claims.REMINDED_DAYS
    ]
    return session.scalars(
        select(Claim)
        .where(Claim.status == claims.DRAFT, or_(days_left < 0, *marks))
        .order_by(Claim.deadline_on)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def count_by_status(session: Session) -> dict[str, int]:
    """How many claims are with the insurer, by state."""
    rows = session.execute(
        select(Claim.status, func.count())
        .where(Claim.status.in_(claims.UNFINISHED))
        .group_by(Claim.status)
    )
    return {row[0]: int(row[1]) for row in rows}

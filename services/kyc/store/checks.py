"""How checks and everything about them are read and written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kyc.domain import checks
from services.kyc.models import Check, CheckPart, CheckSettings, Consent, VendorCall

# Settings


def find_settings(session: Session, cooperative_id: str) -> CheckSettings | None:
    """The thresholds that a cooperative has set, if it has."""
    return session.get(CheckSettings, cooperative_id)


def put_settings(
    session: Session, cooperative_id: str, values: Mapping[str, Any]
) -> None:
    """Use these thresholds from now on."""
    session.execute(
        insert(CheckSettings)
        .values(cooperative_id=cooperative_id, **values)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=dict(values))
    )


# Checks


def add_check(session: Session, **columns: Any) -> Check | None:
    """A check that was asked for; None when its request id has come before."""
    return session.scalar(
        insert(Check)
        .values(status=checks.REQUESTED, attempts=0, **columns)
        .on_conflict_do_nothing(constraint="uq_checks_cooperative_id_request_id")
        .returning(Check)
    )


def find_check(session: Session, check_id: str) -> Check | None:
    """One check, if this transaction may see it."""
    return session.scalar(
        select(Check)
        .where(Check.id == check_id)
        .execution_options(populate_existing=True)
    )


def find_by_request(session: Session, request_id: str) -> Check | None:
    """The check that was asked for under this request id."""
    return session.scalar(select(Check).where(Check.request_id == request_id))


def lock_check(session: Session, check_id: str) -> Check | None:
    """One check, held until the transaction ends."""
    return session.scalar(
        select(Check)
        .where(Check.id == check_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def advance(
    session: Session, check_id: str, began_as: str, **values: Any
) -> Check | None:
    """Move a check on, unless somebody else has moved it meanwhile."""
    return session.scalar(
        update(Check)
        .where(Check.id == check_id, Check.status == began_as)
        .values(**values)
        .returning(Check)
        .execution_options(populate_existing=True)
    )


def claim(
    session: Session, check_id: str, *, now: datetime, until: datetime
) -> Check | None:
    """Take a check that nobody works on; None while somebody does."""
    return session.scalar(
        update(Check)
        .where(Check.id == check_id, Check.due_at <= now)
        .values(due_at=until)
        .returning(Check)
        .execution_options(populate_existing=True)
    )


def take_due(
    session: Session, *, now: datetime, until: datetime, limit: int
) -> Sequence[tuple[str, str]]:
    """Checks that somebody has to carry on with, as cooperative and id.

    Only under the hub's role: it looks at all cooperatives, but of those that are not
    active nothing is done by itself.
    """
    due = (
        select(Check.id)
        .where(
            Check.due_at <= now,
            Check.cooperative_id.in_(
                select(text("cooperative_id"))
                .select_from(text("tenants"))
                .where(text("status = 'active'"))
            ),
        )
        .order_by(Check.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        update(Check)
        .where(Check.id.in_(due.scalar_subquery()))
        .values(due_at=until)
        .returning(Check.cooperative_id, Check.id)
    )
    return [(row.cooperative_id, row.id) for row in rows]


def list_checks(
    session: Session,
    *,
    member_id: str | None,
    statuses: Collection[str] | None,
    result: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Check]:
    """Checks of the tenant past ``after``, in the order they were asked for."""
    query = select(Check).order_by(Check.id).limit(limit)
    if member_id is not None:
        query = query.where(Check.member_id == member_id)
    if statuses is not None:
        query = query.where(Check.status.in_(statuses))
    if result is not None:
        query = query.where(Check.result == result)
    if after is not None:
        query = query.where(Check.id > after)
    return session.scalars(query).all()


def count_unfinished(session: Session) -> int:
    """How many checks are on their way."""
    return (
        session.scalar(
            select(func.count()).select_from(Check).where(Check.due_at.is_not(None))
        )
        or 0
    )


def oldest_unfinished(session: Session) -> datetime | None:
    """Since when the oldest check is on its way."""
    return session.scalar(
        select(func.min(Check.requested_at)).where(Check.due_at.is_not(None))
    )


# Consents


def add_consent(session: Session, **columns: Any) -> None:
    """Keep what a member agreed to."""
    session.add(Consent(**columns))
    session.flush()


def find_consent(session: Session, check_id: str) -> Consent:
    """What a member agreed to for a check."""
    return session.scalars(select(Consent).where(Consent.check_id == check_id)).one()


# Questions to vendors


def add_calls(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what a vendor is about to be asked; asked before is asked."""
    session.execute(
        insert(VendorCall)
        .values(list(rows))
        .on_conflict_do_nothing(constraint="uq_vendor_calls_check_id_kind")
    )


def list_calls(session: Session, check_id: str) -> Sequence[VendorCall]:
    """Everything that vendors were asked for a check: Dukcapil first."""
    return session.scalars(
        select(VendorCall)
        .where(VendorCall.check_id == check_id)
        .order_by(VendorCall.kind)
    ).all()


def answer_call(
    session: Session, call_id: str, *, answer: bytes, answered_at: datetime
) -> None:
    """Keep what the vendor said, unless it is known already."""
    session.execute(
        update(VendorCall)
        .where(VendorCall.id == call_id, VendorCall.answer.is_(None))
        .values(answer=answer, answered_at=answered_at, fault=None)
    )


def fail_call(session: Session, call_id: str, fault: str) -> None:
    """Keep why the vendor gave no answer."""
    session.execute(
        update(VendorCall)
        .where(VendorCall.id == call_id, VendorCall.answer.is_(None))
        .values(fault=fault)
    )


# Parts


def add_parts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was found."""
    session.execute(insert(CheckPart).values(list(rows)))


def list_parts(session: Session, check_ids: Collection[str]) -> Sequence[CheckPart]:
    """What was found in some checks, in order."""
    return session.scalars(
        select(CheckPart)
        .where(CheckPart.check_id.in_(check_ids))
        .order_by(CheckPart.check_id, CheckPart.position)
    ).all()

"""How partners and what they asked are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import partners
from services.members.models import (
    Account,
    Cooperative,
    Member,
    Partner,
    PartnerPayment,
    PartnerRequest,
)


def add_partner(session: Session, **columns: Any) -> Partner:
    """A new partner that may call."""
    partner = Partner(status=partners.ACTIVE, **columns)
    session.add(partner)
    session.flush()
    return partner


def find_partner(session: Session, partner_id: str) -> Partner | None:
    """One partner, if this transaction may see it."""
    return session.get(Partner, partner_id)


def lock_partner(session: Session, partner_id: str) -> Partner | None:
    """One partner, not to be changed by others until this transaction ends."""
    return session.get(Partner, partner_id, with_for_update=True)


def find_with_cooperative(
    session: Session, partner_id: str
) -> tuple[Partner, str] | None:
    """A partner and the status of its cooperative."""
    row = session.execute(
        select(Partner, Cooperative.status)
        .join(Cooperative, Cooperative.id == Partner.cooperative_id)
        .where(Partner.id == partner_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def list_partners(
    session: Session, cooperative_id: str, *, after: str | None, limit: int
) -> Sequence[Partner]:
    """Partners past ``after``, oldest first."""
    query = (
        select(Partner)
        .where(Partner.cooperative_id == cooperative_id)
        .order_by(Partner.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Partner.id > after)
    return session.scalars(query).all()


def add_request(session: Session, **columns: Any) -> bool:
    """Keep a request; whether its external id is the first of that day."""
    added = session.scalar(
        insert(PartnerRequest)
        .values(**columns)
        .on_conflict_do_nothing(
            index_elements=["partner_id", "business_date", "external_id"]
        )
        .returning(PartnerRequest.id)
    )
    return added is not None


def record_answer(
    session: Session,
    partner_id: str,
    request_id: str,
    *,
    response_code: str,
    answered_at: datetime,
) -> None:
    """Keep what a request was answered; the first answer counts."""
    session.execute(
        update(PartnerRequest)
        .where(
            PartnerRequest.id == request_id,
            PartnerRequest.partner_id == partner_id,
            PartnerRequest.response_code.is_(None),
        )
        .values(response_code=response_code, answered_at=answered_at)
        .execution_options(synchronize_session=False)
    )


def find_reference(
    session: Session, partner_id: str, business_date: date, external_id: str
) -> str | None:
    """The reference of the request that came with an external id on a day."""
    return session.scalar(
        select(PartnerRequest.reference).where(
            PartnerRequest.partner_id == partner_id,
            PartnerRequest.business_date == business_date,
            PartnerRequest.external_id == external_id,
        )
    )


def list_requests(
    session: Session,
    cooperative_id: str,
    partner_id: str,
    *,
    before: str | None,
    limit: int,
) -> Sequence[PartnerRequest]:
    """Requests of a partner, newest first."""
    query = (
        select(PartnerRequest)
        .where(
            PartnerRequest.cooperative_id == cooperative_id,
            PartnerRequest.partner_id == partner_id,
        )
        .order_by(PartnerRequest.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(PartnerRequest.id < before)
    return session.scalars(query).all()


def use_reference(session: Session, **columns: Any) -> PartnerPayment:
    """What the reference was first used for: this, unless it was used before."""
    session.execute(
        insert(PartnerPayment)
        .values(**columns)
        .on_conflict_do_nothing(index_elements=["partner_id", "reference"])
    )
    return session.get_one(
        PartnerPayment, (columns["partner_id"], columns["reference"])
    )


def find_payment(
    session: Session, partner_id: str, reference: str
) -> PartnerPayment | None:
    """What a reference was first used for."""
    return session.get(PartnerPayment, (partner_id, reference))


def find_holder(session: Session, number: str) -> str | None:
    """The name of the owner of an account of the tenant, whatever its state."""
    return session.scalar(
        select(Member.name)
        .join(Account, Account.member_id == Member.id)
        .where(Account.number == number)
    )

"""How resolutions are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.insurance.domain import resolutions
from services.insurance.models import Resolution


def add_resolution(session: Session, **columns: Any) -> Resolution:
    """A resolution that nobody has decided on; the policy's row must be held."""
    resolution = Resolution(
        status=resolutions.PROPOSED, decided_by=None, decided_at=None, **columns
    )
    session.add(resolution)
    session.flush()
    return resolution


def find_resolution(session: Session, resolution_id: str) -> Resolution | None:
    """One resolution, if this transaction may see it."""
    return session.get(Resolution, resolution_id)


def lock_resolution(session: Session, resolution_id: str) -> Resolution | None:
    """One resolution, held until the transaction ends."""
    return session.get(
        Resolution, resolution_id, with_for_update=True, populate_existing=True
    )


def find_proposed(session: Session, policy_id: str) -> Resolution | None:
    """What is proposed for a policy or a claim on it, and not decided."""
    return session.scalar(
        select(Resolution).where(
            Resolution.policy_id == policy_id,
            Resolution.status == resolutions.PROPOSED,
        )
    )


def list_resolutions(
    session: Session,
    *,
    policy_id: str | None,
    status: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Resolution]:
    """Resolutions of the tenant past ``after``, in the order they were proposed."""
    query = select(Resolution).order_by(Resolution.id).limit(limit)
    if policy_id is not None:
        query = query.where(Resolution.policy_id == policy_id)
    if status is not None:
        query = query.where(Resolution.status == status)
    if after is not None:
        query = query.where(Resolution.id > after)
    return session.scalars(query).all()

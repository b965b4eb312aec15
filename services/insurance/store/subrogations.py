"""How subrogations and recoveries are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.insurance.models import Claim, Policy, Recovery, Subrogation


class Recoverable(NamedTuple):
    """A subrogation with the policy and the loan that it is about."""

    subrogation: Subrogation
    policy_id: str
    reference: str


def add_subrogation(session: Session, **columns: Any) -> None:
    """What an insurer that has just paid may recover."""
    session.add(Subrogation(recovered_amount=0, **columns))
    session.flush()


def lock_of_claim(session: Session, claim_id: str) -> Recoverable | None:
    """The subrogation of a claim, held until the transaction ends."""
    row = session.execute(
        _query()
        .where(Subrogation.claim_id == claim_id)
        .with_for_update(of=Subrogation)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else Recoverable(*row)


def list_subrogations(
    session: Session, *, after: str | None, limit: int
) -> Sequence[Recoverable]:
    """Subrogations of the tenant past ``after``."""
    query = _query().order_by(Subrogation.id).limit(limit)
    if after is not None:
        query = query.where(Subrogation.id > after)
    return [Recoverable(*row) for row in session.execute(query)]


def find_recovery(session: Session, reference: str) -> Recovery | None:
    """One recovery of the tenant by its reference."""
    return session.scalar(select(Recovery).where(Recovery.reference == reference))


def add_recovery(session: Session, **columns: Any) -> None:
    """Money that was recovered."""
    session.add(Recovery(**columns))
    session.flush()


def _query() -> Select[Subrogation, str, str]:
    return (
        select(Subrogation, Policy.id, Policy.reference)
        .join(Claim, Claim.id == Subrogation.claim_id)
        .join(Policy, Policy.id == Claim.policy_id)
    )

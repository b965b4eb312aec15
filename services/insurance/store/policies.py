"""How policies are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, undefer

from services.insurance.domain import claims as claim_rules
from services.insurance.domain import policies
from services.insurance.models import Claim, InsuranceProduct, Policy
from services.shared.persistence import sweeping


def add_policy(session: Session, **columns: Any) -> Policy | None:
    """A policy that is about to be reserved; None when the loan has a living one."""
    return session.scalar(
        insert(Policy)
        .values(
            status=policies.RESERVING,
            refund_amount=0,
            is_insurer_told=False,
            attempts=0,
            **columns,
        )
        .on_conflict_do_nothing()
        .returning(Policy)
    )


def find_policy(session: Session, policy_id: str) -> Policy | None:
    """One policy, if this transaction may see it."""
    return session.get(Policy, policy_id)


def get_policy(session: Session, policy_id: str) -> Policy:
    """The policy that a claim is made on."""
    return session.get_one(Policy, policy_id)


def policies_by_id(session: Session, policy_ids: Sequence[str]) -> dict[str, Policy]:
    """The policies that several claims are made on."""
    rows = session.scalars(select(Policy).where(Policy.id.in_(policy_ids)))
    return {row.id: row for row in rows}


def lock_policy(session: Session, policy_id: str) -> Policy | None:
    """One policy, held until the transaction ends."""
    return session.scalar(
        select(Policy)
        .where(Policy.id == policy_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def insured_of(session: Session, policy_id: str) -> bytes:
    """Who is insured, encrypted."""
    return (
        session.execute(
            select(Policy)
            .where(Policy.id == policy_id)
            .options(undefer(Policy.insured))
        )
        .scalar_one()
        .insured
    )


def lock_living(session: Session, reference: str) -> Policy | None:
    """The policy that a loan has now, held until the transaction ends."""
    return session.scalar(
        select(Policy)
        .where(Policy.reference == reference, Policy.status.in_(policies.LIVING))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_latest(session: Session, reference: str) -> Policy | None:
    """The policy that a loan has or had, of those whose cover ever began."""
    return session.scalar(
        select(Policy)
        .where(
            Policy.reference == reference,
            Policy.premium_fee_reference.is_not(None),
        )
        .order_by(Policy.id.desc())
        .limit(1)
    )


def list_policies(
    session: Session,
    *,
    member_id: str | None,
    reference: str | None,
    status: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Policy]:
    """Policies of the tenant past ``after``, in the order they were asked for."""
    query = select(Policy).order_by(Policy.id).limit(limit)
    if member_id is not None:
        query = query.where(Policy.member_id == member_id)
    if reference is not None:
        query = query.where(Policy.reference == reference)
    if status is not None:
        query = query.where(Policy.status == status)
    if after is not None:
        query = query.where(Policy.id > after)
    return session.scalars(query).all()


def list_running_life(session: Session, member_id: str) -> Sequence[Policy]:
    """The policies on the life of a member that cover it now."""
    return session.scalars(
        select(Policy)
        .join(InsuranceProduct, InsuranceProduct.id == Policy.product_id)
        .where(
            Policy.member_id == member_id,
            Policy.status.in_(policies.COVERED),
            InsuranceProduct.kind == policies.LIFE,
        )
        .order_by(Policy.id)
        .with_for_update(of=Policy)
    ).all()


def count_running(session: Session) -> tuple[int, date | None]:
    """How many policies of the tenant run, and the last day of the last of them.

    One that has expired runs on while it is claimed on.
    """
    row = session.execute(
        select(func.count(), func.max(Policy.ends_on)).where(
            or_(Policy.status.in_(policies.RUNNING), _under_claim())
        )
    ).one()
    return int(row[0]), row[1]


# Across tenants, under the hub's role


def take_due(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Policies that somebody has to carry on with, as cooperative and id.

    They are due again later, so that two sweeps take different ones.
    """
    return sweeping.take_due(
        session,
        Policy,
        Policy.status.in_(policies.UNFINISHED),
        until=until,
        again_at=again_at,
        limit=limit,
    )


def expire(session: Session, today: date) -> int:
    """End the cover whose last day is over and that nobody claims on; how many."""
    result = session.execute(
        update(Policy)
        .where(
            Policy.status == policies.ACTIVE,
            Policy.ends_on < today,
            ~_under_claim(),
        )
        .values(status=policies.EXPIRED, ended_on=Policy.ends_on)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def release_forgotten(session: Session, *, today: date, now: datetime) -> int:
    """Give up reservations whose loan never came; how many."""
    result = session.execute(
        update(Policy)
        .where(Policy.status == policies.RESERVED, Policy.held_until < today)
        .values(status=policies.RELEASING, due_at=now, end_reason="tidak dicairkan")
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def count_by_status(session: Session) -> dict[str, int]:
    """How many policies are unfinished or wait for a person, by state."""
    counted = (*policies.UNFINISHED, policies.ACTIVATION_REFUSED)
    rows = session.execute(
        select(Policy.status, func.count())
        .where(Policy.status.in_(counted))
        .group_by(Policy.status)
    )
    return {row[0]: int(row[1]) for row in rows}


def _under_claim() -> ColumnElement[bool]:
    return (
        select(Claim.id)
        .where(
            Claim.cooperative_id == Policy.cooperative_id,
            Claim.policy_id == Policy.id,
            Claim.status.in_(claim_rules.OPEN),
        )
        .exists()
    )

"""How payments and what was called back about them are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.members.domain import payments
from services.members.models import Payment, PaymentCallback


def add_payment(session: Session, **columns: Any) -> Payment:
    """A payment that the provider does not know of yet."""
    payment = Payment(
        state=payments.REQUESTING, attempts=0, credited=0, fault=None, **columns
    )
    session.add(payment)
    session.flush()
    return payment


def find_payment(session: Session, payment_id: str) -> Payment | None:
    """One payment, if this transaction may see it."""
    return session.get(Payment, payment_id, populate_existing=True)


def lock_payment(session: Session, payment_id: str) -> Payment | None:
    """One payment as it is now, held until the commit."""
    return session.get(
        Payment, payment_id, with_for_update=True, populate_existing=True
    )


def advance(
    session: Session, payment: Payment, state: str, **values: Any
) -> Payment | None:
    """The payment in its next state; None when it is no longer as it was read."""
    return session.scalar(
        update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.state == payment.state,
            Payment.credited == payment.credited,
        )
        .values(state=state, **values)
        .returning(Payment),
        execution_options={"populate_existing": True},
    )


def claim_due(
    session: Session, *, now: datetime, lease_seconds: float, limit: int
) -> Sequence[Payment]:
    """Payments to be looked at now; nobody else takes them for a while.

    The lease is what a worker that dies leaves behind: the payment is due again.
    """
    due = (
        select(Payment.id)
        .where(Payment.due_at <= now)
        .order_by(Payment.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(
        update(Payment)
        .where(Payment.id.in_(due.scalar_subquery()))
        .values(
            attempts=Payment.attempts + 1,
            due_at=now + timedelta(seconds=lease_seconds),
        )
        .returning(Payment)
    ).all()


def look_soon(session: Session, payment_id: str, now: datetime) -> None:
    """Have the provider asked about a payment, unless nothing could change any more.

    Whoever calls back a thousand times has the provider asked once in a turn of the
    sweep.
    """
    session.execute(
        update(Payment)
        .where(
            Payment.id == payment_id,
            Payment.state.in_(payments.READABLE),
            Payment.transaction_id.is_not(None),
        )
        .values(due_at=now, attempts=0)
    )


def list_payments(
    session: Session,
    *,
    member_id: str | None,
    state: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Payment]:
    """Payments of the tenant past ``after``, in the order they were asked for."""
    query = select(Payment).order_by(Payment.id).limit(limit)
    if member_id is not None:
        query = query.where(Payment.member_id == member_id)
    if state is not None:
        query = query.where(Payment.state == state)
    if after is not None:
        query = query.where(Payment.id > after)
    return session.scalars(query).all()


def count_to_decide(session: Session) -> int:
    """How many payments a person has to look at."""
    found = session.scalar(
        select(func.count())
        .select_from(Payment)
        .where(Payment.state.in_((payments.UNALLOCATED, payments.DISPUTED)))
    )
    return found or 0


def add_callback(session: Session, **columns: Any) -> None:
    """Keep what was called back."""
    session.add(PaymentCallback(**columns))
    session.flush()


def list_callbacks(
    session: Session, *, after: str | None, limit: int
) -> Sequence[PaymentCallback]:
    """What was called back past ``after``, oldest first."""
    query = select(PaymentCallback).order_by(PaymentCallback.id).limit(limit)
    if after is not None:
        query = query.where(PaymentCallback.id > after)
    return session.scalars(query).all()


def forget_callbacks(session: Session, *, before: datetime) -> None:
    """Drop callbacks of long ago."""
    session.execute(delete(PaymentCallback).where(PaymentCallback.received_at < before))

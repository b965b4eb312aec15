"""How closings and exported books are read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.orm import Session

from services.members.domain import (
    cash,
    clients,
    departures,
    deposits,
    payments,
    slips,
)
from services.members.domain import closing as domain
from services.members.domain import savings as savings_domain
from services.members.models import (
    Account,
    CashShift,
    Client,
    Closing,
    ClosingExport,
    Cooperative,
    Departure,
    Deposit,
    Member,
    Payment,
    Slip,
)

_UNFINISHED: Final[Mapping[str, Select[int]]] = {
    "payments": select(func.count())
    .select_from(Payment)
    .where(
        Payment.state.in_(
            [*payments.UNFINISHED, payments.UNALLOCATED, payments.DISPUTED]
        )
    ),
    "deposits": select(func.count())
    .select_from(Deposit)
    .where(Deposit.status.in_(deposits.RUNNING)),
    "departures": select(func.count())
    .select_from(Departure)
    .where(Departure.state.in_(departures.RUNNING)),
    "movements": select(func.count())
    .select_from(Slip)
    .where(Slip.status == slips.PENDING),
    "shifts": select(func.count())
    .select_from(CashShift)
    .where(CashShift.status.in_(cash.UNFINISHED)),
}


class Export(NamedTuple):
    """A part of exported books as it is stored."""

    content: bytes
    token_hash: bytes
    sha512: str
    part_count: int
    cooperative_code: str


def add_closing(session: Session, **columns: Any) -> Closing:
    """A request to leave."""
    closing = Closing(state=domain.REQUESTED, **columns)
    session.add(closing)
    session.flush()
    return closing


def find_closing(session: Session, closing_id: str) -> Closing | None:
    """One closing, if this transaction may see it."""
    return session.get(Closing, closing_id)


def lock_closing(session: Session, closing_id: str) -> Closing | None:
    """One closing, not to be changed by others until this transaction ends."""
    return session.get(
        Closing, closing_id, with_for_update=True, populate_existing=True
    )


def find_under_way(session: Session, cooperative_id: str) -> Closing | None:
    """The closing of a cooperative that was neither rejected nor withdrawn."""
    return session.scalar(
        select(Closing).where(
            Closing.cooperative_id == cooperative_id,
            Closing.state.not_in([domain.REJECTED, domain.WITHDRAWN]),
        )
    )


def list_closings(
    session: Session, *, state: str | None, after: str | None, limit: int
) -> Sequence[Closing]:
    """Closings past ``after`` that this transaction may see, oldest first."""
    query = select(Closing).order_by(Closing.id).limit(limit)
    if state is not None:
        query = query.where(Closing.state == state)
    if after is not None:
        query = query.where(Closing.id > after)
    return session.scalars(query).all()


def claim_running(session: Session, *, now: datetime, before: datetime) -> str | None:
    """A closing that goes on and that nobody has tried lately; it is ours for a while.

    Those that failed wait as long as those that another process works on.
    """
    due = (
        select(Closing.id)
        .where(Closing.state.in_(domain.RUNNING), Closing.attempted_at <= before)
        .order_by(Closing.attempted_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return session.scalar(
        update(Closing)
        .where(Closing.id == due)
        .values(attempted_at=now)
        .returning(Closing.id)
        .execution_options(synchronize_session=False)
    )


def note_fault(session: Session, closing_id: str, fault: str | None) -> None:
    """Keep what kept the next step from being done."""
    session.execute(update(Closing).where(Closing.id == closing_id).values(fault=fault))


# What is counted, closed and exported


def count_unfinished(session: Session) -> dict[str, int]:
    """What somebody of the tenant still works on, by its name."""
    return {
        name: session.execute(query).scalar_one() for name, query in _UNFINISHED.items()
    }


def count_members(session: Session) -> int:
    """How many people the tenant has or had as members and candidates."""
    return session.scalar(select(func.count()).select_from(Member)) or 0


def count_accounts(session: Session) -> int:
    """How many savings accounts of the tenant are not closed."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Account)
            .where(Account.status != savings_domain.CLOSED)
        )
        or 0
    )


def unclosed_accounts(session: Session, limit: int) -> Sequence[str]:
    """Numbers of savings accounts of the tenant that are not closed."""
    return session.scalars(
        select(Account.number)
        .where(Account.status != savings_domain.CLOSED)
        .order_by(Account.number)
        .limit(limit)
    ).all()


def members_past(session: Session, after: str | None, limit: int) -> Sequence[Member]:
    """Members of the tenant past an id, in the order they registered."""
    query = select(Member).order_by(Member.id).limit(limit)
    if after is not None:
        query = query.where(Member.id > after)
    return session.scalars(query).all()


def accounts_past(session: Session, after: str | None, limit: int) -> Sequence[Account]:
    """Savings accounts of the tenant past a number, in their order."""
    query = select(Account).order_by(Account.number).limit(limit)
    if after is not None:
        query = query.where(Account.number > after)
    return session.scalars(query).all()


# The end


def anonymise_members(session: Session) -> int:
    """Leave of the tenant's members their numbers; how many.

    Names stand readable in the table and hashes could be tried out: both go. What is
    encrypted goes with the key.
    """
    changed = session.execute(
        update(Member)
        .values(name=Member.number, nik_hash=None, phone_hash=None)
        .returning(Member.id)
        .execution_options(synchronize_session=False)
    )
    return len(changed.all())


def forget_answers(session: Session, cooperative_id: str) -> None:
    """Drop stored answers, which hold names and numbers of people."""
    session.execute(
        text("DELETE FROM idempotency_keys WHERE cooperative_id = :cooperative_id"),
        {"cooperative_id": cooperative_id},
    )


def revoke_clients(session: Session, cooperative_id: str, at: datetime) -> int:
    """Give the cooperative's machines no more tokens; how many."""
    revoked = session.execute(
        update(Client)
        .where(Client.cooperative_id == cooperative_id, Client.status == clients.ACTIVE)
        .values(status=clients.REVOKED, revoked_at=at)
        .returning(Client.client_id)
        .execution_options(synchronize_session=False)
    )
    return len(revoked.all())


# Exported books


def add_exports(session: Session, parts: Iterable[dict[str, Any]]) -> None:
    """Keep the parts of exported books, instead of any from before."""
    rows = list(parts)
    session.execute(
        delete(ClosingExport).where(ClosingExport.closing_id == rows[0]["closing_id"])
    )
    session.add_all(ClosingExport(**row) for row in rows)
    session.flush()


def find_export(
    session: Session, closing_id: str, part: int, now: datetime
) -> Export | None:
    """A part of exported books that can still be fetched."""
    count = (
        select(func.count())
        .select_from(ClosingExport)
        .where(ClosingExport.closing_id == closing_id)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            ClosingExport.content,
            ClosingExport.token_hash,
            ClosingExport.sha512,
            count,
            Cooperative.code,
        )
        .join(Cooperative, Cooperative.id == ClosingExport.cooperative_id)
        .where(
            ClosingExport.closing_id == closing_id,
            ClosingExport.part == part,
            ClosingExport.expires_at > now,
        )
    ).one_or_none()
    return None if row is None else Export._make(row)


def forget_exports(session: Session, now: datetime) -> int:
    """Drop exported books that can be fetched no more, with where they went."""
    gone = session.execute(
        delete(ClosingExport)
        .where(ClosingExport.expires_at <= now)
        .returning(ClosingExport.closing_id)
    )
    closings = {row.closing_id for row in gone}
    session.execute(
        update(Closing).where(Closing.id.in_(closings)).values(contact=None)
    )
    return len(closings)

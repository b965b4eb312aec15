"""How slips are read and written."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import slips
from services.members.models import Account, Branch, Member, Slip
from services.shared.contracts import ledger
from services.shared.persistence import sweeping

_CONTRIBUTIONS: Final = (ledger.PRINCIPAL_SAVINGS, ledger.MANDATORY_SAVINGS)


def add(session: Session, **columns: Any) -> Slip | None:
    """The new slip, pending; None when its journal has one already."""
    return session.scalar(
        insert(Slip)
        .values(status=slips.PENDING, attempts=1, **columns)
        .on_conflict_do_nothing(index_elements=["journal_id"])
        .returning(Slip)
    )


def lock(session: Session, journal_id: str) -> Slip | None:
    """The slip of a journal, held until the transaction ends."""
    return session.scalar(
        select(Slip)
        .where(Slip.journal_id == journal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find(session: Session, journal_id: str) -> Slip | None:
    """The slip of a journal, if this transaction may see it."""
    return session.get(Slip, journal_id)


def find_owner_name(session: Session, number: str) -> str | None:
    """The name of the member whose account it is; None for other accounts.

    The key of simpanan pokok and wajib ends with the member's id.
    """
    code, _, member_id = number.rpartition(":")
    if code.endswith(_CONTRIBUTIONS):
        return session.scalar(select(Member.name).where(Member.id == member_id))
    return session.scalar(
        select(Member.name)
        .join(Account, Account.member_id == Member.id)
        .where(Account.number == number)
    )


def find_time_zone(session: Session, branch_code: str) -> str | None:
    """In which zone a branch of the tenant lives; None where the slip is of none."""
    if not branch_code:
        return None
    return session.scalar(select(Branch.time_zone).where(Branch.code == branch_code))


def settle(session: Session, journal_id: str, status: str) -> None:
    """Record that a pending slip was refused or came to nothing."""
    session.execute(
        update(Slip)
        .where(Slip.journal_id == journal_id, Slip.status == slips.PENDING)
        .values(status=status)
    )


def give_up(session: Session, journal_id: str) -> bool:
    """Record that a pending slip never left; False if more than one tried to post it.

    Whoever asks knows of the own attempt only that it failed, of others nothing.
    """
    given_up = session.scalar(
        update(Slip)
        .where(
            Slip.journal_id == journal_id,
            Slip.status == slips.PENDING,
            Slip.attempts == 1,
        )
        .values(status=slips.VOID)
        .returning(Slip.journal_id)
    )
    return given_up is not None


def is_shift_busy(session: Session, shift_id: str) -> bool:
    """Whether a movement of this shift is still under way."""
    return bool(
        session.scalar(
            select(
                select(Slip.journal_id)
                .where(Slip.shift_id == shift_id, Slip.status == slips.PENDING)
                .exists()
            )
        )
    )


def take_due(
    session: Session,
    *,
    until: datetime,
    again_at: datetime,
    limit: int,
    kinds: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Pending slips that somebody has to finish, as cooperative and journal.

    Those of ``kinds``, or else those that nobody accounts for beside. They are due
    again at ``again_at``, so that nobody else takes them meanwhile. Only under the
    hub's role: it looks at all cooperatives.
    """
    return sweeping.take_due(
        session,
        Slip,
        Slip.status == slips.PENDING,
        Slip.kind.in_(kinds) if kinds else Slip.kind.not_in(slips.SEEN_TO),
        until=until,
        again_at=again_at,
        limit=limit,
        attempts=Slip.attempts + 1,
    )


def count_pending(session: Session) -> int:
    """How many movements wait for their journal."""
    return (
        session.scalar(
            select(func.count()).select_from(Slip).where(Slip.status == slips.PENDING)
        )
        or 0
    )

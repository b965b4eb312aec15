"""How sessions and failed attempts are read and written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain.lockout import Attempts
from services.members.models import SignInAttempts, UserLink, UserSession


def add_session(session: Session, **columns: Any) -> UserSession:
    """A session that begins."""
    made = UserSession(**columns)
    session.add(made)
    session.flush()
    return made


def lock_session(session: Session, session_id: str) -> UserSession | None:
    """One session as it is now, not to be changed by others meanwhile."""
    return session.get(
        UserSession, session_id, with_for_update=True, populate_existing=True
    )


def list_sessions(
    session: Session,
    cooperative_id: str,
    user_id: str,
    *,
    now: datetime,
    after: str | None,
    limit: int,
) -> Sequence[UserSession]:
    """The open sessions of one user past ``after``, oldest first."""
    query = (
        select(UserSession)
        .where(
            UserSession.cooperative_id == cooperative_id,
            UserSession.user_id == user_id,
            UserSession.ended_at.is_(None),
            UserSession.expires_at > now,
        )
        .order_by(UserSession.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(UserSession.id > after)
    return session.scalars(query).all()


def end_sessions(
    session: Session,
    user_ids: Iterable[str],
    reason: str,
    now: datetime,
    *,
    but: str | None = None,
) -> None:
    """End the open sessions of these users, except ``but``."""
    query = update(UserSession).where(
        UserSession.user_id.in_(list(user_ids)), UserSession.ended_at.is_(None)
    )
    if but is not None:
        query = query.where(UserSession.id != but)
    session.execute(
        query.values(ended_at=now, end_reason=reason).execution_options(
            synchronize_session=False
        )
    )


def list_ended(session: Session, since: datetime) -> list[str]:
    """The ids of the sessions that ended after ``since``."""
    return list(
        session.scalars(
            select(UserSession.id)
            .where(UserSession.ended_at > since)
            .order_by(UserSession.ended_at)
        )
    )


def lock_attempts(session: Session, hashes: Iterable[bytes]) -> dict[bytes, Attempts]:
    """What is known of these logins, held until the transaction ends.

    Locked in one order, so that two who share a login do not wait for each other.
    """
    found = {}
    for one in sorted(set(hashes)):
        row = session.execute(
            select(SignInAttempts)
            .where(SignInAttempts.login_hash == one)
            .with_for_update()
        ).scalar_one_or_none()
        found[one] = Attempts(
            failures=row.failures if row else 0,
            last_at=row.last_at if row else None,
            locked_until=row.locked_until if row else None,
        )
    return found


def make_attempts(session: Session, hashes: Iterable[bytes], now: datetime) -> None:
    """See that there is a row to lock for each of these logins."""
    session.execute(
        insert(SignInAttempts)
        .values(
            [
                {"login_hash": one, "failures": 0, "last_at": now}
                for one in sorted(set(hashes))
            ]
        )
        .on_conflict_do_nothing(index_elements=["login_hash"])
    )


def keep_attempts(session: Session, known: dict[bytes, Attempts]) -> None:
    """Write what is known of logins whose rows are locked."""
    for login_hash, attempts in known.items():
        session.execute(
            update(SignInAttempts)
            .where(SignInAttempts.login_hash == login_hash)
            .values(
                failures=attempts.failures,
                last_at=attempts.last_at,
                locked_until=attempts.locked_until,
            )
            .execution_options(synchronize_session=False)
        )


def forget_old(
    session: Session, *, over_before: datetime, failed_before: datetime
) -> None:
    """Drop sessions and links over since the one, failures older than the other."""
    for query in (
        delete(UserSession).where(
            or_(
                UserSession.ended_at < over_before,
                UserSession.expires_at < over_before,
            )
        ),
        delete(UserLink).where(UserLink.expires_at < over_before),
        delete(SignInAttempts).where(SignInAttempts.last_at < failed_before),
    ):
        session.execute(query.execution_options(synchronize_session=False))

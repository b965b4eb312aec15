"""Secrets that people type are counted before they are judged (R7)."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from services.members.domain.lockout import Attempts
from services.members.models import User
from services.members.store import sessions as store
from services.shared import clock
from services.shared.contracts.members.sessions import TooManyAttempts
from services.shared.identity import HUB
from services.shared.persistence.database import Database


def count(session: Session, hashes: Collection[bytes]) -> int:
    """Count an attempt for each login: 0, or the seconds that one is locked for yet."""
    now = clock.now()
    store.make_attempts(session, hashes, now)
    known = store.lock_attempts(session, hashes)
    locked = [one for one in known.values() if one.is_locked(now)]
    if locked:
        return max(one.seconds_left(now) for one in locked)
    store.keep_attempts(session, {key: one.counted(now) for key, one in known.items()})
    return 0


def give_back(session: Session, hashes: Collection[bytes]) -> None:
    """The attempt was right as far as it went: it is not counted after all."""
    known = store.lock_attempts(session, hashes)
    store.keep_attempts(session, {key: one.given_back() for key, one in known.items()})


def forgive(session: Session, hashes: Collection[bytes]) -> None:
    """The person has proved who they are: nothing is counted any more."""
    known = store.lock_attempts(session, hashes)
    store.keep_attempts(session, {key: Attempts(last_at=clock.now()) for key in known})


def hashes_of(user: User) -> set[bytes]:
    """Under which logins the attempts of a user count: under all that they have."""
    return {one for one in (user.email_hash, user.phone_hash) if one is not None}


def count_or_refuse(database: Database, user: User) -> None:
    """Count an attempt of somebody who is signed in. Raises TooManyAttempts."""
    with opened(database, user.cooperative_id) as session:
        wait = count(session, hashes_of(user))
    if wait:
        raise TooManyAttempts(details={"retry_after": wait})


def opened(database: Database, cooperative_id: str) -> AbstractContextManager[Session]:
    """A transaction of the tenant; the operators' is the hub."""
    if cooperative_id == HUB:
        return database.hub()
    return database.tenant(cooperative_id)

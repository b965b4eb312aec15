"""How the people who sign in are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.models import Cooperative, RecoveryCode, User, UserLink
from services.shared.identity import HUB

HUB_CODE: Final = "hub"
"""What operators write where others write the code of their cooperative."""


class Candidate(NamedTuple):
    """Somebody who may be the one that signs in."""

    user: User
    cooperative_status: str | None


def add_user(session: Session, **columns: Any) -> User | None:
    """The new user; None when the login or the membership is somebody else's."""
    return session.scalar(
        insert(User).values(**columns).on_conflict_do_nothing().returning(User)
    )


def find_user(session: Session, user_id: str) -> User | None:
    """One user, if this transaction may see it."""
    return session.get(User, user_id)


def lock_user(session: Session, user_id: str) -> User | None:
    """One user as it is now, not to be changed by others until the transaction ends."""
    return session.get(User, user_id, with_for_update=True, populate_existing=True)


def find_user_of_member(session: Session, member_id: str) -> User | None:
    """The user who is this member, locked."""
    return session.scalar(
        select(User).where(User.member_id == member_id).with_for_update()
    )


def find_by_login(
    session: Session, login_hash: bytes, cooperative_code: str | None
) -> list[Candidate]:
    """Who has this login, at whatever cooperative or at the one with this code."""
    query = (
        select(User, Cooperative.status)
        .outerjoin(Cooperative, Cooperative.id == User.cooperative_id)
        .where(or_(User.email_hash == login_hash, User.phone_hash == login_hash))
        .order_by(User.id)
    )
    if cooperative_code == HUB_CODE:
        query = query.where(User.cooperative_id == HUB)
    elif cooperative_code is not None:
        query = query.where(Cooperative.code == cooperative_code)
    return [Candidate(user, status) for user, status in session.execute(query)]


def find_cooperative_status(session: Session, cooperative_id: str) -> str | None:
    """The state of a user's cooperative; None for the operators."""
    return session.scalar(
        select(Cooperative.status).where(Cooperative.id == cooperative_id)
    )


def list_users(
    session: Session,
    cooperative_id: str,
    *,
    status: str | None,
    role: str | None,
    after: str | None,
    limit: int,
) -> Sequence[User]:
    """Users of one tenant past ``after``, in the order in which they were invited."""
    query = (
        select(User)
        .where(User.cooperative_id == cooperative_id)
        .order_by(User.id)
        .limit(limit)
    )
    if status is not None:
        query = query.where(User.status == status)
    if role is not None:
        query = query.where(User.roles.contains([role]))
    if after is not None:
        query = query.where(User.id > after)
    return session.scalars(query).all()


def lock_administrators(session: Session, cooperative_id: str) -> list[str]:
    """The ids of the administrators who can sign in, held until the transaction ends.

    Locked, so that two who remove each other at the same time are not both right.
    """
    return list(
        session.scalars(
            select(User.id)
            .where(
                User.cooperative_id == cooperative_id,
                User.status == "active",
                User.roles.contains(["admin"]),
            )
            .order_by(User.id)
            .with_for_update()
        )
    )


def disable_users(session: Session, cooperative_id: str, at: datetime) -> Sequence[str]:
    """The ids of all users of a tenant that were not disabled before."""
    return session.scalars(
        update(User)
        .where(User.cooperative_id == cooperative_id, User.status != "disabled")
        .values(status="disabled", disabled_at=at)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    ).all()


# Links


def add_link(session: Session, **columns: Any) -> UserLink:
    """A link that is about to be sent."""
    link = UserLink(**columns)
    session.add(link)
    session.flush()
    return link


def use_link(
    session: Session, token_hash: bytes, purpose: str, now: datetime
) -> UserLink | None:
    """The link, used up just now; None when it is none that can be used."""
    return session.scalar(
        update(UserLink)
        .where(
            UserLink.token_hash == token_hash,
            UserLink.purpose == purpose,
            UserLink.used_at.is_(None),
            UserLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(UserLink)
    )


def void_links(session: Session, user_id: str, now: datetime) -> None:
    """No link that was sent to this user before is good any more."""
    session.execute(
        update(UserLink)
        .where(UserLink.user_id == user_id, UserLink.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def links_since(
    session: Session, cooperative_id: str, user_id: str, purpose: str, since: datetime
) -> list[datetime]:
    """When links of this purpose were made for a user, oldest first."""
    return list(
        session.scalars(
            select(UserLink.created_at)
            .where(
                UserLink.cooperative_id == cooperative_id,
                UserLink.user_id == user_id,
                UserLink.purpose == purpose,
                UserLink.created_at > since,
            )
            .order_by(UserLink.created_at)
        )
    )


# Recovery codes


def replace_recovery_codes(
    session: Session, cooperative_id: str, user_id: str, hashes: Sequence[bytes]
) -> None:
    """These codes instead of all that there were."""
    session.execute(
        delete(RecoveryCode)
        .where(RecoveryCode.user_id == user_id)
        .execution_options(synchronize_session=False)
    )
    for one in hashes:
        session.add(
            RecoveryCode(cooperative_id=cooperative_id, user_id=user_id, code_hash=one)
        )
    session.flush()


def use_recovery_code(
    session: Session, user_id: str, code_hash: bytes, now: datetime
) -> bool:
    """Whether there was such a code that nobody had used."""
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.user_id)
    )
    return used is not None


def count_recovery_codes(session: Session, user_id: str) -> int:
    """How many are left."""
    return (
        session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )

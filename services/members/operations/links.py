"""Links in e-mails: made, sent, limited in number, and used once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.models import User, UserLink
from services.members.operations import lookup, notifications, profiles
from services.members.operations.notifications import Message
from services.members.store import users as store
from services.shared import clock, crypto, identifiers
from services.shared.contracts.members.passwords import InvalidLink
from services.shared.errors import RateLimitedError
from services.shared.settings import Settings

INVITATION: Final = "invitation"
PASSWORD_RESET: Final = "password_reset"  # noqa: S105  a purpose, no password

TOKEN: Final = "members link tokens"  # noqa: S105  a label, no secret
LASTS_FOR: Final = {
    INVITATION: timedelta(hours=72),
    PASSWORD_RESET: timedelta(minutes=60),
}
PATHS: Final = {INVITATION: "/undangan", PASSWORD_RESET: "/atur-ulang-sandi"}
PAUSE: Final = timedelta(minutes=1)
PER_DAY_MAX: Final = 5


def make(
    session: Session, settings: Settings, user: User, purpose: str
) -> tuple[UserLink, str]:
    """A link of its own for this user, and its address."""
    token, now = crypto.new_secret(), clock.now()
    link = store.add_link(
        session,
        id=identifiers.new("lnk"),
        cooperative_id=user.cooperative_id,
        user_id=user.id,
        purpose=purpose,
        token_hash=lookup.hashed(session, settings, TOKEN, token),
        created_at=now,
        expires_at=now + LASTS_FOR[purpose],
    )
    return link, f"{settings.public_url}{PATHS[purpose]}?token={token}"


def send(session: Session, settings: Settings, user: User, purpose: str) -> None:
    """Let the user be sent a link."""
    link, url = make(session, settings, user, purpose)
    minutes = int((link.expires_at - link.created_at).total_seconds()) // 60
    tell(
        session,
        settings,
        user,
        purpose,
        {"url": url, "minutes": minutes, "hours": minutes // 60},
    )


def tell(
    session: Session,
    settings: Settings,
    user: User,
    template: str,
    values: dict[str, Any] | None = None,
) -> None:
    """Let the user be told something that has to do with signing in."""
    profile = profiles.of_user(session, settings, user)
    cooperative = profiles.cooperative_name(session, user.cooperative_id)
    notifications.notify(
        session,
        settings,
        user.cooperative_id,
        Message(
            template=template,
            recipient=profile.email,
            values={"name": profile.name, "cooperative": cooperative} | (values or {}),
        ),
    )


def seconds_to_wait(session: Session, user: User, purpose: str, now: datetime) -> int:
    """For how long this user gets no further link: 0 when one may go out now."""
    made = store.links_since(
        session, user.cooperative_id, user.id, purpose, now - timedelta(days=1)
    )
    if not made:
        return 0
    free_at = made[-1] + PAUSE
    if len(made) >= PER_DAY_MAX:
        free_at = max(free_at, made[-PER_DAY_MAX] + timedelta(days=1))
    return max(0, int((free_at - now).total_seconds()) + 1) if free_at > now else 0


def refuse_flood(session: Session, user: User, purpose: str) -> None:
    """Refuse one link more than anybody needs. Raises RateLimitedError."""
    wait = seconds_to_wait(session, user, purpose, clock.now())
    if wait:
        raise RateLimitedError(details={"retry_after": wait})


def use(session: Session, settings: Settings, token: str, purpose: str) -> User:
    """The user whose link this is; it and every earlier one are used up.

    Raises InvalidLink. Part of the caller's transaction: what is refused afterwards
    leaves the link as it was.
    """
    now = clock.now()
    token_hash = lookup.hashed(session, settings, TOKEN, token)
    link = store.use_link(session, token_hash, purpose, now)
    user = store.lock_user(session, link.user_id) if link is not None else None
    if user is None:
        raise InvalidLink
    store.void_links(session, user.id, now)
    return user

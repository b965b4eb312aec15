"""How people choose their passwords and PINs, change them and get lost ones back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import logins
from services.members.domain import passwords as domain
from services.members.domain import sessions as sessions_domain
from services.members.models import User
from services.members.operations import attempts, audit, links, profiles
from services.members.operations.attempts import opened
from services.members.store import sessions
from services.members.store import users as store
from services.shared import access, clock, crypto
from services.shared.contracts import answers
from services.shared.contracts.members import passwords as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor, Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings

ACTIVE: Final = "active"

SENTENCES: Final = {
    "too_short": "A password has at least 6 characters, that of staff at least 8.",
    "common": "This password is one of those that are tried first.",
    "personal": "The password is too close to the name, e-mail or telephone.",
    "repetitive": "The password repeats itself or runs along the keyboard.",
}

SENT: Final = "Jika akun itu ada, kami telah mengirim tautan ke alamat e-mailnya."
"""What everybody is told who forgot a password; members read it, so in Indonesian."""

NOBODY: Final = crypto.hash_password(crypto.new_secret())
"""What the password of nobody is compared with, so that it takes as long."""


def accepted(password: str, *, is_staff: bool, personal: Collection[str] = ()) -> str:
    """The hash of a password that is good enough. Raises WeakPassword."""
    fault = domain.fault(password, is_staff=is_staff, personal=personal)
    if fault is not None:
        error = {"field": "password", "code": fault, "detail": SENTENCES[fault]}
        raise contract.WeakPassword(SENTENCES[fault], {"errors": [error]})
    return crypto.hash_password(domain.prepared(password))


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; takes as long for those who have none."""
    given = domain.prepared(password)
    is_same = crypto.is_password(given, password_hash or NOBODY)
    return is_same and password_hash is not None


def is_staff(user: User) -> bool:
    """Whether the user works for the cooperative or for the hub."""
    return set(user.roles) != {access.MEMBER_ROLE}


def rate_password(command: dict[str, Any]) -> dict[str, Any]:
    """How good a password is; nothing of it is kept."""
    found = domain.strength(command["password"], is_staff=command["staff"])
    return answers.one(
        contract.PasswordStrength(),
        {"score": found.score, "accepted": found.score > 0, "advice": found.advice},
    )


def forget_password(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """Send a link to whoever has this login (R13); the answer tells nothing of it.

    Who is with several cooperatives gets a link for each, unless the code is named.
    """
    login = logins.normalised(command["login"])
    with database.hub() as session:
        found = store.find_by_login(
            session,
            profiles.login_hash(session, settings, login),
            command["cooperative_code"],
        )
        for user, status in found:
            is_able = user.status == ACTIVE and sessions_domain.may_sign_in(status)
            if is_able and not links.seconds_to_wait(
                session, user, links.PASSWORD_RESET, clock.now()
            ):
                links.send(session, settings, user, links.PASSWORD_RESET)
    return answers.one(contract.LinkSent(), {"detail": SENT})


def reset_password(
    database: Database, settings: Settings, command: dict[str, Any], request_id: str
) -> dict[str, Any]:
    """Set a new password by a link; every session ends, signing in is free again.

    A second factor stays: an e-mail account is not enough to replace it. Raises
    InvalidLink and WeakPassword; after the latter the link is as good as before.
    """
    with database.hub() as session:
        user = links.use(session, settings, command["token"], links.PASSWORD_RESET)
        if user.status != ACTIVE:
            raise contract.InvalidLink
        _set(session, settings, user, command["password"])
        session.flush()
        sessions.end_sessions(session, [user.id], "password_changed", clock.now())
        attempts.forgive(session, attempts.hashes_of(user))
        links.tell(session, settings, user, "password_changed")
        audit.record(session, _self(user, request_id), "user.password_reset", user.id)
        return answers.one(contract.PasswordSet(), {"user_id": user.id})


def accept_invitation(
    database: Database, settings: Settings, command: dict[str, Any], request_id: str
) -> dict[str, Any]:
    """Choose the first password by the link of an invitation.

    Raises InvalidLink and WeakPassword.
    """
    with database.hub() as session:
        user = links.use(session, settings, command["token"], links.INVITATION)
        if user.status != "invited":
            raise contract.InvalidLink
        _set(session, settings, user, command["password"])
        user.status, user.activated_at = ACTIVE, clock.now()
        session.flush()
        audit.record(session, _self(user, request_id), "user.activated", user.id)
        return answers.one(contract.PasswordSet(), {"user_id": user.id})


def change_password(
    database: Database, settings: Settings, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Exchange the password; the user's other sessions end.

    Raises WrongPassword, TooManyAttempts and WeakPassword.
    """
    prove(database, caller, command["current_password"])
    with opened(database, caller.cooperative_id) as session:
        user = locked(session, caller)
        _set(session, settings, user, command["password"])
        session.flush()
        sessions.end_sessions(
            session,
            [user.id],
            "password_changed",
            clock.now(),
            but=caller.session_id,
        )
        store.void_links(session, user.id, clock.now())
        links.tell(session, settings, user, "password_changed")
        audit.record(session, _self(user, None), "user.password_changed", user.id)
        return answers.one(contract.PasswordSet(), {"user_id": user.id})


def set_pin(
    database: Database, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Set the transaction PIN. Raises WrongPassword, TooManyAttempts and WeakPin."""
    if not domain.is_pin(command["pin"]):
        raise contract.WeakPin
    prove(database, caller, command["password"])
    hashed = crypto.hash_password(command["pin"])
    with opened(database, caller.cooperative_id) as session:
        user = locked(session, caller)
        user.pin_hash = hashed
        session.flush()
        audit.record(session, _self(user, None), "user.pin_set", user.id)
    return answers.one(contract.PinSet(), {"has_pin": True})


def prove(database: Database, caller: Identity, password: str) -> None:
    """See that it is really the user. Raises WrongPassword and TooManyAttempts.

    A session that was left open must not be enough to take an account over, nor to try
    passwords without end.
    """
    with opened(database, caller.cooperative_id) as session:
        user = locked(session, caller)
    attempts.count_or_refuse(database, user)
    if not is_password(password, user.password_hash):
        raise contract.WrongPassword
    with opened(database, caller.cooperative_id) as session:
        attempts.forgive(session, attempts.hashes_of(user))


def locked(session: Session, caller: Identity) -> User:
    """The caller's own row, not to be changed by others meanwhile."""
    user = store.lock_user(session, caller.subject)
    if user is None or user.cooperative_id != caller.cooperative_id:
        raise NotFound("There is no such user.")
    return user


def _set(session: Session, settings: Settings, user: User, password: str) -> None:
    profile = profiles.of_user(session, settings, user)
    personal = [one for one in (profile.name, profile.email, profile.phone) if one]
    user.password_hash = accepted(password, is_staff=is_staff(user), personal=personal)


def _self(user: User, request_id: str | None) -> Actor:
    """The user as who acts on it."""
    return Actor(
        cooperative_id=user.cooperative_id, subject=user.id, request_id=request_id
    )

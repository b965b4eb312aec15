"""How people sign in, stay signed in, confirm who they are and sign out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from services.members.domain import logins
from services.members.domain import sessions as domain
from services.members.models import User, UserSession
from services.members.operations import (
    attempts,
    audit,
    lookup,
    passwords,
    profiles,
    second_factors,
)
from services.members.operations.attempts import opened
from services.members.store import sessions as store
from services.members.store import users
from services.shared import clock, crypto, identifiers, identity
from services.shared.contracts import answers
from services.shared.contracts.members import sessions as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor, Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings

FAMILY: Final = "members session families"
REFRESH: Final = "members refresh tokens"
ACTIVE: Final = "active"
OVERLAP: Final = timedelta(seconds=10)
"""How far back a gateway is told again: commits become visible out of order."""


class RefreshToken(NamedTuple):
    """The parts of a refresh token: the session, its lasting and its passing secret."""

    session_id: str
    family: str
    secret: str

    def __str__(self) -> str:
        return ".".join(self)

    @classmethod
    def parse(cls, text: str) -> RefreshToken:
        """The parts of ``text``. Raises InvalidRefreshToken."""
        parts = text.split(".")
        if len(parts) != len(cls._fields) or not all(parts) or not text.isascii():
            raise contract.InvalidRefreshToken
        return cls(*parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """A user at the moment of getting tokens."""

    user: User
    cooperative_status: str | None
    row: UserSession


def sign_in(
    database: Database,
    settings: Settings,
    command: dict[str, Any],
    request_id: str,
) -> dict[str, Any]:
    """Begin a session for whoever knows login, password and, if enrolled, the code.

    Raises InvalidLogin in the same words and time whether the login exists or not, and
    TooManyAttempts likewise (R7); CooperativeCodeRequired and SecondFactorRequired only
    to who knows the password.
    """
    candidate, hashes = _recognised(database, settings, command)
    user = candidate.user
    if user.totp_confirmed_at is not None and command["second_factor"] is None:
        with database.hub() as session:
            attempts.give_back(session, hashes)
        raise contract.SecondFactorRequired
    with database.hub() as session:
        user = _still_the_same(session, user)
        if user.totp_confirmed_at is not None and not second_factors.is_second_factor(
            session, settings, user, str(command["second_factor"])
        ):
            raise contract.InvalidSecondFactor
        attempts.forgive(session, hashes)
        row, token = _begin(session, settings, user, command)
        if passwords.is_staff(user):
            actor = Actor(
                cooperative_id=user.cooperative_id,
                subject=user.id,
                request_id=request_id,
            )
            audit.record(session, actor, "session.begun", row.id)
    holder = _Holder(
        user=user, cooperative_status=candidate.cooperative_status, row=row
    )
    return _signed_in(settings, holder, token)


def refresh_session(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """Exchange a refresh token for the next one and an access token.

    A token that was used before is in two hands, one of them a thief's: the session
    ends. Raises InvalidRefreshToken.
    """
    given = RefreshToken.parse(command["refresh_token"])
    with database.hub() as session:
        holder, token = _refreshed(session, settings, given)
    if holder is None or token is None:
        raise contract.InvalidRefreshToken
    return _signed_in(settings, holder, token)


def step_up(
    database: Database, settings: Settings, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Confirm with a code or the PIN; the access token says so for five minutes.

    Raises InvalidSecondFactor and TooManyAttempts.
    """
    with opened(database, caller.cooperative_id) as session:
        user = passwords.locked(session, caller)
    attempts.count_or_refuse(database, user)
    with opened(database, caller.cooperative_id) as session:
        user = passwords.locked(session, caller)
        if not _is_confirmed(session, settings, user, command):
            raise contract.InvalidSecondFactor
        attempts.forgive(session, attempts.hashes_of(user))
        second_factors.strengthen(session, caller.session_id)
        row = _open_row(session, caller, caller.session_id)
        status = users.find_cooperative_status(session, user.cooperative_id)
    return _signed_in(
        settings, _Holder(user=user, cooperative_status=status, row=row), None
    )


def list_sessions(
    database: Database, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """The caller's sessions that have not ended."""
    owner, limit = f"sessions {caller.subject}", command["limit"]
    with opened(database, caller.cooperative_id) as session:
        rows = store.list_sessions(
            session,
            caller.cooperative_id,
            caller.subject,
            now=clock.now(),
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Session(), shown),
        "next_cursor": next_cursor,
    }


def end_session(
    database: Database, caller: Identity, session_id: str
) -> dict[str, Any]:
    """End one of the caller's sessions; again changes nothing."""
    with opened(database, caller.cooperative_id) as session:
        row = store.lock_session(session, session_id)
        if row is None or row.user_id != caller.subject:
            raise NotFound("There is no such session.")
        if row.ended_at is None:
            is_own = session_id == caller.session_id
            _end(session, row, "signed_out" if is_own else "revoked")
        return answers.one(contract.Session(), row)


def list_ended_sessions(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """The sessions that ended since, or while access tokens of today are still good."""
    now = clock.now()
    oldest = now - timedelta(seconds=settings.token_seconds) - OVERLAP
    since = max(oldest, command["since"] - OVERLAP) if command["since"] else oldest
    with database.hub() as session:
        items = store.list_ended(session, since)
    return answers.one(contract.EndedSessions(), {"items": items, "as_of": now})


def forget_old_sessions(database: Database) -> None:
    """Drop sessions, links and failed attempts that were over long ago."""
    with database.hub() as session:
        store.forget_old(
            session,
            over_before=clock.now() - domain.KEPT_AFTER_END,
            failed_before=clock.now() - domain.FAILURES_KEPT,
        )


def _recognised(
    database: Database, settings: Settings, command: dict[str, Any]
) -> tuple[users.Candidate, set[bytes]]:
    """Who it is, and the logins under which the attempt was counted."""
    with database.hub() as session:
        login_hash = profiles.login_hash(
            session, settings, logins.normalised(command["login"])
        )
        found = users.find_by_login(session, login_hash, command["cooperative_code"])
        hashes = {login_hash}.union(*(attempts.hashes_of(one.user) for one in found))
        wait = attempts.count(session, hashes)
    able = [one for one in found if _may_sign_in(one)]
    # Somebody always has to be compared with: time must not tell who exists.
    tried = [one.user.password_hash for one in able] or [None]
    are_right = [passwords.is_password(command["password"], one) for one in tried]
    if wait:
        raise contract.TooManyAttempts(details={"retry_after": wait})
    right = [one for one, is_right in zip(able, are_right, strict=False) if is_right]
    if not right:
        raise contract.InvalidLogin
    if len(right) > 1:
        with database.hub() as session:
            attempts.give_back(session, hashes)
        raise contract.CooperativeCodeRequired
    return right[0], hashes


def _may_sign_in(candidate: users.Candidate) -> bool:
    is_active = candidate.user.status == ACTIVE
    return is_active and domain.may_sign_in(candidate.cooperative_status)


def _still_the_same(session: Session, seen: User) -> User:
    """The user, locked, if nobody changed what was just proved. Raises InvalidLogin."""
    user = users.lock_user(session, seen.id)
    if user is None or user.status != ACTIVE:
        raise contract.InvalidLogin
    if user.password_hash != seen.password_hash:
        raise contract.InvalidLogin
    return user


def _begin(
    session: Session, settings: Settings, user: User, command: dict[str, Any]
) -> tuple[UserSession, RefreshToken]:
    now, is_remembered = clock.now(), command["remember"]
    token = RefreshToken(
        identifiers.new("ses"), crypto.new_secret(), crypto.new_secret()
    )
    has_proved = user.totp_confirmed_at is not None
    row = store.add_session(
        session,
        id=token.session_id,
        cooperative_id=user.cooperative_id,
        user_id=user.id,
        family_hash=lookup.hashed(session, settings, FAMILY, token.family),
        refresh_hash=lookup.hashed(session, settings, REFRESH, token.secret),
        is_remembered=is_remembered,
        device=command["device"],
        created_at=now,
        used_at=now,
        expires_at=now + domain.lasts_for(is_remembered=is_remembered),
        strong_until=now + domain.STRONG_FOR if has_proved else None,
    )
    user.signed_in_at = now
    session.flush()
    return row, token


def _refreshed(
    session: Session, settings: Settings, given: RefreshToken
) -> tuple[_Holder | None, RefreshToken | None]:
    """The holder and the next token; None when there is none to be had."""
    row = store.lock_session(session, given.session_id)
    if row is None or not crypto.is_same(
        row.family_hash, lookup.hashed(session, settings, FAMILY, given.family)
    ):
        return None, None
    if row.ended_at is not None or row.expires_at <= clock.now():
        return None, None
    hashed = lookup.hashed(session, settings, REFRESH, given.secret)
    if not crypto.is_same(row.refresh_hash, hashed):
        _end(session, row, "token_reused")
        return None, None
    user = users.find_user(session, row.user_id)
    status = users.find_cooperative_status(session, row.cooperative_id)
    if user is None or not _may_sign_in(users.Candidate(user, status)):
        return None, None
    token = given._replace(secret=crypto.new_secret())
    row.refresh_hash = lookup.hashed(session, settings, REFRESH, token.secret)
    row.used_at = clock.now()
    session.flush()
    return _Holder(user=user, cooperative_status=status, row=row), token


def _is_confirmed(
    session: Session, settings: Settings, user: User, command: dict[str, Any]
) -> bool:
    if command["code"] is not None:
        return second_factors.is_second_factor(session, settings, user, command["code"])
    return passwords.is_password(str(command["pin"]), user.pin_hash)


def _open_row(session: Session, caller: Identity, session_id: str) -> UserSession:
    """The caller's session, if it goes on. Raises InvalidRefreshToken."""
    row = store.lock_session(session, session_id)
    if row is None or row.user_id != caller.subject or row.ended_at is not None:
        raise contract.InvalidRefreshToken
    return row


def _end(session: Session, row: UserSession, reason: str) -> None:
    row.ended_at, row.end_reason = clock.now(), reason
    session.flush()


def _signed_in(
    settings: Settings, holder: _Holder, token: RefreshToken | None
) -> dict[str, Any]:
    """The answer, with an access token that says what the user may do by now."""
    user, row = holder.user, holder.row
    has_second_factor = user.totp_confirmed_at is not None
    now = clock.now()
    caller = Identity(
        subject=user.id,
        cooperative_id=user.cooperative_id,
        scopes=domain.scopes_of(
            user.roles, holder.cooperative_status, has_second_factor=has_second_factor
        ),
        roles=frozenset(user.roles),
        member_id=user.member_id or "",
        session_id=row.id,
        strong_until=_timestamp(row.strong_until),
    )
    # No access token outlives its session.
    left = int((row.expires_at - now).total_seconds())
    seconds = max(1, min(settings.token_seconds, left))
    needs_factor = domain.needs_second_factor(user.roles)
    return answers.one(
        contract.SignedIn(),
        {
            "session_id": row.id,
            "user_id": user.id,
            "cooperative_id": user.cooperative_id,
            "member_id": user.member_id,
            "roles": list(user.roles),
            "scope": " ".join(sorted(caller.scopes)),
            "access_token": identity.sign(
                caller, settings.identity_key, audience="api", seconds=seconds
            ),
            "token_type": "Bearer",
            "expires_in": seconds,
            "refresh_token": str(token) if token else None,
            "session_expires_at": row.expires_at,
            "remembered": row.is_remembered,
            "strong_until": row.strong_until,
            "must_enrol_second_factor": needs_factor and not has_second_factor,
        },
    )


def _timestamp(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment is not None else 0

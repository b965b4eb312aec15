"""Second factors: authenticator apps, recovery codes, and proving one has them."""

from __future__ import annotations

import base64
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import sessions as domain
from services.members.models import User
from services.members.operations import (
    attempts,
    audit,
    links,
    lookup,
    passwords,
    profiles,
    users,
)
from services.members.operations.attempts import opened
from services.members.store import sessions
from services.members.store import users as store
from services.shared import clock, crypto
from services.shared.contracts import answers
from services.shared.contracts.members import second_factors as contract
from services.shared.contracts.members.sessions import InvalidSecondFactor
from services.shared.errors import InvariantViolated
from services.shared.identity import Actor, Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings

RECOVERY_CODES: Final = 10
RECOVERY: Final = "members recovery codes"
ISSUER: Final = "Koperasi Hub"
GROUPS: Final = 3
GROUP_LENGTH: Final = 4
# No letter that looks like a digit or another letter: they are written on paper.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def is_second_factor(
    session: Session, settings: Settings, user: User, code: str
) -> bool:
    """Whether ``code`` is a fresh code of the app or an unused recovery code.

    It is used up by this: ``user`` must be locked.
    """
    if user.totp_secret is None or user.totp_confirmed_at is None:
        return False
    compact = code.replace(" ", "").replace("-", "").casefold()
    if compact.isascii() and compact.isdigit():
        return _use_step(session, settings, user, compact)
    hashed = lookup.hashed(session, settings, RECOVERY, f"{user.id} {compact}")
    return store.use_recovery_code(session, user.id, hashed, clock.now())


def get_security(database: Database, caller: Identity) -> dict[str, Any]:
    """How well the caller's account is protected."""
    with opened(database, caller.cooperative_id) as session:
        return _security(session, passwords.locked(session, caller))


def enrol_second_factor(
    database: Database, settings: Settings, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """A new secret for the caller's app; it counts once a code has confirmed it.

    Raises WrongPassword, TooManyAttempts and SecondFactorEnrolled.
    """
    passwords.prove(database, caller, command["password"])
    secret = crypto.new_totp_secret()
    with opened(database, caller.cooperative_id) as session:
        user = passwords.locked(session, caller)
        if user.totp_confirmed_at is not None:
            raise contract.SecondFactorEnrolled
        cipher = profiles.cipher_of(session, settings, user.cooperative_id)
        user.totp_secret = cipher.encrypt(secret, place(user.id))
        user.totp_step = None
        session.flush()
        account = profiles.of_user(session, settings, user).email
    return answers.one(
        contract.Enrolment(),
        {
            "secret": base64.b32encode(secret).decode(),
            "uri": crypto.totp_uri(secret, account=account, issuer=ISSUER),
        },
    )


def confirm_second_factor(
    database: Database, settings: Settings, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Let the app count from now on; the recovery codes are shown this once.

    The session is fresh by it: the next access token brings the rights that waited.
    Raises NoSecondFactor, SecondFactorEnrolled, InvalidSecondFactor, TooManyAttempts.
    """
    _count(database, caller)
    with opened(database, caller.cooperative_id) as session:
        user = passwords.locked(session, caller)
        if user.totp_confirmed_at is not None:
            raise contract.SecondFactorEnrolled
        if user.totp_secret is None:
            raise contract.NoSecondFactor
        if not _use_step(session, settings, user, command["code"].replace(" ", "")):
            raise InvalidSecondFactor
        user.totp_confirmed_at = clock.now()
        session.flush()
        codes = _new_recovery_codes(session, settings, user)
        strengthen(session, caller.session_id)
        return _finished(session, settings, user, "diaktifkan", codes)


def renew_recovery_codes(
    database: Database, settings: Settings, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Other recovery codes instead of those that there are.

    Raises NoSecondFactor, InvalidSecondFactor and TooManyAttempts.
    """
    _count(database, caller)
    with opened(database, caller.cooperative_id) as session:
        user = _proved(session, settings, caller, command["code"])
        codes = _new_recovery_codes(session, settings, user)
        return _finished(session, settings, user, "mendapat kode baru", codes)


def remove_second_factor(
    database: Database, settings: Settings, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Have no second factor any more; every session ends, this one too.

    Raises WrongPassword, NoSecondFactor, InvalidSecondFactor and TooManyAttempts.
    """
    passwords.prove(database, caller, command["password"])
    _count(database, caller)
    with opened(database, caller.cooperative_id) as session:
        user = _proved(session, settings, caller, command["code"])
        users.forget_second_factor(session, user)
        sessions.end_sessions(session, [user.id], "second_factor_changed", clock.now())
        answer = _security(session, user)
        _finished(session, settings, user, "dihapus", [])
        return answer


def strengthen(session: Session, session_id: str) -> None:
    """The second factor of this session counts as fresh for a while."""
    row = sessions.lock_session(session, session_id)
    if row is not None:
        row.strong_until = clock.now() + domain.STRONG_FOR
        session.flush()


def place(user_id: str) -> bytes:
    """What a sealed secret is bound to."""
    return f"users.totp_secret:{user_id}".encode()


def _use_step(session: Session, settings: Settings, user: User, code: str) -> bool:
    if user.totp_secret is None:
        return False
    cipher = profiles.cipher_of(session, settings, user.cooperative_id)
    secret = cipher.decrypt(user.totp_secret, place(user.id))
    step = crypto.totp_step(secret, code, clock.now().timestamp())
    if step is None or (user.totp_step is not None and step <= user.totp_step):
        return False
    user.totp_step = step
    session.flush()
    return True


def _proved(session: Session, settings: Settings, caller: Identity, code: str) -> User:
    user = passwords.locked(session, caller)
    if user.totp_confirmed_at is None:
        raise contract.NoSecondFactor
    if not is_second_factor(session, settings, user, code):
        raise InvalidSecondFactor
    return user


def _count(database: Database, caller: Identity) -> None:
    with opened(database, caller.cooperative_id) as session:
        user = passwords.locked(session, caller)
    attempts.count_or_refuse(database, user)


def _new_recovery_codes(session: Session, settings: Settings, user: User) -> list[str]:
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    key = lookup.key(session, settings, RECOVERY)
    store.replace_recovery_codes(
        session,
        user.cooperative_id,
        user.id,
        [
            crypto.keyed_hash(key, f"{user.id} {code.replace('-', '')}")
            for code in codes
        ],
    )
    return codes


def _recovery_code() -> str:
    """Twelve characters, 59 bits: such as ``k3vd-9x2m-p7qa``, never digits alone."""
    while True:
        groups = [
            "".join(
                ALPHABET[crypto.new_number(len(ALPHABET))] for _ in range(GROUP_LENGTH)
            )
            for _ in range(GROUPS)
        ]
        # Digits alone would be taken for a code of the app.
        if not "".join(groups).isdigit():
            return "-".join(groups)


def _finished(
    session: Session, settings: Settings, user: User, change: str, codes: list[str]
) -> dict[str, Any]:
    """Tell the user by e-mail, and the trail; the answer with the codes."""
    attempts.forgive(session, attempts.hashes_of(user))
    links.tell(session, settings, user, "second_factor_changed", {"change": change})
    actor = Actor(cooperative_id=user.cooperative_id, subject=user.id)
    audit.record(session, actor, "user.second_factor_changed", user.id)
    return answers.one(contract.RecoveryCodes(), {"codes": codes})


def _security(session: Session, user: User) -> dict[str, Any]:
    if user.password_hash is None:
        raise InvariantViolated(f"{user.id} is signed in without a password")
    return answers.one(
        contract.Security(),
        {
            "has_second_factor": user.totp_confirmed_at is not None,
            "must_have_second_factor": domain.needs_second_factor(user.roles),
            "recovery_codes_left": store.count_recovery_codes(session, user.id),
            "has_pin": user.pin_hash is not None,
        },
    )

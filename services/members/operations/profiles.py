"""What is known of a person who signs in: name, e-mail, telephone; kept encrypted."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import logins, phones
from services.members.models import User
from services.members.operations import lookup, personal_data
from services.shared import crypto
from services.shared.contracts.members.membership import InvalidPhone
from services.shared.identity import HUB
from services.shared.settings import Settings

LOGIN: Final = "members logins"
OPERATORS: Final = "members operators"
HUB_NAME: Final = "Koperasi Hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A person as others address them; e-mail and phone as they are compared."""

    name: str
    email: str
    phone: str | None = None


def given(*, name: str, email: str, phone: str | None = None) -> Profile:
    """A profile out of what somebody typed. Raises InvalidPhone."""
    number = phones.e164(phone) if phone else None
    if phone and number is None:
        raise InvalidPhone
    return Profile(name=name.strip(), email=logins.email(email), phone=number)


def seal(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    user_id: str,
    profile: Profile,
) -> bytes:
    """The profile as a value for the user's row."""
    cipher = cipher_of(session, settings, cooperative_id)
    return cipher.encrypt(json.dumps(asdict(profile)).encode(), place(user_id))


def of_user(session: Session, settings: Settings, user: User) -> Profile:
    """The profile of a user, readable."""
    cipher = cipher_of(session, settings, user.cooperative_id)
    return Profile(**json.loads(cipher.decrypt(user.personal_data, place(user.id))))


def place(user_id: str) -> bytes:
    """What a sealed profile is bound to."""
    return f"users.personal_data:{user_id}".encode()


def cipher_of(
    session: Session, settings: Settings, cooperative_id: str
) -> crypto.FieldCipher:
    """What encrypts the users of one tenant; operators have no cooperative's key."""
    if cooperative_id == HUB:
        # Kept wrapped among the look-up keys, so a new master secret changes nothing.
        return crypto.FieldCipher(lookup.key(session, settings, OPERATORS))
    return personal_data.cipher(session, settings, cooperative_id)


def login_hash(session: Session, settings: Settings, login: str) -> bytes:
    """What finds a login, normalised, at whatever cooperative."""
    return lookup.hashed(session, settings, LOGIN, login)


def hashes(session: Session, settings: Settings, profile: Profile) -> dict[str, bytes]:
    """The columns that find this person; no phone, no hash of it."""
    found = {"email_hash": login_hash(session, settings, profile.email)}
    if profile.phone is not None:
        found["phone_hash"] = login_hash(session, settings, profile.phone)
    return found


def cooperative_name(session: Session, cooperative_id: str) -> str:
    """What the tenant is called towards people."""
    cooperative = store.find_cooperative(session, cooperative_id)
    return cooperative.name if cooperative is not None else HUB_NAME

"""People who sign in, for tests: as identities for operations, as tokens for HTTP."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Final

from services.members.operations import profiles, users
from services.shared import access, clock, crypto, identifiers, identity
from services.shared.identity import HUB, Identity
from services.shared.settings import Settings
from tests.factories.members import Tenant, World

PASSWORD: Final = "Melati-Putih-42"
STRONG_SECONDS: Final = 300

_numbers = itertools.count(1)


@cache
def password_hash() -> str:
    """The hash of PASSWORD, made once: hashing is slow on purpose."""
    return crypto.hash_password(PASSWORD)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who may sign in, and what they sign in with."""

    user_id: str
    cooperative_id: str
    email: str
    phone: str
    roles: tuple[str, ...]
    member_id: str | None = None

    def identity(self, *, session_id: str = "", is_strong: bool = True) -> Identity:
        """Who this is once signed in, by default with a fresh second factor."""
        now = int(clock.now().timestamp())
        is_operator = self.cooperative_id == HUB
        return Identity(
            subject=self.user_id,
            cooperative_id=self.cooperative_id,
            scopes=frozenset({"operator"})
            if is_operator
            else access.scopes_of_roles(self.roles),
            roles=frozenset(self.roles),
            member_id=self.member_id or "",
            session_id=session_id or identifiers.new("ses"),
            strong_until=now + STRONG_SECONDS if is_strong else 0,
        )


def person(tenant: Tenant, *roles: str, is_strong: bool = True) -> Identity:
    """A signed-in person of the cooperative; one with role anggota is a full member."""
    return user(tenant, *roles).identity(is_strong=is_strong)


def user(tenant: Tenant, *roles: str, name: str = "Sari Dewi") -> Person:
    """An active user of the cooperative, whose password is PASSWORD."""
    member_id = tenant.member(name)["id"] if access.MEMBER_ROLE in roles else None
    return _add(tenant.world, tenant.id, roles, name, member_id)


def operator(world: World, name: str = "Made Wirawan") -> Person:
    """A person who runs the hub."""
    return _add(world, HUB, ("operator",), name, None)


def _add(
    world: World,
    cooperative_id: str,
    roles: tuple[str, ...],
    name: str,
    member_id: str | None,
) -> Person:
    number = next(_numbers)
    email = f"orang{number}.{identifiers.new('x')[-8:]}@contoh.id"
    phone = f"+62812{clock.now().microsecond:06d}{number % 100:02d}"
    with world.members.hub() as session:
        made = users.add(
            session,
            world.settings,
            cooperative_id,
            profiles.given(name=name, email=email, phone=phone),
            roles=roles,
            password_hash=password_hash(),
            member_id=member_id,
        )
    return Person(
        user_id=made.id,
        cooperative_id=cooperative_id,
        email=email,
        phone=phone,
        roles=roles,
        member_id=member_id,
    )


def bearer(settings: Settings, caller: Identity) -> str:
    """An access token of this identity, for tests through HTTP."""
    return identity.sign(caller, settings.identity_key, audience="api", seconds=600)

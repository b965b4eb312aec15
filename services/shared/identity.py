"""Who is asking: the signed identity that travels from the gateway to every service.

The same signed form serves as access token at the gateway (audience ``api``) and in the
message context between services (audience ``bus``). A service that passes a request on
signs it again with its own name, so the receiver knows both the cooperative on whose
behalf and the service through which a request came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import jwt

from services.shared import clock
from services.shared.errors import NotAuthenticated

HUB: Final = "hub"
"""The hub's own book and the operator's tenant."""

ALGORITHM: Final = "HS512"
BUS_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller: the subject, its tenant, what it may do, and the service it came by.

    A machine is its client id and its scopes. A person is a user id, with the roles
    that its scopes come from, the membership it has (if any), its session, and until
    when its second factor counts as fresh (Unix time; 0 for never).
    """

    subject: str
    cooperative_id: str
    scopes: frozenset[str]
    service: str = ""
    roles: frozenset[str] = frozenset()
    member_id: str = ""
    session_id: str = ""
    strong_until: int = 0

    @property
    def is_operator(self) -> bool:
        """Whether the caller runs the hub itself."""
        return self.cooperative_id == HUB and "operator" in self.scopes

    @property
    def is_person(self) -> bool:
        """Whether somebody signed in, and not a machine."""
        return bool(self.session_id)

    def is_strong(self, now: float) -> bool:
        """Whether a second factor was given lately; a machine's secret is enough."""
        return not self.is_person or now < self.strong_until

    def through(self, service: str) -> Identity:
        """The same caller, speaking through ``service``."""
        return replace(self, service=service)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and the cooperative in whose audit trail it is written.

    ``subject`` is that of the caller's identity, or such as ``service:members`` for a
    timer.
    """

    cooperative_id: str
    subject: str
    request_id: str | None = None


def of_service(service: str) -> Identity:
    """The identity of a service acting by itself: timers, sweepers, relays."""
    return Identity(
        subject=f"service:{service}",
        cooperative_id=HUB,
        scopes=frozenset(),
        service=service,
    )


def sign(identity: Identity, key: str, *, audience: str, seconds: int) -> str:
    """A token for ``identity`` that is good for ``seconds``."""
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "sub": identity.subject,
        "coop": identity.cooperative_id,
        "scope": " ".join(sorted(identity.scopes)),
        "via": identity.service,
        "aud": audience,
        "iat": now,
        "exp": now + seconds,
    }
    if identity.is_person:
        claims |= {
            "roles": " ".join(sorted(identity.roles)),
            "mem": identity.member_id,
            "sid": identity.session_id,
            "strong": identity.strong_until,
        }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def verify(token: str, key: str | tuple[str, ...], *, audience: str) -> Identity:
    """The identity in ``token``, signed with ``key`` or with one of several.

    Raises NotAuthenticated when the signature, the audience or the expiry is wrong.
    """
    keys = (key,) if isinstance(key, str) else key
    identity, expires_at = _verify_once(token, keys, audience)
    if clock.now().timestamp() >= expires_at:
        raise NotAuthenticated("The access token has expired.")
    return identity


@lru_cache(maxsize=4096)
def _verify_once(
    token: str, keys: tuple[str, ...], audience: str
) -> tuple[Identity, int]:
    """The costly half of `verify`; the cheap half, expiry, is checked every time."""
    claims = _claims(token, keys, audience)
    identity = Identity(
        subject=claims["sub"],
        cooperative_id=claims["coop"],
        scopes=frozenset(claims["scope"].split()),
        service=claims["via"],
        roles=frozenset(claims.get("roles", "").split()),
        member_id=claims.get("mem", ""),
        session_id=claims.get("sid", ""),
        strong_until=int(claims.get("strong", 0)),
    )
    return identity, int(claims["exp"])


def _claims(token: str, keys: tuple[str, ...], audience: str) -> dict[str, Any]:
    for key in keys:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=audience,
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidSignatureError:
            # While the master secret is changed there are two keys.
            continue
        except jwt.InvalidTokenError as error:
            raise NotAuthenticated from error
    raise NotAuthenticated


@lru_cache(maxsize=4096)
def _signed_in_period(identity: Identity, key: str, _period: int) -> str:
    return sign(identity, key, audience="bus", seconds=BUS_SECONDS)


def sign_for_bus(identity: Identity, key: str) -> str:
    """A bus token, made once per identity and half its lifetime."""
    period = int(clock.now().timestamp()) // (BUS_SECONDS // 2)
    return _signed_in_period(identity, key, period)

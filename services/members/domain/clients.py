"""Machines that act for a cooperative or for the operator: secrets and scopes."""

from __future__ import annotations

import secrets
from typing import Final

ACTIVE: Final = "active"
REVOKED: Final = "revoked"

OPERATOR_SCOPES: Final = frozenset({"operator"})
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A client secret of 256 random bits.

    At this strength a keyed hash is enough to store it: there is nothing to guess, so
    the slowness of a password hash would only slow down signing in.
    """
    return secrets.token_urlsafe(SECRET_BYTES)


def granted_scopes(held: frozenset[str], requested: str | None) -> frozenset[str]:
    """The scopes of a token: all that the client holds, or the part it asks for.

    ``requested`` is separated by spaces (RFC 6749 section 3.3). Raises ValueError
    naming the first scope that the client does not hold.
    """
    wanted = (requested or "").split()
    for scope in wanted:
        if scope not in held:
            raise ValueError(scope)
    return frozenset(wanted) or held

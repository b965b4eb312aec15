"""Machines that act for a cooperative or for the operator: states and scopes."""

from __future__ import annotations

from typing import Final

ACTIVE: Final = "active"
REVOKED: Final = "revoked"

OPERATOR_SCOPES: Final = frozenset({"operator"})


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

"""Machines that act for a cooperative or for the operator: states and scopes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.shared import access

ACTIVE: Final = "active"
REVOKED: Final = "revoked"

OPERATOR_SCOPES: Final = frozenset({"operator"})


def granted_scopes(held: frozenset[str], requested: str | None) -> frozenset[str]:
    """The scopes of a token: all that the client holds, or the part it asks for.

    ``requested`` is separated by spaces (RFC 6749 section 3.3), each as a client's
    scopes are written. Raises ValueError naming the first scope that is unknown or that
    the client does not hold.
    """
    wanted: set[str] = set()
    for scope in (requested or "").split():
        granted = {scope} if scope in held else access.expand([scope])
        if not granted <= held:
            raise ValueError(scope)
        wanted |= granted
    return frozenset(wanted) or held


def held_scopes(stored: Iterable[str]) -> frozenset[str]:
    """What a client may do whose scopes are ``stored`` as they were asked for."""
    scopes = frozenset(stored)
    return scopes if scopes == OPERATOR_SCOPES else access.expand(scopes)

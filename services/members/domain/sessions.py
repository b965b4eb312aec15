"""How long people stay signed in, and what they may do meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from services.members.domain import cooperatives
from services.shared import access

# R12 and C11: "ingatkan saya" is a session that lasts, never a stored password.
REMEMBERED_FOR: Final = timedelta(days=30)
LASTS_FOR: Final = timedelta(hours=12)
STRONG_FOR: Final = timedelta(minutes=5)
"""How long a second factor counts as fresh."""

KEPT_AFTER_END: Final = timedelta(days=35)
FAILURES_KEPT: Final = timedelta(days=1)
"""Much longer than a lock, and short: a stranger decides how many there are."""

OPERATOR: Final = "operator"

JOINING_SCOPES: Final = frozenset(
    f"{resource}:{action}"
    for resource in ("branches", "cooperative", "documents", "users")
    for action in ("read", "write")
)
"""What the staff of a cooperative does before it is active: no member, no money yet."""

_SIGN_IN_ENDED: Final = frozenset(
    {cooperatives.DEACTIVATED, cooperatives.CLOSING, cooperatives.CLOSED}
)


def lasts_for(*, is_remembered: bool) -> timedelta:
    """How long a session lasts from signing in, used or not."""
    return REMEMBERED_FOR if is_remembered else LASTS_FOR


def may_sign_in(cooperative_status: str | None) -> bool:
    """Whether the people of a cooperative in this state are let in.

    Earlier than its machines: somebody has to enter its legality data. The operators'
    tenant has no state.
    """
    return cooperative_status not in _SIGN_IN_ENDED


def needs_second_factor(roles: Collection[str]) -> bool:
    """Whether who holds these roles moves money, approves, or runs the hub."""
    return OPERATOR in roles or not access.STRONG_ROLES.isdisjoint(roles)


def scopes_of(
    roles: Collection[str], cooperative_status: str | None, *, has_second_factor: bool
) -> frozenset[str]:
    """What somebody may do who signed in with these roles.

    Whoever must have a second factor and has none may see to that and nothing else.
    """
    if needs_second_factor(roles) and not has_second_factor:
        return frozenset()
    if OPERATOR in roles:
        return frozenset({OPERATOR})
    scopes = access.scopes_of_roles(roles)
    if cooperative_status != cooperatives.ACTIVE:
        return scopes & (JOINING_SCOPES | access.SELF_SCOPES)
    return scopes

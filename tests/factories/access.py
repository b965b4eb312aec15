"""Everybody who may call: one identity of each kind, and what each may do by rule."""

from __future__ import annotations

from typing import Final

from services.gateway.http.operations import Operation
from services.shared import access
from services.shared.access import Rule
from services.shared.contracts.members.partners import PARTNER_SCOPES
from services.shared.errors import NotAllowed
from services.shared.identity import HUB, Identity

ROLES: Final = (
    "anggota", "teller", "analis", "komite", "bendahara", "pengurus", "pengawas",
    "admin",
)  # fmt: skip
OPERATOR: Final = "operator"
MACHINE: Final = "machine"
PARTNER: Final = "partner"
CALLERS: Final = (OPERATOR, MACHINE, *ROLES, PARTNER)

FAR_FUTURE: Final = 2**40


def identity_of(caller: str, cooperative_id: str, member_id: str = "") -> Identity:
    """Somebody of this kind; people have a fresh second factor."""
    if caller == OPERATOR:
        return Identity(
            subject="operator", cooperative_id=HUB, scopes=frozenset({"operator"})
        )
    if caller == MACHINE:
        return Identity(
            subject="cli_everything",
            cooperative_id=cooperative_id,
            scopes=access.expand(["*"]),
        )
    if caller == PARTNER:
        return Identity(
            subject="snp_everything",
            cooperative_id=cooperative_id,
            scopes=frozenset(PARTNER_SCOPES),
        )
    return Identity(
        subject=f"usr_{caller}",
        cooperative_id=cooperative_id,
        scopes=access.ROLE_SCOPES[caller],
        roles=frozenset({caller}),
        member_id=member_id if caller == access.MEMBER_ROLE else "",
        session_id=f"ses_{caller}",
        strong_until=FAR_FUTURE,
    )


def everybody_in_one(cooperative_id: str) -> Identity:
    """A person with every role there is, which nobody has."""
    return Identity(
        subject="usr_everything",
        cooperative_id=cooperative_id,
        scopes=access.scopes_of_roles(ROLES) | access.TENANT_SCOPES,
        roles=frozenset(ROLES),
        session_id="ses_everything",
        strong_until=FAR_FUTURE,
    )


def admits(rule: Rule, identity: Identity | None) -> bool:
    """Whether a rule lets somebody in."""
    try:
        rule(identity)
    except NotAllowed:
        return False
    return True


def may_call(operation: Operation, caller: str) -> bool:
    """Whether a caller of this kind gets past the gateway's rule."""
    if operation.is_public:
        return True
    # A token of one audience opens nothing of another.
    if (caller == PARTNER) != (operation.dialect is not None):
        return False
    return admits(operation.rule, identity_of(caller, "coop_own"))

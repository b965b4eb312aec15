"""Who may call an entrypoint: the rules that every entrypoint has to name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from services.shared.errors import NotAllowed, StepUpRequired
from services.shared.identity import Identity

Rule = Callable[[Identity | None], None]
"""Returns for an allowed caller, raises NotAllowed for any other."""

RESOURCES: Final = (
    "accounts",
    "applications",
    "approvals",
    "audit",
    "branches",
    "cash",
    "collections",
    "cooperative",
    "deposits",
    "disbursements",
    "documents",
    "imports",
    "insurance",
    "jobs",
    "kyc",
    "ledger",
    "loans",
    "members",
    "partners",
    "payments",
    "products",
    "transfers",
    "users",
    "wallet",
    "webhooks",
)
"""What scopes are about. `approvals:write` lets one approve what others proposed."""

TENANT_SCOPES: Final = frozenset(
    f"{resource}:{action}" for resource in RESOURCES for action in ("read", "write")
)
SELF_SCOPES: Final = frozenset({"self:read", "self:write"})
"""What a member may see and do for itself; no machine holds them, not even by `*`."""

READ_ALL: Final = frozenset(scope for scope in TENANT_SCOPES if scope.endswith(":read"))


def _bundle(*scopes: str) -> frozenset[str]:
    """The scopes named, with reading wherever there is writing."""
    return frozenset(scopes) | {one.replace(":write", ":read") for one in scopes}


ROLE_SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "anggota": SELF_SCOPES,
    "teller": _bundle(
        "members:write",
        "accounts:write",
        "deposits:write",
        "documents:write",
        "cash:write",
        # Tellers hand out virtual accounts: money can only come in by them.
        "payments:write",
        "products:read",
        "branches:read",
        "applications:write",
        "loans:read",
    ),
    "analis": _bundle(
        "members:read",
        "accounts:read",
        "deposits:read",
        "documents:write",
        "applications:write",
        "collections:write",
        "kyc:write",
        "insurance:read",
        "loans:read",
        "products:read",
        "branches:read",
    ),
    "komite": _bundle(
        "members:read",
        "accounts:read",
        "deposits:read",
        "documents:read",
        "products:read",
        "applications:read",
        "collections:read",
        "insurance:read",
        "kyc:read",
        "loans:read",
        "approvals:write",
    ),
    "bendahara": _bundle(
        "members:read",
        "accounts:write",
        "deposits:write",
        "cash:write",
        "ledger:write",
        "transfers:write",
        "wallet:write",
        "payments:write",
        "jobs:write",
        "approvals:write",
        "applications:read",
        "collections:read",
        "disbursements:write",
        "insurance:write",
        "loans:write",
        "products:read",
        "branches:read",
    ),
    "pengurus": READ_ALL
    | _bundle(
        "users:write",
        "members:write",
        "products:write",
        "branches:write",
        "cooperative:write",
        "approvals:write",
        "documents:write",
        "collections:write",
        "insurance:write",
        "loans:write",
    ),
    # R101: the supervisors see everything and change nothing.
    "pengawas": READ_ALL,
    "admin": _bundle(
        "users:write",
        "branches:write",
        "cooperative:write",
        "members:write",
        "documents:write",
        "products:write",
        "imports:write",
        "jobs:write",
        "webhooks:write",
        "partners:write",
        "payments:read",
        "accounts:read",
        "deposits:read",
        "audit:read",
    ),
}
"""What each role of a cooperative may do (R99-R104): a role is a bundle of scopes."""

MEMBER_ROLE: Final = "anggota"
STAFF_ROLES: Final = frozenset(ROLE_SCOPES) - {MEMBER_ROLE}

# Roles that move money or approve: their users must have a second factor.
STRONG_ROLES: Final = frozenset(
    role
    for role, scopes in ROLE_SCOPES.items()
    if scopes
    & {
        "accounts:write",
        "cash:write",
        "approvals:write",
        "disbursements:write",
        "loans:write",
        "transfers:write",
    }
)


def scopes_of_roles(roles: Iterable[str]) -> frozenset[str]:
    """Everything that these roles may do together. Raises ValueError for no role."""
    held: frozenset[str] = frozenset()
    for role in roles:
        if role not in ROLE_SCOPES:
            raise ValueError(role)
        held |= ROLE_SCOPES[role]
    return held


RESOURCE_OF_PATH: Final = {
    "bulk-transfers": "transfers",
    "fees": "wallet",
    "inquiries": "accounts",
    "journals": "ledger",
}
"""Paths of the API whose noun is not the resource that their scopes are named after."""


def expand(scopes: Iterable[str]) -> frozenset[str]:
    """Every scope that ``scopes`` grant together.

    ``*`` is all of them, a bare resource (``members``, ``members:*``) both of its own;
    who may write may also read. Raises ValueError naming the first unknown scope.
    """
    expanded: set[str] = set()
    for scope in scopes:
        granted = _granted(scope)
        if not granted:
            raise ValueError(scope)
        expanded |= granted
    return frozenset(expanded)


def _granted(scope: str) -> frozenset[str]:
    if scope == "*":
        return TENANT_SCOPES
    noun, colon, action = scope.partition(":")
    resource = RESOURCE_OF_PATH.get(noun, noun)
    grants_both = not colon or action in {"*", "write"}
    actions = ("read", "write") if grants_both else (action,)
    granted = frozenset(f"{resource}:{one}" for one in actions)
    return granted if granted <= TENANT_SCOPES else frozenset()


def scope(*accepted: str) -> Rule:
    """Any caller that holds one of ``accepted``; operators only if it is listed."""

    def check(identity: Identity | None) -> None:
        if identity is None or identity.scopes.isdisjoint(accepted):
            raise NotAllowed(f"This needs the scope {' or '.join(accepted)}.")

    check.__doc__ = f"scope {' or '.join(accepted)}"
    return check


def service(*names: str) -> Rule:
    """Only these services, acting for themselves or for a tenant."""

    def check(identity: Identity | None) -> None:
        if identity is None or identity.service not in names:
            raise NotAllowed("This operation is internal to the hub.")

    check.__doc__ = f"service {' or '.join(names)}"
    return check


def operator(identity: Identity | None) -> None:
    """the hub operator"""
    if identity is None or not identity.is_operator:
        raise NotAllowed("Only the hub operator may do this.")


def person(identity: Identity | None) -> None:
    """somebody who signed in"""
    if identity is None or not identity.is_person:
        raise NotAllowed("Only a person who has signed in may do this.")


def staff(identity: Identity | None) -> None:
    """staff, a cooperative's own system or the hub operator"""
    if identity is None or not (
        identity.is_operator or identity.scopes & TENANT_SCOPES
    ):
        raise NotAllowed


def anyone(_identity: Identity | None) -> None:
    """public"""


def require_strong(identity: Identity, now: float) -> None:
    """Ask for the second factor again when it was not given lately.

    For what moves more than a set amount or approves. Raises StepUpRequired.
    """
    if not identity.is_strong(now):
        raise StepUpRequired


def any_of(*rules: Rule) -> Rule:
    """Whoever one of ``rules`` admits."""

    def check(identity: Identity | None) -> None:
        for rule in rules[:-1]:
            try:
                return rule(identity)
            except NotAllowed:
                continue
        return rules[-1](identity)

    check.__doc__ = " or ".join(rule.__doc__ or "" for rule in rules)
    return check

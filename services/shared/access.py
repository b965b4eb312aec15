"""Who may call an entrypoint: the rules that every entrypoint has to name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from services.shared.errors import NotAllowed
from services.shared.identity import Identity

Rule = Callable[[Identity | None], None]
"""Returns for an allowed caller, raises NotAllowed for any other."""

TENANT_SCOPES: Final = frozenset(
    f"{resource}:{action}"
    for resource in ("members", "accounts", "transfers", "ledger", "wallet")
    for action in ("read", "write")
)


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


def anyone(_identity: Identity | None) -> None:
    """public"""


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

"""Who may call an entrypoint: the rules that every entrypoint has to name."""

from __future__ import annotations

from collections.abc import Callable
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


def expand(scopes: list[str]) -> frozenset[str]:
    """Scopes as stored: ``*`` and bare resources spelled out.

    Raises ValueError naming the first unknown scope.
    """
    expanded: set[str] = set()
    for scope in scopes:
        if scope == "*":
            expanded |= TENANT_SCOPES
            continue
        matching = {
            known
            for known in TENANT_SCOPES
            if known == scope or known.split(":")[0] == scope.removesuffix(":*")
        }
        if not matching:
            raise ValueError(scope)
        expanded |= matching
    return frozenset(expanded)


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

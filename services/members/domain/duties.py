"""Separation of duties: which steps one person may not do both of (R101, R104).

A rule table that everybody who lets something be approved uses. Each row names what is
proposed, the scopes of the two steps, and where the rule comes from. That the two
persons differ is checked where both are known: `refuse_same`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from services.shared.errors import SameProposer


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something that takes two persons: one does a step, another approves it.

    Both steps are entrypoints, each with the scope (or ``operator``) that it needs.
    """

    name: str
    proposed_by: str
    proposed_with: str
    approved_by: str
    approved_with: str
    source: str


DUTIES: Final = (
    Duty(
        name="cash count",
        proposed_by="count_shift",
        proposed_with="cash:write",
        approved_by="accept_count",
        approved_with="approvals:write",
        source="R104",
    ),
    Duty(
        name="contribution recorded by mistake",
        proposed_by="pay_contribution",
        proposed_with="accounts:write",
        approved_by="cancel_contribution",
        approved_with="approvals:write",
        source="R104",
    ),
    Duty(
        name="differences of an import",
        proposed_by="create_import",
        proposed_with="imports:write",
        approved_by="sign_off_import",
        approved_with="approvals:write",
        source="R27",
    ),
    Duty(
        name="member's departure",
        proposed_by="propose_departure",
        proposed_with="members:write",
        approved_by="approve_departure",
        approved_with="approvals:write",
        source="R104",
    ),
    Duty(
        name="proof of payment",
        proposed_by="upload_document",
        proposed_with="documents:write",
        approved_by="accept_document",
        approved_with="documents:write",
        source="R134",
    ),
    Duty(
        name="closing of a cooperative",
        proposed_by="request_closing",
        proposed_with="cooperative:write",
        approved_by="approve_closing",
        approved_with="operator",
        source="R18",
    ),
)
"""What takes two persons, and with which scopes they do their steps."""

SUPERVISOR: Final = "pengawas"
BESIDE_SUPERVISOR: Final = frozenset({SUPERVISOR, "anggota"})
"""Supervisors are elected from the members and hold no other office (R101)."""


def refuse_same(proposer: str, approver: str) -> None:
    """Refuse an approval by whoever proposed it. Raises SameProposer.

    Both are subjects of identities. A machine counts as one person: what its secret
    proposed its secret does not approve.
    """
    if proposer == approver:
        raise SameProposer


def are_compatible(roles: Collection[str]) -> bool:
    """Whether one person may hold these roles together.

    Only R101 is absolute: pengawas read everything and change nothing. Small
    cooperatives give one person several of the other offices, and `refuse_same` keeps
    the steps of each case apart.
    """
    return SUPERVISOR not in roles or set(roles) <= BESIDE_SUPERVISOR

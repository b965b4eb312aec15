"""How a membership ends: which way, through which states, and what stands in the way.

A membership is no thing to be handed on (R105): it ends, and what the member had paid
in goes back once, after everything else is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.members.domain import membership

PROPOSED: Final = "proposed"
APPROVED: Final = "approved"
"""Decided; the savings accounts are being closed, which may still show money in one."""

PAYING: Final = "paying"
"""The membership has ended; what is left is to pay back what was paid in."""

COMPLETED: Final = "completed"
WITHDRAWN: Final = "withdrawn"
RUNNING: Final = frozenset({PROPOSED, APPROVED, PAYING})
UNFINISHED: Final = frozenset({APPROVED, PAYING})
"""What the sweep carries on with."""

KINDS: Final = (
    membership.REFUSED,
    membership.RESIGNED,
    membership.EXPELLED,
    membership.DECEASED,
)


def may_end_as(status: str, kind: str) -> bool:
    """Whether a person of this status can leave in this way.

    A candidate is refused, whatever the reason; a member resigns, is expelled or dies.
    """
    if status == membership.CANDIDATE:
        return kind == membership.REFUSED
    return status == membership.ACTIVE and kind in membership.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that has to be settled before a member can leave."""

    code: str
    detail: str


def blockers(
    *, balances: Mapping[str, int], has_deposits: bool, debt: int
) -> list[Blocker]:
    """Everything that stands in the way of a departure; empty if nothing does.

    ``balances`` are those of the savings accounts by number, ``debt`` is what the
    member owes, both in whole rupiah.
    """
    found = [
        Blocker(code="account_not_empty", detail=f"Account {number} is not empty.")
        for number, balance in sorted(balances.items())
        if balance
    ]
    if has_deposits:
        found.append(
            Blocker(code="deposit_running", detail="A time deposit is still running.")
        )
    if debt:
        found.append(
            Blocker(code="member_owes", detail=f"The member owes {debt} rupiah.")
        )
    return found

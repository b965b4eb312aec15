"""How a cooperative leaves: what stands against it, and in which order it is undone.

After the approval every step is done once and recorded by its state. None can be taken
back, so each stands behind what proves that it may be done: accounts are closed before
the clearing is left, the books exported before the key is destroyed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Protocol

from services.members.domain.peers import Ledger

REQUESTED: Final = "requested"
VERIFIED: Final = "verified"
APPROVED: Final = "approved"
ACCOUNTS_CLOSED: Final = "accounts_closed"
PARTICIPANT_CLOSED: Final = "participant_closed"
EXPORTED: Final = "exported"
KEY_DESTROYED: Final = "key_destroyed"
COMPLETED: Final = "completed"
REJECTED: Final = "rejected"
WITHDRAWN: Final = "withdrawn"

STEPS: Final = (
    APPROVED,
    ACCOUNTS_CLOSED,
    PARTICIPANT_CLOSED,
    EXPORTED,
    KEY_DESTROYED,
    COMPLETED,
)
"""What follows the approval, in its order."""

STATES: Final = (REQUESTED, VERIFIED, *STEPS, REJECTED, WITHDRAWN)
RUNNING: Final = STEPS[:-1]
"""States that the sweep carries on from."""

TERMINAL: Final = frozenset({COMPLETED, REJECTED, WITHDRAWN})

TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    REQUESTED: frozenset({VERIFIED, REJECTED, WITHDRAWN}),
    VERIFIED: frozenset({VERIFIED, APPROVED, REJECTED, WITHDRAWN}),
    # As long as nothing irreversible has happened the approval can be taken back.
    APPROVED: frozenset({ACCOUNTS_CLOSED, REJECTED}),
    ACCOUNTS_CLOSED: frozenset({PARTICIPANT_CLOSED}),
    PARTICIPANT_CLOSED: frozenset({EXPORTED}),
    EXPORTED: frozenset({KEY_DESTROYED}),
    KEY_DESTROYED: frozenset({COMPLETED}),
    COMPLETED: frozenset(),
    REJECTED: frozenset(),
    WITHDRAWN: frozenset(),
}
"""Which state may follow which."""

WORKING_DAYS: Final = 3
"""Within how many working days a request is checked (R18)."""

EXPORT_LIFE: Final = timedelta(days=14)
"""How long the cooperative can fetch its books after it has left."""

MEMBERS_MONEY: Final = ("2-1000", "2-1010", "2-1050", "3-1000", "3-1100")
"""Codes whose balance is the members' and is paid out first.

Voluntary savings, time deposits, interest owed on savings, principal and mandatory
savings.
"""

WORK: Final[Mapping[str, str]] = {
    "payments": "{0} payments are not finished.",
    "deposits": "{0} time deposits are running.",
    "departures": "{0} memberships are being ended.",
    "movements": "{0} movements at the counter are under way.",
    "shifts": "{0} cash drawers have not been counted and accepted.",
}
"""What somebody may still work on, and how that is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a cooperative when its closing is judged.

    ``balances`` are credits less debits by code of the chart; ``position`` is what the
    cooperative owes the hub (negative: is owed), ``reserved`` what transfers under way
    may still take. All in whole rupiah. ``unfinished`` counts what somebody still works
    on, by its name.
    """

    balances: Mapping[str, int]
    position: int
    reserved: int
    unfinished_transfers: int
    unsettled_windows: int
    has_running_policies: bool
    unfinished: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that stands against a closing."""

    field: str
    code: str
    detail: str


def may_follow(state: str, following: str) -> bool:
    """Whether a closing may go from ``state`` to ``following``."""
    return following in TRANSITIONS[state]


def blockers(standing: Standing) -> list[Blocker]:
    """Everything that stands against the closing, R17 first; empty if nothing does."""
    found = []
    if standing.has_running_policies:
        found.append(
            Blocker(
                field="insurance",
                code="policies_running",
                detail="A default insurance policy is still running.",
            )
        )
    if standing.position:
        found.append(
            Blocker(
                field="clearing",
                code="position_open",
                detail=f"The clearing position is {standing.position} rupiah, not 0.",
            )
        )
    if standing.reserved:
        found.append(
            Blocker(
                field="clearing",
                code="money_reserved",
                detail=f"Transfers under way reserve {standing.reserved} rupiah.",
            )
        )
    if standing.unfinished_transfers:
        found.append(
            Blocker(
                field="clearing",
                code="transfers_unfinished",
                detail=f"{standing.unfinished_transfers} transfers are under way.",
            )
        )
    if standing.unsettled_windows:
        found.append(
            Blocker(
                field="clearing",
                code="windows_unsettled",
                detail=f"{standing.unsettled_windows} windows are not settled yet.",
            )
        )
    return [*found, *_unpaid(standing.balances), *_unfinished(standing.unfinished)]


def _unpaid(balances: Mapping[str, int]) -> list[Blocker]:
    return [
        Blocker(
            field=code,
            code="members_not_paid_out",
            detail=f"Members still have {balances[code]} rupiah on {code}.",
        )
        for code in MEMBERS_MONEY
        if balances.get(code)
    ]


def _unfinished(counts: Mapping[str, int]) -> list[Blocker]:
    return [
        Blocker(
            field=name,
            code="work_unfinished",
            detail=WORK[name].format(count),
        )
        for name, count in counts.items()
        if count
    ]


class Books(Ledger, Protocol):
    """The ledger, asked for one cooperative that leaves."""

    def list_postings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a page of all postings of the book."""


class Clearing(Protocol):
    """The clearing, which a cooperative leaves last."""

    def check_leaving(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what still binds a participant."""

    def close_participant(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a participant leave for good and pay its funds out."""


class Insurance(Protocol):
    """The insurance service, which knows whose cover still runs."""

    def has_running_policies(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how many policies of a cooperative run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Whom a closing asks; ``books`` gives the ledger for one cooperative."""

    books: Callable[[str], Books]
    clearing: Clearing
    insurance: Insurance


def document_number(cooperative_code: str, day: date) -> str:
    """The number of a verification document, such as ``PENUTUPAN/2026/11/0101``."""
    return f"PENUTUPAN/{day.year}/{day.month:02d}/{cooperative_code}"


def canonical(snapshot: Mapping[str, Any]) -> str:
    """The text whose SHA-512 is the fingerprint of a verification document."""
    return json.dumps(
        snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )

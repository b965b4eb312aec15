"""What kinds of cooperatives there are, and what states they pass through."""

from __future__ import annotations

from typing import Final

KSP_PRIMER: Final = "ksp_primer"
KSP_SEKUNDER: Final = "ksp_sekunder"
KSU: Final = "ksu"

REGISTERED: Final = "registered"
ACTIVE: Final = "active"
DEACTIVATED: Final = "deactivated"
CLOSING: Final = "closing"
CLOSED: Final = "closed"

MODULES: Final = ("ekyc", "scoring", "loans", "insurance", "bot")
"""What a cooperative may use beside its books (R27)."""


def may_sign_in(status: str) -> bool:
    """Whether the clients of a cooperative in this state get access tokens.

    A registered cooperative has no book yet, a deactivated or closing one has left.
    """
    return status == ACTIVE


def may_have_new_clients(status: str) -> bool:
    """Whether credentials may be prepared: also before activation, not afterwards."""
    return status in {REGISTERED, ACTIVE}


def may_be_activated(status: str) -> bool:
    """Whether the operator may let it take part; who closes never comes back."""
    return status not in {CLOSING, CLOSED}

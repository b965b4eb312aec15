"""What states a cooperative passes through."""

from __future__ import annotations

from typing import Final

REGISTERED: Final = "registered"
ACTIVE: Final = "active"
DEACTIVATED: Final = "deactivated"


def may_sign_in(status: str) -> bool:
    """Whether the clients of a cooperative in this state get access tokens.

    A registered cooperative has no book yet, a deactivated one has left.
    """
    return status == ACTIVE


def may_have_new_clients(status: str) -> bool:
    """Whether credentials may be prepared: also before activation, not afterwards."""
    return status != DEACTIVATED

"""Time deposits."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class DepositEntrypoints(Peers):
    """Time deposits."""

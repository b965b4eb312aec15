"""Cash drawers of tellers."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class CashEntrypoints(Peers):
    """Cash drawers of tellers."""

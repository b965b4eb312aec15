"""How a cooperative leaves the hub."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class ClosingEntrypoints(Peers):
    """How a cooperative leaves the hub."""

"""Documents of members, encrypted."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class DocumentEntrypoints(Peers):
    """Documents of members, encrypted."""

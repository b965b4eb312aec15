"""Taking over members and balances from another system."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class ImportEntrypoints(Peers):
    """Taking over members and balances from another system."""

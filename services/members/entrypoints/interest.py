"""Interest on savings, and the tax on it."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class InterestEntrypoints(Peers):
    """Interest on savings, and the tax on it."""

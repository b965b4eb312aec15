"""SNAP partners and their requests."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class PartnerEntrypoints(Peers):
    """SNAP partners and their requests."""

"""Branches and who works there."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class BranchEntrypoints(Peers):
    """Branches and who works there."""

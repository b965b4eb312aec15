"""The people who sign in, their roles and invitations."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class UserEntrypoints(Peers):
    """The people who sign in, their roles and invitations."""

"""Messages to people."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class NotificationEntrypoints(Peers):
    """Messages to people."""

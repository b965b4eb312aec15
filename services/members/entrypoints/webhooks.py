"""Signed messages to a cooperative's own system."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class WebhookEntrypoints(Peers):
    """Signed messages to a cooperative's own system."""

"""Signed messages to a cooperative's own system."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class WebhookRoutes(Peers):
    """Signed messages to a cooperative's own system."""

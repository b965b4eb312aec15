"""Messages to people."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class NotificationRoutes(Peers):
    """Messages to people."""

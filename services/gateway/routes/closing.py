"""How a cooperative leaves the hub."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class ClosingRoutes(Peers):
    """How a cooperative leaves the hub."""

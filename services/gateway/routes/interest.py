"""Interest on savings, and the tax on it."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class InterestRoutes(Peers):
    """Interest on savings, and the tax on it."""

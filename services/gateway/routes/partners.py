"""SNAP partners."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class PartnerRoutes(Peers):
    """SNAP partners."""

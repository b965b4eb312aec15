"""Jobs by business date."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class JobRoutes(Peers):
    """Jobs by business date."""

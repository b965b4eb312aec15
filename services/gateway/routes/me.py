"""What a member sees and does for itself."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class MeRoutes(Peers):
    """What a member sees and does for itself."""

"""Cash drawers of tellers."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class CashRoutes(Peers):
    """Cash drawers of tellers."""

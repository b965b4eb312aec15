"""Time deposits."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class DepositRoutes(Peers):
    """Time deposits."""

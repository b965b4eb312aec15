"""Taking over members and balances from another system."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class ImportRoutes(Peers):
    """Taking over members and balances from another system."""

"""Documents of members."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class DocumentRoutes(Peers):
    """Documents of members."""

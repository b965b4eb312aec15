"""How a cooperative registers itself and becomes active."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class RegistrationRoutes(Peers):
    """How a cooperative registers itself and becomes active."""

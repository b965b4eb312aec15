"""A bank-like API for a cooperative's own system."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class SnapRoutes(Peers):
    """A bank-like API for a cooperative's own system."""

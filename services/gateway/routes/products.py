"""Savings products and contributions."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class ProductRoutes(Peers):
    """Savings products and contributions."""

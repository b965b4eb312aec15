"""Payments in through virtual accounts."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class PaymentRoutes(Peers):
    """Payments in through virtual accounts."""

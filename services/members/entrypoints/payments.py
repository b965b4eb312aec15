"""Payments in through virtual accounts."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class PaymentEntrypoints(Peers):
    """Payments in through virtual accounts."""

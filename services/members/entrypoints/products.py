"""Savings products and contributions."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class ProductEntrypoints(Peers):
    """Savings products and contributions."""

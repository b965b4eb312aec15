"""Branches and who works there."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class BranchRoutes(Peers):
    """Branches and who works there."""

"""The audit trail."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class AuditRoutes(Peers):
    """The audit trail."""

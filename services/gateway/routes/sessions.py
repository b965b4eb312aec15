"""Signing in, sessions, passwords and second factors."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class SessionRoutes(Peers):
    """Signing in, sessions, passwords and second factors."""

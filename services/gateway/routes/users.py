"""The people who sign in, their roles and invitations."""

from __future__ import annotations

from services.gateway.routes.peers import Peers


class UserRoutes(Peers):
    """The people who sign in, their roles and invitations."""

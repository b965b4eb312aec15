"""How a cooperative registers itself and becomes active."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class RegistrationEntrypoints(Peers):
    """How a cooperative registers itself and becomes active."""

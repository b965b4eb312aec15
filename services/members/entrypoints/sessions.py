"""Signing in, sessions, passwords and second factors."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class SessionEntrypoints(Peers):
    """Signing in, sessions, passwords and second factors."""

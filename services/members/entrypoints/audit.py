"""The audit trail and the keys of personal data."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class AuditEntrypoints(Peers):
    """The audit trail and the keys of personal data."""

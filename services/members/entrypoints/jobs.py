"""Jobs by tenant and business date."""

from __future__ import annotations

from services.members.entrypoints.peers import Peers


class JobEntrypoints(Peers):
    """Jobs by tenant and business date."""

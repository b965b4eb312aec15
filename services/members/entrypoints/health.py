"""How the service tells of itself."""

from __future__ import annotations

from typing import Any

from services.members import operations
from services.members.entrypoints.peers import Peers
from services.shared import access
from services.shared.messaging import rpc


class HealthEntrypoints(Peers):
    """The service itself."""

    @rpc(access.anyone)
    def get_health(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether the database answers, and how much waits."""
        del command
        return operations.get_health(self.database)

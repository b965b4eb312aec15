"""Whether the service is well."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import health
from services.shared import access
from services.shared.messaging import rpc


class HealthEntrypoints(Peers):
    """Whether the service is well."""

    @rpc(access.anyone)
    def get_health(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether the database answers, and the gauges of this service."""
        del command
        return health.get_health(self.database)

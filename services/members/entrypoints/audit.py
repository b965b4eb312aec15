"""The audit trail."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers, loaded
from services.members.operations import audit
from services.shared import access
from services.shared.contracts.members import audit as contract
from services.shared.messaging import rpc

READS: Final = access.any_of(access.operator, access.scope("audit:read"))


class AuditEntrypoints(Peers):
    """The audit trail."""

    @rpc(READS)
    def list_audit_entries(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was done in a cooperative; a tenant sees only its own."""
        request = loaded(contract.ListAuditEntries(), command)
        return audit.list_audit_entries(self.database, self.identity, request)

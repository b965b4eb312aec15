"""What insurers that have paid may recover."""

from __future__ import annotations

from typing import Any

from services.insurance.entrypoints.peers import Peers
from services.insurance.entrypoints.policies import LOANS, READS
from services.insurance.operations import subrogations
from services.shared.contracts.insurance import subrogations as contract
from services.shared.messaging import loaded, rpc


class SubrogationEntrypoints(Peers):
    """What insurers that have paid may recover."""

    @rpc(LOANS)
    def record_recovery(self, command: dict[str, Any]) -> dict[str, Any]:
        """Record money that was recovered for an insurer."""
        request = loaded(contract.RecordRecovery(), command)
        return subrogations.record_recovery(self.database, self.actor, request)

    @rpc(READS)
    def list_subrogations(self, command: dict[str, Any]) -> dict[str, Any]:
        """List subrogations."""
        request = loaded(contract.ListSubrogations(), command)
        return subrogations.list_subrogations(self.database, self.tenant, request)

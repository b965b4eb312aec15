"""The bounds of recovery, and journals that follow what was decided."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import recovery
from services.shared import access, clock
from services.shared.contracts.loans import recovery as contract
from services.shared.messaging import loaded, rpc, timer


class RecoveryEntrypoints(Peers):
    """The bounds of recovery, and journals that follow what was decided."""

    @rpc(access.scope("loans:read"))
    def get_recovery_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell from when claims, sales and write-offs are possible."""
        del command
        return recovery.get_settings(self.database, self.tenant)

    @rpc(access.scope("cooperative:write"))
    def put_recovery_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change from when claims, sales and write-offs are possible."""
        request = loaded(contract.RecoverySettings(), command)
        # A lower floor is as good as an approval.
        access.require_strong(self.identity, clock.now().timestamp())
        return recovery.put_settings(self.database, self.actor, request)

    @timer(seconds=5.0)
    def follow_changes(self) -> None:
        """Post what was decided of loans and is not in the book."""
        recovery.follow_due(self.database, self.ledger.on_behalf_of)

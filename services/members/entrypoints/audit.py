"""The audit trail."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import audit
from services.shared import access
from services.shared.contracts.members import audit as contract
from services.shared.contracts.trail import AUDITED
from services.shared.messaging import Event, loaded, on_event, rpc

READS: Final = access.any_of(access.operator, access.scope("audit:read"))


class AuditEntrypoints(Peers):
    """The audit trail."""

    @rpc(READS)
    def list_audit_entries(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was done in a cooperative; a tenant sees only its own."""
        request = loaded(contract.ListAuditEntries(), command)
        return audit.list_audit_entries(self.database, self.identity, request)

    # Each event has a queue and a handler of its own, whose names are frozen.

    @on_event("insurance", AUDITED)
    def on_insurance_audited(self, event: Event) -> None:
        """Write into the trail what was done with policies and claims."""
        audit.take_in(self.database, "insurance", event.event_id, event.payload)

    @on_event("kyc", AUDITED)
    def on_kyc_audited(self, event: Event) -> None:
        """Write into the trail what was done when somebody was checked."""
        audit.take_in(self.database, "kyc", event.event_id, event.payload)

    @on_event("loans", AUDITED)
    def on_loans_audited(self, event: Event) -> None:
        """Write into the trail what was done with loans."""
        audit.take_in(self.database, "loans", event.event_id, event.payload)

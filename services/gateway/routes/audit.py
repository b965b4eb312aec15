"""The audit trail."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import audit as contract
from services.shared.errors import NotFound


class AuditRoutes(Peers):
    """The audit trail."""

    @route(
        "GET",
        "/v1/audit",
        tag="Audit",
        rule=access.any_of(access.operator, access.scope("audit:read")),
        query=contract.ListAuditEntries,
        command=contract.ListAuditEntries,
        answer=contract.AuditPage,
        errors=(NotFound,),
    )
    def list_audit_entries(self, request: Request) -> dict[str, Any]:
        """List who did what in the cooperative, newest first.

        Each entry's `hash` covers the one before; `hub verify` recomputes all of them.
        The operator names a cooperative, or sees what concerns none of them. `from`
        and `to` are dates (whole days in Jakarta) or moments with offset; a moment in
        `to` is not included.
        """
        return dict(self.members.list_audit_entries(request.command()))

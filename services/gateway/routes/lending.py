"""How a cooperative decides on loans and keeps the cash for them."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import lending as contract
from services.shared.errors import StepUpRequired

TAG = "Lending settings"


class LendingRoutes(Peers):
    """Settings of lending."""

    @route(
        "GET",
        "/v1/lending-settings",
        tag=TAG,
        rule=access.scope("approvals:read", "loans:read"),
        answer=contract.LendingSettings,
    )
    def get_lending_settings(self, request: Request) -> dict[str, Any]:
        """Show how many must agree on a loan, and the cash that is never lent."""
        del request
        return dict(self.loans.get_lending_settings({}))

    @route(
        "PUT",
        "/v1/lending-settings",
        tag=TAG,
        rule=access.scope("cooperative:write"),
        body=contract.LendingSettingsBody,
        answer=contract.LendingSettings,
        errors=(StepUpRequired, contract.InvalidTiers),
    )
    def put_lending_settings(self, request: Request) -> dict[str, Any]:
        """Change how many must agree on a loan, and the cash that is never lent.

        It holds for what is voted on and paid out from now on.
        """
        return dict(self.loans.put_lending_settings(request.json))

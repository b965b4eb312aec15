"""What a cooperative asks of who wants a loan."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import application_settings as contract

TAG = "Loan applications"


class ApplicationSettingsRoutes(Peers):
    """What a cooperative asks of who wants a loan."""

    @route(
        "GET",
        "/v1/loan-application-settings",
        tag=TAG,
        rule=access.scope("applications:read"),
        answer=contract.ApplicationSettings,
    )
    def get_application_settings(self, request: Request) -> dict[str, Any]:
        """Show the rules for applications: membership, limits, haircuts."""
        return dict(self.loans.get_application_settings(request.command()))

    @route(
        "PUT",
        "/v1/loan-application-settings",
        tag=TAG,
        rule=access.scope("products:write"),
        body=contract.ApplicationSettings,
        command=contract.ApplicationSettings,
        answer=contract.ApplicationSettings,
    )
    def put_application_settings(self, request: Request) -> dict[str, Any]:
        """Set the rules for applications anew; what is left out is as usual."""
        return dict(self.loans.put_application_settings(request.command()))

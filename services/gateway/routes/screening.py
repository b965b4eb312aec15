"""Screening of members against lists of people (APU-PPT)."""

from __future__ import annotations

import base64
from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.operations import RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.kyc import screening as contract

TAG = "Screening"
LOAD_SECONDS: Final = 60.0
"""Tens of thousands of names are read and written in one transaction."""

WRITE = access.scope("kyc:write")
SEES_LISTS: Final = access.any_of(
    access.operator, access.scope("kyc:read", "audit:read")
)
SEES_ALERTS: Final = access.scope("kyc:read", "approvals:read", "audit:read")
UPLOAD: Final = RawBody(media_types=(contract.CSV,), bytes_max=contract.SIZE_BYTES_MAX)


class ScreeningRoutes(Peers):
    """Screening of members against lists of people (APU-PPT)."""

    @route(
        "POST",
        "/v1/aml/lists/{name}",
        tag=TAG,
        rule=access.operator,
        status=201,
        raw_body=UPLOAD,
        command=contract.LoadList,
        answer=contract.ScreeningList,
        errors=(contract.ListUnreadable,),
    )
    def load_list(self, request: Request) -> dict[str, Any]:
        """Load the next version of a list of people, whole, as CSV of at most 8 MiB.

        Columns: `id`, `name`, and if known `aliases` (separated by `;`), `birth_date`
        (a date or a year) and `note`.
        """
        content = base64.b64encode(request.body).decode("ascii")
        command = request.command(content=content)
        return dict(self.kyc.load_list(command, deadline=LOAD_SECONDS))

    @route(
        "GET",
        "/v1/aml/lists",
        tag=TAG,
        rule=SEES_LISTS,
        query=contract.ListLists,
        command=contract.ListLists,
        answer=contract.ScreeningListPage,
    )
    def list_lists(self, request: Request) -> dict[str, Any]:
        """List what members are screened against, in the versions that count."""
        return dict(self.kyc.list_lists(request.command()))

    @route(
        "POST",
        "/v1/aml/members/{member_id}/screen",
        tag=TAG,
        rule=WRITE,
        command=contract.ScreenMember,
        answer=contract.Screening,
    )
    def screen_member(self, request: Request) -> dict[str, Any]:
        """Look for a member on all lists now; every check does so too."""
        return dict(self.kyc.screen_member(request.command()))

    @route(
        "GET",
        "/v1/aml/alerts",
        tag=TAG,
        rule=SEES_ALERTS,
        query=contract.ListAlerts,
        command=contract.ListAlerts,
        answer=contract.AlertPage,
    )
    def list_alerts(self, request: Request) -> dict[str, Any]:
        """List the alerts, all or those about one member, oldest first."""
        return dict(self.kyc.list_alerts(request.command()))

    @route(
        "GET",
        "/v1/aml/alerts/{alert_id}",
        tag=TAG,
        rule=SEES_ALERTS,
        command=contract.AlertCommand,
        answer=contract.Alert,
    )
    def get_alert(self, request: Request) -> dict[str, Any]:
        """Show an alert with the entry that it is about."""
        return dict(self.kyc.get_alert(request.command()))

    @route(
        "POST",
        "/v1/aml/alerts/{alert_id}/decide",
        tag=TAG,
        rule=WRITE,
        body=contract.DecideBody,
        command=contract.DecideAlert,
        answer=contract.Alert,
        errors=(contract.AlertDecided,),
    )
    def decide_alert(self, request: Request) -> dict[str, Any]:
        """Say whether the person on the list is the member, and how that is known."""
        return dict(self.kyc.decide_alert(request.command()))

"""Messages to people: that they were sent, never what they say."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import notifications as contract

READ = access.any_of(access.operator, access.scope("cooperative:read"))


class NotificationRoutes(Peers):
    """Messages to people."""

    @route(
        "GET",
        "/v1/notifications",
        tag="Notifications",
        rule=READ,
        query=contract.ListNotifications,
        command=contract.ListNotifications,
        answer=contract.NotificationPage,
    )
    def list_notifications(self, request: Request) -> dict[str, Any]:
        """List the messages to people, oldest first.

        To the operator those of the whole hub; what they say is never shown.
        """
        return dict(self.members.list_notifications(request.command()))

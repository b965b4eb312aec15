"""Signed messages to a cooperative's own system."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import webhooks as contract

TAG: Final = "Webhooks"
READ = access.scope("webhooks:read")
WRITE = access.scope("webhooks:write")


class WebhookRoutes(Peers):
    """Signed messages to a cooperative's own system."""

    @route(
        "POST",
        "/v1/webhooks",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.WebhookBody,
        command=contract.CreateWebhook,
        answer=contract.NewWebhook,
        errors=(contract.WebhookUrlRefused, contract.TooManyWebhooks),
    )
    def create_webhook(self, request: Request) -> dict[str, Any]:
        """Let a system of the cooperative be told of events.

        The secret is shown this once. A message carries `X-Timestamp` and
        `X-Signature`: base64 of HMAC-SHA512(secret, `timestamp + "." + body`).
        """
        return dict(self.members.create_webhook(request.command()))

    @route(
        "GET",
        "/v1/webhooks",
        tag=TAG,
        rule=READ,
        query=contract.ListWebhooks,
        command=contract.ListWebhooks,
        answer=contract.WebhookPage,
    )
    def list_webhooks(self, request: Request) -> dict[str, Any]:
        """List the cooperative's webhooks, oldest first."""
        return dict(self.members.list_webhooks(request.command()))

    @route(
        "GET",
        "/v1/webhooks/{webhook_id}",
        tag=TAG,
        rule=READ,
        command=contract.WebhookCommand,
        answer=contract.Webhook,
        errors=(contract.WebhookNotFound,),
    )
    def get_webhook(self, request: Request) -> dict[str, Any]:
        """Show a webhook, without its secret."""
        return dict(self.members.get_webhook(request.command()))

    @route(
        "POST",
        "/v1/webhooks/{webhook_id}/disable",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeWebhook,
        answer=contract.Webhook,
        errors=(contract.WebhookNotFound,),
    )
    def disable_webhook(self, request: Request) -> dict[str, Any]:
        """Send nothing there any more, also nothing that is due."""
        return dict(self.members.disable_webhook(request.command()))

    @route(
        "GET",
        "/v1/webhooks/{webhook_id}/deliveries",
        tag=TAG,
        rule=READ,
        query=contract.DeliveriesQuery,
        command=contract.ListDeliveries,
        answer=contract.DeliveryPage,
        errors=(contract.WebhookNotFound,),
    )
    def list_deliveries(self, request: Request) -> dict[str, Any]:
        """List what was and is to be sent to a webhook, oldest first."""
        return dict(self.members.list_deliveries(request.command()))

    @route(
        "GET",
        "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}",
        tag=TAG,
        rule=READ,
        command=contract.DeliveryCommand,
        answer=contract.DeliveryDetails,
        errors=(contract.DeliveryNotFound,),
    )
    def get_delivery(self, request: Request) -> dict[str, Any]:
        """Show a message, and the attempts to send it, newest first."""
        return dict(self.members.get_delivery(request.command()))

    @route(
        "POST",
        "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/send-again",
        tag=TAG,
        rule=WRITE,
        command=contract.SendAgain,
        answer=contract.Delivery,
        errors=(
            contract.WebhookNotFound,
            contract.DeliveryNotFound,
            contract.WebhookDisabled,
        ),
    )
    def send_again(self, request: Request) -> dict[str, Any]:
        """Send a message once more, delivered or given up though it may be."""
        return dict(self.members.send_again(request.command()))

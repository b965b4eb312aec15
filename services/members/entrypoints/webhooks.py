"""Signed messages to a cooperative's own system."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import webhooks
from services.shared import access
from services.shared.contracts.members import webhooks as contract
from services.shared.messaging import Event, loaded, on_event, rpc, timer
from services.shared.outbound.http import SignedSender
from services.shared.outbound.messages import is_local

READS: Final = access.scope("webhooks:read")
WRITES: Final = access.scope("webhooks:write")


class WebhookEntrypoints(Peers):
    """Signed messages to a cooperative's own system."""

    @rpc(WRITES)
    def create_webhook(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a system be told of events."""
        request = loaded(contract.CreateWebhook(), command)
        return webhooks.create_webhook(
            self.database, self.settings, self.actor, request
        )

    @rpc(READS)
    def get_webhook(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a webhook."""
        request = loaded(contract.WebhookCommand(), command)
        return webhooks.get_webhook(self.database, self.tenant, request["webhook_id"])

    @rpc(READS)
    def list_webhooks(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the webhooks of the cooperative."""
        request = loaded(contract.ListWebhooks(), command)
        return webhooks.list_webhooks(self.database, self.tenant, request)

    @rpc(WRITES)
    def disable_webhook(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send nothing there any more."""
        request = loaded(contract.ChangeWebhook(), command)
        return self.once(
            request,
            lambda: webhooks.disable_webhook(
                self.database, self.actor, request["webhook_id"]
            ),
        )

    @rpc(READS)
    def list_deliveries(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was and is to be sent."""
        request = loaded(contract.ListDeliveries(), command)
        return webhooks.list_deliveries(self.database, self.tenant, request)

    @rpc(READS)
    def get_delivery(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a message and the attempts to send it."""
        request = loaded(contract.DeliveryCommand(), command)
        return webhooks.get_delivery(self.database, self.tenant, request)

    @rpc(WRITES)
    def send_again(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a message once more."""
        request = loaded(contract.SendAgain(), command)
        return webhooks.send_again(self.database, self.actor, request)

    # Each event has a queue and a handler of its own, whose names are frozen.

    @on_event("members", "member_activated")
    def on_members_member_activated(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("members", "account_opened")
    def on_members_account_opened(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("members", "account_closed")
    def on_members_account_closed(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("members", "contribution_paid")
    def on_members_contribution_paid(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("members", "contribution_cancelled")
    def on_members_contribution_cancelled(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("members", "payment_credited")
    def on_members_payment_credited(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("members", "payment_unallocated")
    def on_members_payment_unallocated(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("members", "payment_disputed")
    def on_members_payment_disputed(self, event: Event) -> None:
        """Tell whoever listens."""
        self._take(event)

    @on_event("transfers", "transfers_committed")
    def on_transfers_transfers_committed(self, event: Event) -> None:
        """Tell whoever listens, transfer by transfer."""
        self._take_transfers(event)

    @on_event("transfers", "transfers_aborted")
    def on_transfers_transfers_aborted(self, event: Event) -> None:
        """Tell whoever listens, transfer by transfer."""
        self._take_transfers(event)

    @on_event("transfers", "transfers_reserved")
    def on_transfers_transfers_reserved(self, event: Event) -> None:
        """Tell whoever listens, transfer by transfer."""
        self._take_transfers(event)

    @timer(seconds=0.5)
    def send_webhooks(self) -> None:
        """Send what is due to the systems of cooperatives."""
        sender = SignedSender(is_local=is_local(self.settings.public_url))
        webhooks.send_due(self.database, self.settings, sender)

    @timer(seconds=3600.0)
    def forget_deliveries(self) -> None:
        """Drop deliveries of long ago."""
        webhooks.forget_old(self.database)

    def _take(self, event: Event) -> None:
        webhooks.take_event(
            self.database, event.event_id, event.name, event.payload, _moment(event)
        )

    def _take_transfers(self, event: Event) -> None:
        webhooks.take_transfers(
            self.database, event.event_id, event.name, event.payload, _moment(event)
        )


def _moment(event: Event) -> datetime:
    return datetime.fromisoformat(event.occurred_at)

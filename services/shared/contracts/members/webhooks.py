"""Signed messages to a cooperative's own system about what happened.

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_webhook` | webhooks:write | `CreateWebhook` | `NewWebhook` |
| `get_webhook` | webhooks:read | `WebhookCommand` | `Webhook` |
| `list_webhooks` | webhooks:read | `ListWebhooks` | `WebhookPage` |
| `disable_webhook` | webhooks:write | `ChangeWebhook` | `Webhook` |
| `list_deliveries` | webhooks:read | `ListDeliveries` | `DeliveryPage` |
| `get_delivery` | webhooks:read | `DeliveryCommand` | `DeliveryDetails` |
| `send_again` | webhooks:write | `SendAgain` | `Delivery` |

Each message is `{"id","event","occurred_at","data"}` with `X-Timestamp` and
`X-Signature`: base64 of HMAC-SHA512(secret, `timestamp + "." + body`), as the callbacks
of transfers have it. Any 2xx answer takes it; else it is sent again with growing pauses
for three days. The same event may come twice: its `id` tells.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import transfers
from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.members import (
    ACCOUNT_CLOSED,
    ACCOUNT_OPENED,
    MEMBER_ACTIVATED,
    Command,
    Page,
    identifier,
)
from services.shared.contracts.members.dues import (
    CONTRIBUTION_CANCELLED,
    CONTRIBUTION_PAID,
)
from services.shared.contracts.members.payments import (
    PAYMENT_CREDITED,
    PAYMENT_DISPUTED,
    PAYMENT_UNALLOCATED,
)
from services.shared.errors import NotFoundError, RefusedError

MEMBERS_EVENTS: Final = (
    MEMBER_ACTIVATED,
    ACCOUNT_OPENED,
    ACCOUNT_CLOSED,
    CONTRIBUTION_PAID,
    CONTRIBUTION_CANCELLED,
    PAYMENT_CREDITED,
    PAYMENT_UNALLOCATED,
    PAYMENT_DISPUTED,
)
TRANSFERS_EVENTS: Final = {
    transfers.TRANSFERS_COMMITTED: "transfer_committed",
    transfers.TRANSFERS_ABORTED: "transfer_aborted",
    transfers.TRANSFERS_RESERVED: "transfer_reserved",
}
"""The events of clearing tell of many transfers; each is a message of its own."""

EVENTS: Final = (*MEMBERS_EVENTS, *TRANSFERS_EVENTS.values())
WEBHOOK_STATUSES: Final = ("active", "disabled")
DELIVERY_STATES: Final = ("due", "delivered", "given_up")
WEBHOOKS_MAX: Final = 20


class WebhookUrlRefused(RefusedError):
    """The hub does not send to this URL."""

    code = "webhook_url_refused"


class TooManyWebhooks(RefusedError):
    """A cooperative has at most 20 active webhooks; disable one first."""

    code = "too_many_webhooks"


class WebhookNotFound(NotFoundError):
    """There is no such webhook, or it belongs to another cooperative."""

    code = "webhook_not_found"


class DeliveryNotFound(NotFoundError):
    """There is no such delivery, or it belongs to another cooperative."""

    code = "delivery_not_found"


class WebhookDisabled(RefusedError):
    """Nothing is sent to a disabled webhook."""

    code = "webhook_disabled"


def _events() -> fields.List[str]:
    return fields.List(
        fields.String(validate=validate.OneOf(EVENTS)),
        required=True,
        validate=validate.Length(min=1, max=len(EVENTS)),
        metadata={"example": ["payment_credited", "transfer_committed"]},
    )


class WebhookBody(Schema):
    """Where a cooperative's system listens, and what it wants to hear of."""

    url = text(
        longest=500, required=True, metadata={"example": "https://inti.ksp.id/hub"}
    )
    events = _events()


class CreateWebhook(WebhookBody, Command):
    """A new webhook."""


class WebhookCommand(Schema):
    """Something about one webhook."""

    webhook_id = identifier("whk_01jd8x")


class ChangeWebhook(WebhookCommand, Command):
    """A webhook that is disabled."""


class ListWebhooks(Page):
    """The webhooks of the caller's cooperative."""


class Webhook(Schema):
    """A webhook as listed: without its secret."""

    id = identifier("whk_01jd8x")
    url = fields.String(required=True, metadata={"example": "https://inti.ksp.id/hub"})
    events = _events()
    status = fields.String(required=True, validate=validate.OneOf(WEBHOOK_STATUSES))
    created_at = UtcField(required=True)


class NewWebhook(Webhook):
    """A webhook at its creation: the one time that its secret is shown."""

    secret = fields.String(required=True)


class WebhookPage(Schema):
    """Webhooks, oldest first."""

    items = fields.List(fields.Nested(Webhook), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class DeliveriesQuery(Page):
    """Which deliveries to list."""

    state = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(DELIVERY_STATES)
    )


class ListDeliveries(DeliveriesQuery, WebhookCommand):
    """What was or is to be sent to a webhook."""


class DeliveryCommand(WebhookCommand):
    """Something about one delivery."""

    delivery_id = identifier("whd_01jd8x")


class SendAgain(DeliveryCommand, Command):
    """A delivery that is to be sent once more, delivered or not."""


class Delivery(Schema):
    """One event for one webhook."""

    id = identifier("whd_01jd8x")
    webhook_id = identifier("whk_01jd8x")
    event = fields.String(required=True, validate=validate.OneOf(EVENTS))
    event_id = identifier("evt_01jd8x")
    state = fields.String(required=True, validate=validate.OneOf(DELIVERY_STATES))
    attempts = fields.Integer(required=True, strict=True)
    last_status = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "HTTP status of the last attempt."},
    )
    last_error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the last attempt got no HTTP status."},
    )
    created_at = UtcField(required=True)
    next_attempt_at = UtcField(required=True, allow_none=True)
    delivered_at = UtcField(required=True, allow_none=True)


class DeliveryPage(Schema):
    """Deliveries, oldest first."""

    items = fields.List(fields.Nested(Delivery), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class DeliveryAttempt(Schema):
    """How one sending ended."""

    at = UtcField(required=True)
    status = fields.Integer(required=True, strict=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True, strict=True)


class DeliveryDetails(Delivery):
    """A delivery with what was sent, and its last attempts, newest first."""

    body = fields.String(required=True)
    log = fields.List(fields.Nested(DeliveryAttempt), required=True)

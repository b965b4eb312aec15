"""What may be asked about messages to people: that they were sent, never what they say.

`list_notifications` lets in the operator and `cooperative:read`, takes
`ListNotifications` and answers `NotificationPage`.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.members import Page, identifier

CHANNELS: Final = ("email", "whatsapp")
STATUSES: Final = ("waiting", "sent", "failed")


class NotificationQuery(Page):
    """Which messages to list."""

    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(STATUSES)
    )


class ListNotifications(NotificationQuery):
    """The messages of the caller's cooperative; for the operator of the whole hub."""


class Notification(Schema):
    """A message to a person, without the person and without its text."""

    id = identifier("ntf_01jd8x")
    cooperative_id = identifier("coop_01jd8x")
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    template = text(required=True, metadata={"example": "activation"})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    attempts = fields.Integer(required=True, strict=True, metadata={"example": 1})
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the last attempt failed."},
    )
    created_at = UtcField(required=True)
    sent_at = UtcField(required=True, allow_none=True)


class NotificationPage(Schema):
    """Messages, oldest first."""

    items = fields.List(fields.Nested(Notification), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

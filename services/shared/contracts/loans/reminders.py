"""Reminders of instalments: before they fall due and when they are late.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_reminder_settings` | loans:read | | `ReminderSettings` |
| `put_reminder_settings` | loans:write | `ReminderSettingsBody` | `ReminderSettings` |

Each is an event, once per instalment and number of days; the members service turns it
into a message.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.loans import identifier as _id

DAYS_BEFORE: Final = (7, 3, 1)
DAYS_AFTER: Final = (1, 7, 14, 30)
TIMES_MAX: Final = 10


def _days(least: int, most: int, default: tuple[int, ...], what: str) -> Any:
    return fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=least, max=most)),
        required=True,
        validate=validate.Length(max=TIMES_MAX),
        metadata={"description": what, "example": list(default)},
    )


class ReminderSettingsBody(Schema):
    """When borrowers are told; empty lists tell nobody."""

    days_before = _days(0, 60, DAYS_BEFORE, "How many days before a due day.")
    days_after = _days(1, 365, DAYS_AFTER, "How many days after a due day.")


class ReminderSettings(ReminderSettingsBody):
    """When borrowers are told."""


class InstalmentEvent(Schema):
    """Payload of `instalment_due` and `instalment_overdue`.

    ``amount`` is what is not paid of the instalment, ``penalty`` what being late has
    cost beside; ``days`` are those until the due day, or since.
    """

    cooperative_id = _id("coop_01jd8x")
    loan_id = _id("loa_01jd8x")
    number = fields.String(required=True)
    member_id = _id("mem_01jd8x")
    instalment = fields.Integer(required=True, strict=True)
    due_on = fields.Date(required=True)
    days = fields.Integer(required=True, strict=True)
    amount = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(required=True, strict=True)

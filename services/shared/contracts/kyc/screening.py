"""Screening members against lists of people (APU-PPT; R44, R169).

| entrypoint | rule | command | result |
|---|---|---|---|
| `load_list` | operator | `LoadList` | `ScreeningList` |
| `list_lists` | operator, kyc:read, audit:read | `ListLists` | `ScreeningListPage` |
| `screen_member` | kyc:write | `ScreenMember` | `Screening` |
| `get_alert` | kyc:read, approvals:read, audit:read | `AlertCommand` | `Alert` |
| `list_alerts` | kyc:read, approvals:read, audit:read | `ListAlerts` | `AlertPage` |
| `decide_alert` | kyc:write | `DecideAlert` | `Alert` |

An alert says that a name is like one on a list. It refuses nothing by itself: a person
decides whether it is the member (`confirmed`) or somebody else (`cleared`).

A list is a UTF-8 CSV file with the columns `id`, `name`, and if known `aliases`
(separated by `;`), `birth_date` (`YYYY-MM-DD` or `YYYY`) and `note`. Loading it anew
makes another version, which counts from then on: everybody who was screened before is
looked for again, and what is new or has changed raises alerts.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

CSV: Final = "text/csv"
SIZE_BYTES_MAX: Final = 8 << 20
_BASE64_MAX: Final = -(-SIZE_BYTES_MAX // 3) * 4

ALERT_STATUSES: Final = ("open", "cleared", "confirmed")
DECISIONS: Final = ("cleared", "confirmed")
BIRTH_MATCHES: Final = ("same", "same_year", "different", "unknown")


class ListUnreadable(RefusedError):
    """The list is not a CSV file of the form that is asked for.

    ``details["line"]`` is the line that is wrong, from 1.
    """

    code = "list_unreadable"


class AlertDecided(ConflictError):
    """This alert was decided before, with the other outcome."""

    code = "alert_decided"


def _list_name() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_-]{0,39}\Z",
            error="Must be small letters, digits, _ and -, a letter first.",
        ),
        metadata={"example": "dttot"},
    )


class LoadList(Schema):
    """A whole list as it travels: the bytes of the CSV file in base64."""

    name = _list_name()
    content = fields.String(
        required=True, validate=validate.Length(max=_BASE64_MAX), load_only=True
    )
    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class ListLists(Page):
    """The lists that are screened against."""


class ScreeningList(Schema):
    """A list in its present version."""

    name = _list_name()
    version = fields.Integer(required=True, metadata={"example": 3})
    entries = fields.Integer(required=True, metadata={"example": 487})
    loaded_by = fields.String(required=True)
    loaded_at = UtcField(required=True)


class ScreeningListPage(Schema):
    """Lists by name."""

    items = fields.List(fields.Nested(ScreeningList), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ScreenMember(Schema):
    """A member of the caller's cooperative to look for on all lists."""

    member_id = text(longest=100, required=True, metadata={"example": "mem_01jd8x"})
    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class AlertCommand(Schema):
    """Something about one alert of the caller's cooperative."""

    alert_id = text(longest=100, required=True, metadata={"example": "aml_01jd8x"})


class DecideBody(Schema):
    """Whether the person on the list is the member, and how that is known."""

    decision = fields.String(
        required=True,
        validate=validate.OneOf(DECISIONS),
        metadata={"example": "cleared"},
    )
    reason = text(
        longest=500,
        required=True,
        metadata={"example": "Tanggal lahir dan alamat berbeda"},
    )


class DecideAlert(DecideBody, AlertCommand):
    """A decision, once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class ListAlerts(Page):
    """The alerts of the caller's cooperative, or those about one member."""

    member_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(ALERT_STATUSES)
    )


class Alert(Schema):
    """A member whose name is like one on a list."""

    id = text(longest=100, required=True, metadata={"example": "aml_01jd8x"})
    member_id = text(longest=100, required=True, metadata={"example": "mem_01jd8x"})
    list_name = _list_name()
    list_version = fields.Integer(required=True)
    entry_id = fields.String(
        required=True, metadata={"description": "The list's own id of the person."}
    )
    entry_name = fields.String(required=True, metadata={"example": "Moh. Joesoef"})
    entry_birth_date = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A date, or only a year.", "example": "1965"},
    )
    entry_note = fields.String(required=True, allow_none=True)
    score = fields.Integer(
        required=True,
        validate=validate.Range(min=0, max=100),
        metadata={"description": "How alike the names are.", "example": 96},
    )
    birth_match = fields.String(required=True, validate=validate.OneOf(BIRTH_MATCHES))
    status = fields.String(required=True, validate=validate.OneOf(ALERT_STATUSES))
    reason = fields.String(required=True, allow_none=True)
    raised_at = UtcField(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)


class AlertPage(Schema):
    """Alerts in the order they were raised."""

    items = fields.List(fields.Nested(Alert), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Screening(Schema):
    """What stands about a member on the lists: alerts that are not cleared."""

    member_id = text(longest=100, required=True, metadata={"example": "mem_01jd8x"})
    alerts = fields.List(fields.Nested(Alert), required=True)

"""What too much NPF at a month's end obliges the cooperative to (R160, C15).

| entrypoint | rule | command | result |
|---|---|---|---|
| `list_npf_obligations` | loans:read | `ListNpfObligations` | `NpfObligationPage` |
| `close_npf_obligation` | approvals:write, loans:write | `CloseNpfObligation` | it |

An obligation is opened when a month has ended with more NPF than the cooperative's own
bound: a special audit and a plan to improve, within 30 days. It stays what it was made
as, whatever the NPF does afterwards. Ratios are basis points.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import Command
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError

LEVELS: Final = ("plan", "licence_risk")


class ObligationClosed(ConflictError):
    """What this month obliged to is closed already."""

    code = "obligation_closed"


class ListNpfObligations(Page):
    """What was owed and what is."""

    is_open = fields.Boolean(
        load_default=None,
        allow_none=True,
        metadata={"description": "Only what is still to be done, or only what is."},
    )


class CloseNpfObligationBody(Schema):
    """What was done."""

    note = text(
        longest=2000,
        required=True,
        metadata={"example": "Audit khusus selesai; rencana perbaikan disetujui RA."},
    )
    document = text(
        longest=200,
        required=True,
        metadata={
            "description": "Under what name the audit and the plan are kept.",
            "example": "BA-AUDIT/2026/11/3",
        },
    )


class CloseNpfObligation(CloseNpfObligationBody, Command):
    """An obligation that was met."""

    day = fields.Date(required=True, metadata={"example": "2026-10-31"})


class NpfObligation(Schema):
    """A special audit and a plan to improve, owed since a month's end."""

    day = fields.Date(required=True, metadata={"description": "The month's end."})
    npf_bps = fields.Integer(required=True, strict=True)
    limit_bps = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "The bound of then that it was above."},
    )
    level = fields.String(
        required=True,
        validate=validate.OneOf(LEVELS),
        metadata={
            "description": "`licence_risk`: so high that the licence is at risk."
        },
    )
    due_on = fields.Date(required=True)
    is_overdue = fields.Boolean(required=True)
    opened_at = UtcField(required=True)
    note = fields.String(required=True, allow_none=True)
    document = fields.String(required=True, allow_none=True)
    closed_by = fields.String(required=True, allow_none=True)
    closed_at = UtcField(required=True, allow_none=True)


class NpfObligationPage(Schema):
    """Obligations, the latest month first."""

    items = fields.List(fields.Nested(NpfObligation), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

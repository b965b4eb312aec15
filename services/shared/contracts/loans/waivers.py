"""Penalties that are forgiven: one proposes, another decides (R158, C6).

| entrypoint | rule | command | result |
|---|---|---|---|
| `propose_waiver` | loans:write | `ProposeWaiver` | `Waiver` |
| `approve_waiver` | approvals:write | `DecideWaiver` | `Waiver` |
| `reject_waiver` | approvals:write | `DecideWaiver` | `Waiver` |
| `list_waivers` | loans:read | `ListWaivers` | `WaiverPage` |

Amounts are whole rupiah. Approving needs a fresh second factor.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.loans import Command, LoanCommand
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

STATUSES: Final = ("proposed", "approved", "rejected")


class WaiverOpen(ConflictError):
    """Another waiver of this loan waits for its decision."""

    code = "waiver_open"


class WaiverDecided(ConflictError):
    """The waiver was decided before."""

    code = "waiver_decided"


class WaiverTooHigh(RefusedError):
    """There is less penalty to forgive; ``details["penalty"]`` says how much."""

    code = "waiver_too_high"


class WaiverBody(Schema):
    """Penalty to be forgiven, and why."""

    amount = AmountField(required=True, metadata={"example": 9_300})
    reason = text(
        longest=500, shortest=5, required=True, metadata={"example": "Gagal panen"}
    )


class ProposeWaiver(WaiverBody, LoanCommand, Command):
    """A proposal to forgive penalty of a loan."""


class DecideWaiver(LoanCommand, Command):
    """A waiver of a loan that is decided."""

    waiver_id = _id("wai_01jd8x")


class Waiver(Schema):
    """What was proposed, and what another decided."""

    id = _id("wai_01jd8x")
    loan_id = _id("loa_01jd8x")
    amount = fields.Integer(required=True, strict=True)
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    proposed_by = fields.String(required=True)
    proposed_at = UtcField(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)


class ListWaivers(Page, LoanCommand):
    """The waivers of a loan."""


class WaiverPage(Schema):
    """Waivers in the order they were proposed."""

    items = fields.List(fields.Nested(Waiver), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

"""What the insurer is asked for when a loan fails (R47, R49).

| entrypoint | rule | command | result |
|---|---|---|---|
| `report_force_majeure` | loans:write | `ReportForceMajeure` | `ClaimRequest` |
| `list_claim_requests` | loans:read | `LoanCommand` | `ClaimRequestList` |

Loans that are late for long enough, and those of members who died, are claimed on
without anybody asking. The claims themselves are the insurance service's.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.insurance import CAUSES
from services.shared.contracts.loans import Command, LoanCommand
from services.shared.contracts.loans import identifier as _id
from services.shared.errors import RefusedError

STATUSES: Final = ("waiting", "opened", "refused")


class NotInsured(RefusedError):
    """This loan has no insurance."""

    code = "not_insured"


class ForceMajeureBody(Schema):
    """What has struck the borrower, and when."""

    occurred_on = fields.Date(required=True, metadata={"example": "2026-11-20"})
    description = text(
        longest=1000,
        shortest=5,
        required=True,
        metadata={"example": "Banjir merusak kios"},
    )


class ReportForceMajeure(ForceMajeureBody, LoanCommand, Command):
    """Force majeure that has struck a borrower; once per loan and day."""


class ClaimRequest(Schema):
    """A claim that was asked for, and what the insurance service said."""

    loan_id = _id("loa_01jd8x")
    cause = fields.String(required=True, validate=validate.OneOf(CAUSES))
    occurred_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    claim_id = fields.String(required=True, allow_none=True)
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The code of the refusal."},
    )
    requested_by = fields.String(required=True)
    requested_at = UtcField(required=True)


class ClaimRequestList(Schema):
    """What was asked of the insurer for a loan, the oldest first."""

    items = fields.List(fields.Nested(ClaimRequest), required=True)

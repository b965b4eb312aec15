"""Subrogation: what an insurer that has paid may recover from the borrower.

| entrypoint | rule | command | result |
|---|---|---|---|
| `record_recovery` | service loans | `RecordRecovery` | `Subrogation` |
| `list_subrogations` | insurance:read, service loans | `ListSubrogations` | page |

Amounts are whole rupiah.
"""

from __future__ import annotations

from marshmallow import Schema, fields

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.members import Page, identifier
from services.shared.errors import RefusedError


class RecoveryTooLarge(RefusedError):
    """More would be recovered for the insurer than it has paid."""

    code = "recovery_too_large"


class RecordRecovery(Schema):
    """Money recovered after a claim was paid, once per ``recovery_reference``."""

    claim_id = identifier("clm_01jd8x")
    recovery_reference = text(longest=200, required=True)
    amount = AmountField(required=True)
    recovered_on = fields.Date(required=True)


class Subrogation(Schema):
    """What an insurer may recover, and what was recovered for it."""

    id = identifier("sub_01jd8x")
    claim_id = identifier("clm_01jd8x")
    policy_id = identifier("pol_01jd8x")
    reference = identifier("loa_01jd8x")
    amount = fields.Integer(required=True, strict=True)
    recovered_amount = fields.Integer(required=True, strict=True)
    created_at = UtcField(required=True)


class ListSubrogations(Page):
    """The subrogations of the caller's cooperative."""


class SubrogationPage(Schema):
    """Subrogations in the order their claims were paid."""

    items = fields.List(fields.Nested(Subrogation), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

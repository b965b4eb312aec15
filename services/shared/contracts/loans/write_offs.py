"""Write-offs: loans leave the balance sheet and are collected all the same (R157).

| entrypoint | rule | command | result |
|---|---|---|---|
| `propose_write_off` | loans:write | `ProposeWriteOff` | `WriteOff` |
| `approve_write_off` | approvals:write, a pengurus | `DecideWriteOff` | `WriteOff` |
| `reject_write_off` | approvals:write, loans:write | `DecideWriteOff` | `WriteOff` |
| `list_write_offs` | loans:read | `ListWriteOffs` | `WriteOffPage` |

Only a loan of class 5 that is fully provided for, after months of arrears. Pengurus
decide with a fresh second factor; the consent of the pengawas is on paper. Amounts are
whole rupiah.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import Command, LoanCommand
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, NotAllowedError, RefusedError

STATUSES: Final = ("proposed", "approved", "rejected")


class WriteOffTooEarly(RefusedError):
    """The loan cannot be written off yet; see ``details["missing"]``.

    ``class``: it is not of class 5; ``provision``: not all of it is set aside;
    ``months``: it is not late for long enough.
    """

    code = "write_off_too_early"


class WriteOffExists(ConflictError):
    """A write-off of this loan is proposed already."""

    code = "write_off_exists"


class WriteOffDecided(ConflictError):
    """The write-off was decided before."""

    code = "write_off_decided"


class PengurusOnly(NotAllowedError):
    """Only pengurus write loans off."""

    code = "pengurus_only"


class ConsentDateInvalid(RefusedError):
    """The pengawas consent before a write-off is proposed."""

    code = "consent_date_invalid"


class WriteOffBody(Schema):
    """Why a loan is given up, and who of the pengawas agreed."""

    reason = text(
        longest=1000,
        shortest=5,
        required=True,
        metadata={"example": "Anggota pindah tanpa alamat, agunan sudah dijual"},
    )
    consent_by = text(longest=200, required=True, metadata={"example": "Siti Aminah"})
    consent_on = fields.Date(required=True)
    consent_document = text(
        longest=100,
        required=True,
        metadata={"description": "The id or number of the paper with their consent."},
    )


class ProposeWriteOff(WriteOffBody, LoanCommand, Command):
    """A loan that is to be written off."""


class WriteOffCommand(LoanCommand):
    """One write-off of a loan."""

    write_off_id = _id("wof_01jd8x")


class DecideWriteOff(WriteOffCommand, Command):
    """What is decided of one write-off."""


class WriteOff(Schema):
    """What was proposed, and what the pengurus decided."""

    id = _id("wof_01jd8x")
    loan_id = _id("loa_01jd8x")
    principal = fields.Integer(required=True, strict=True)
    reason = fields.String(required=True)
    consent_by = fields.String(required=True)
    consent_on = fields.Date(required=True)
    consent_document = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    proposed_by = fields.String(required=True)
    proposed_at = UtcField(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)


class ListWriteOffs(Page, LoanCommand):
    """The write-offs of a loan."""


class WriteOffPage(Schema):
    """Write-offs in the order they were proposed."""

    items = fields.List(fields.Nested(WriteOff), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

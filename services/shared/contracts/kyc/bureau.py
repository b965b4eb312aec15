"""The credit bureau: the iDEB of OJK's SLIK that a member hands in (R38, topic 5).

| entrypoint | rule | command | result |
|---|---|---|---|
| `upload_bureau_report` | kyc:write | `UploadBureauReport` | `BureauReport` |
| `get_bureau_summary` | service loans, kyc:read | `MemberCommand` | `BureauSummary` |

Quality is the collectibility of SLIK, 1 (lancar) to 5 (macet); the worst of the last 24
months makes the score: 100, 70, 40, 15, 0.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.errors import RefusedError

JSON: Final = "application/json"
SIZE_BYTES_MAX: Final = 4 << 20
_BASE64_MAX: Final = -(-SIZE_BYTES_MAX // 3) * 4


class BureauReportUnreadable(RefusedError):
    """The file is not an iDEB in the JSON form of SLIK."""

    code = "bureau_report_unreadable"


class NotThisMember(RefusedError):
    """What was handed in is about somebody else."""

    code = "not_this_member"


class MemberCommand(Schema):
    """Something about one member of the caller's cooperative."""

    member_id = text(longest=100, required=True, metadata={"example": "mem_01jd8x"})


class UploadBureauReport(MemberCommand):
    """An iDEB as it travels: the bytes of the JSON file in base64."""

    content = fields.String(
        required=True, validate=validate.Length(max=_BASE64_MAX), load_only=True
    )
    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class BureauSummary(Schema):
    """What the newest report of a member says; nothing is known where it is null."""

    report_date = fields.Date(
        required=True, allow_none=True, metadata={"example": "2026-10-31"}
    )
    worst_quality = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(min=1, max=5),
        metadata={"description": "Over 24 months, 1 to 5.", "example": 1},
    )
    score = fields.Integer(
        required=True,
        allow_none=True,
        validate=validate.Range(min=0, max=100),
        metadata={"example": 100},
    )
    outstanding = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Owed to others, in rupiah.", "example": 12_500_000},
    )
    facilities = fields.Integer(
        required=True, metadata={"description": "How many loans.", "example": 2}
    )
    days_in_arrears = fields.Integer(
        required=True,
        metadata={"description": "Of the loan furthest behind, now.", "example": 0},
    )
    uploaded_at = UtcField(required=True, allow_none=True)


class BureauReport(BureauSummary):
    """A report as it was taken in."""

    id = text(longest=100, required=True, metadata={"example": "ide_01jd8x"})
    member_id = text(longest=100, required=True, metadata={"example": "mem_01jd8x"})
    report_number = fields.String(required=True, allow_none=True)
    uploaded_by = fields.String(required=True)

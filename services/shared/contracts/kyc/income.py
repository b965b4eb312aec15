"""What a member earns, as BPJS Ketenagakerjaan (BPJSTK) has it (R34, topic 5).

| entrypoint | rule | command | result |
|---|---|---|---|
| `upload_income` | kyc:write | `UploadIncome` | `Income` |
| `get_income` | service loans, kyc:read | `bureau.MemberCommand` | `Income` |

A statement comes from the member, or from the vendor of an eKYC check. The wage of the
pension programme (JP) is reported up to a ceiling, Rp 10.547.400 a month: a wage of
just that is marked `is_capped`, the true one may be higher.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.errors import RefusedError

SOURCES: Final = ("upload", "vendor")
MEMBERSHIP_STATUSES: Final = ("AKTIF", "NON AKTIF")
PROGRAMMES: Final = ("JHT", "JKK", "JKM", "JP", "JKP")


class IncomePeriodInvalid(RefusedError):
    """The month of the wage is still to come."""

    code = "income_period_invalid"


class IncomeBody(Schema):
    """A statement of BPJSTK, in the words of its own."""

    nomor_kpj = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9A-Z]{8,16}\Z", error="Must be a KPJ number."),
        metadata={"example": "19023456789"},
    )
    nama = text(longest=200, required=True, metadata={"example": "BUDI SANTOSO"})
    perusahaan = text(
        longest=200, required=True, metadata={"example": "PT Kopi Nusantara"}
    )
    upah_terakhir = AmountField(required=True, metadata={"example": 6_250_000})
    periode_upah = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z", error="Must be a month, YYYY-MM."
        ),
        metadata={"example": "2026-10"},
    )
    masa_iur_bulan = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=1200),
        metadata={"description": "Months that were paid for.", "example": 48},
    )
    status_kepesertaan = fields.String(
        required=True,
        validate=validate.OneOf(MEMBERSHIP_STATUSES),
        metadata={"example": "AKTIF"},
    )
    program = fields.List(
        fields.String(validate=validate.OneOf(PROGRAMMES)),
        required=True,
        validate=validate.Length(max=len(PROGRAMMES)),
        metadata={"example": ["JHT", "JKK", "JKM", "JP"]},
    )


class UploadIncome(IncomeBody):
    """The statement of one member."""

    member_id = text(longest=100, required=True, metadata={"example": "mem_01jd8x"})
    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class Income(Schema):
    """The newest statement of a member; everything is null where there is none."""

    monthly_income = fields.Integer(
        required=True, allow_none=True, strict=True, metadata={"example": 6_250_000}
    )
    source = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(SOURCES)
    )
    is_capped = fields.Boolean(
        required=True,
        metadata={"description": "Whether the true wage may be higher."},
    )
    as_of = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "First day of the wage's month."},
    )
    employer = fields.String(required=True, allow_none=True)
    is_active = fields.Boolean(
        required=True,
        metadata={"description": "Whether the person is insured at present."},
    )
    recorded_at = UtcField(required=True, allow_none=True)

"""Partner insurers and what they offer: the operator's, the same for all cooperatives.

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_insurer` | operator | `CreateInsurer` | `Insurer` |
| `list_insurers` | operator | `ListInsurers` | `InsurerPage` |
| `create_insurance_product` | operator | `CreateInsuranceProduct` | product |
| `withdraw_insurance_product` | operator | `ChangeInsuranceProduct` | product |
| `list_insurance_products` | operator, staff who may read | list | page |

A product is an `InsuranceProduct`; insurance:read or products:read is enough to list
them. A cooperative names its ``code`` in the loan products that it bundles it with
(R48). Amounts are whole rupiah, rates basis points per year.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import FlagField, UtcField
from services.shared.contracts.insurance import CAUSES
from services.shared.contracts.members import Command, Page, identifier, name_field
from services.shared.errors import ConflictError

KINDS: Final = ("credit_life", "credit_guarantee")
DOCUMENT_KINDS: Final = (
    "ktp",
    "loan_agreement",
    "loan_statement",
    "death_certificate",
    "heir_statement",
    "billing_record",
    "disaster_statement",
    "other",
)
RATE_BPS_DEFAULT: Final = 450
"""4,5 % of the principal a year (R42)."""


class InsurerCodeTaken(ConflictError):
    """Another insurer has this code."""

    code = "insurer_code_taken"


class InsuranceProductCodeTaken(ConflictError):
    """Another insurance product has this code."""

    code = "insurance_product_code_taken"


def _code(example: str) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_]{0,29}\Z",
            error="Must be small letters, digits and _, a letter first.",
        ),
        metadata={"example": example},
    )


def _share(default: int, meaning: str, *, maximum: int = 10_000) -> fields.Integer:
    return fields.Integer(
        load_default=default,
        strict=True,
        validate=validate.Range(min=0, max=maximum),
        metadata={"description": f"{meaning}, in basis points.", "example": default},
    )


def _days(default: int, maximum: int, meaning: str) -> fields.Integer:
    return fields.Integer(
        load_default=default,
        strict=True,
        validate=validate.Range(min=0, max=maximum),
        metadata={"description": meaning, "example": default},
    )


class InsurerBody(Schema):
    """A partner insurer; its code is also the path of its API below HUB_INSURER_URL."""

    code = _code("asuransi_nusantara")
    name = name_field("Asuransi Nusantara")


class CreateInsurer(InsurerBody, Command):
    """An insurer that the hub works with from now on."""


class Insurer(Schema):
    """A partner insurer."""

    id = identifier("ins_01jd8x")
    code = fields.String(required=True, metadata={"example": "asuransi_nusantara"})
    name = fields.String(required=True)
    created_at = UtcField(required=True)


class ListInsurers(Page):
    """The partner insurers."""


class InsurerPage(Schema):
    """Insurers in the order they were made."""

    items = fields.List(fields.Nested(Insurer), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def _documents() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=validate.OneOf(CAUSES)),
        values=fields.List(
            fields.String(validate=validate.OneOf(DOCUMENT_KINDS)),
            validate=validate.Length(max=len(DOCUMENT_KINDS)),
        ),
        load_default=None,
        allow_none=True,
        metadata={
            "description": "The causes that are covered, each with the documents that "
            "a claim needs; by default what is usual for the kind.",
            "example": {"death": ["ktp", "death_certificate", "loan_statement"]},
        },
    )


class InsuranceProductBody(Schema):
    """Cover that an insurer offers for loans."""

    insurer_id = identifier("ins_01jd8x")
    code = _code("jiwa_kredit")
    name = name_field("Asuransi Jiwa Kredit")
    kind = fields.String(
        required=True,
        validate=validate.OneOf(KINDS),
        metadata={"example": "credit_life"},
    )
    rate_bps = fields.Integer(
        load_default=RATE_BPS_DEFAULT,
        strict=True,
        validate=validate.Range(min=1, max=10_000),
        metadata={
            "description": "Premium per year in basis points of the principal; 450 is "
            "4.5 %.",
            "example": RATE_BPS_DEFAULT,
        },
    )
    rounds_years_up = FlagField(
        load_default=False,
        metadata={"description": "Whether a begun year is paid whole, not by month."},
    )
    coverage_bps = fields.Integer(
        load_default=10_000,
        strict=True,
        validate=validate.Range(min=1, max=10_000),
        metadata={
            "description": "What of the outstanding amount a claim pays, in basis "
            "points.",
            "example": 10_000,
        },
    )
    refund_bps = _share(8_000, "What of the unearned premium an early end gives back")
    waiting_days = _days(
        90, 720, "How long a loan must be in default before a claim may be opened."
    )
    claim_days = _days(90, 720, "By when a claim must be submitted after that.")
    documents = _documents()

    @validates_schema
    def _covers_something(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("documents") == {}:
            message = "At least one cause must be covered."
            raise ValidationError(message, "documents")


class CreateInsuranceProduct(InsuranceProductBody, Command):
    """Cover that cooperatives may bundle with their loans from now on."""


class InsuranceProductCommand(Schema):
    """Something about one insurance product."""

    product_id = identifier("inp_01jd8x")


class ChangeInsuranceProduct(InsuranceProductCommand, Command):
    """A product that is not offered any more; policies that run go on."""


class ListInsuranceProducts(Page):
    """What the partner insurers offer and have offered."""


class InsuranceProduct(Schema):
    """Cover as it is offered."""

    id = identifier("inp_01jd8x")
    insurer_id = identifier("ins_01jd8x")
    code = fields.String(required=True, metadata={"example": "jiwa_kredit"})
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    rate_bps = fields.Integer(required=True, strict=True)
    rounds_years_up = fields.Boolean(required=True)
    coverage_bps = fields.Integer(required=True, strict=True)
    refund_bps = fields.Integer(required=True, strict=True)
    waiting_days = fields.Integer(required=True, strict=True)
    claim_days = fields.Integer(required=True, strict=True)
    documents = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), required=True
    )
    is_offered = fields.Boolean(required=True)


class InsuranceProductPage(Schema):
    """Products in the order they were made."""

    items = fields.List(fields.Nested(InsuranceProduct), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

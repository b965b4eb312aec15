"""Restructuring: new terms for a loan that cannot be paid on its old ones (R152-R154).

| entrypoint | rule | command | result |
|---|---|---|---|
| `propose_restructuring` | loans:write | `ProposeRestructuring` | `Restructuring` |
| `approve_restructuring` | approvals:write | `DecideRestructuring` | `Restructuring` |
| `reject_restructuring` | approvals, loans:write | `DecideRestructuring` | same |
| `sign_restructuring` | loans:write | `SignRestructuring` | `Restructuring` |
| `report_restructuring` | loans:write | `DecideRestructuring` | `Restructuring` |
| `get_restructuring` | loans:read | `GetRestructuring` | `Restructuring` or a file |
| `list_restructurings` | loans:read | `ListRestructurings` | `RestructuringPage` |

Approving draws up the akad restrukturisasi, signing carries it out: the old loan is
closed, a new one takes its place. Interest and penalties that are not capitalised are
deferred: they are paid after the last instalment. Amounts are whole rupiah, rates basis
points a year. Approving needs a fresh second factor.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import AmountField, FlagField, UtcField, text
from services.shared.contracts.loans import (
    FREQUENCIES,
    METHODS,
    Command,
    LoanCommand,
)
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

KINDS: Final = (
    "longer_tenor",
    "lower_instalment",
    "grace_period",
    "principal_first",
    "seasonal",
    "capitalise_interest",
    "lower_rate",
    "convert_product",
    "extra_collateral",
    "convert_to_equity",
)
CAUSES: Final = (
    "usaha_macet",
    "bencana_alam",
    "kesengajaan",
    "penyalahgunaan_dana",
    "gagal_panen",
    "fluktuasi_harga",
    "kesehatan",
    "lainnya",
)
"""Why a loan fell behind (R143)."""

STATUSES: Final = ("proposed", "approved", "rejected", "carried_out")
COUNT_MAX: Final = 600


class RestructuringOpen(ConflictError):
    """Another restructuring of this loan is proposed or approved."""

    code = "restructuring_open"


class RestructuringNotReady(ConflictError):
    """The restructuring is not in a state in which this can be done."""

    code = "restructuring_not_ready"


class RestructuringOutdated(ConflictError):
    """The loan was paid on since the akad was drawn up; propose it anew."""

    code = "restructuring_outdated"


class ExtensionTooLong(RefusedError):
    """A loan is extended by at most two years: until ``details["latest"]``."""

    code = "extension_too_long"


class TermsUnfit(RefusedError):
    """These terms do not make this kind of restructuring; see ``details["field"]``."""

    code = "terms_unfit"


class NotGoingConcern(RefusedError):
    """Only a borrower whose business goes on gets new terms."""

    code = "not_going_concern"


class CollateralNotOffered(RefusedError):
    """This collateral does not belong to the loan."""

    code = "collateral_not_offered"


class RestructuringDocuments(Schema):
    """The papers of R154: ids or numbers under which they are kept."""

    business_financials = text(
        longest=100, required=True, metadata={"description": "Of three months."}
    )
    field_minutes = text(
        longest=100, required=True, metadata={"description": "Of the verification."}
    )
    good_faith = text(
        longest=100, required=True, metadata={"description": "The borrower's word."}
    )


def _count(description: str) -> fields.Integer:
    return fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=COUNT_MAX),
        metadata={"description": description},
    )


class RestructuringTerms(Schema):
    """What is to change; null stays as it is."""

    count = _count("Instalments from now on.")
    rate_bps = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=2400),
    )
    grace_count = _count("The first instalments that repay no principal.")
    harvest_every = _count("Principal falls due in every one of so many instalments.")
    reduced_count = _count("So many instalments are lower, or at the lower rate.")
    reduced_amount = AmountField(
        load_default=None,
        allow_none=True,
        metadata={"description": "Of each lower instalment."},
    )
    product_code = text(longest=30, load_default=None, allow_none=True)
    collateral_id = text(longest=100, load_default=None, allow_none=True)


class RestructuringBody(Schema):
    """New terms, why they are needed, and what proves it."""

    method = fields.String(
        required=True,
        validate=validate.OneOf(KINDS),
        metadata={"example": "longer_tenor"},
    )
    terms = fields.Nested(RestructuringTerms, required=True)
    first_due_on = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "Null for one period after the akad is drawn up."},
    )
    reason = text(
        longest=1000,
        shortest=5,
        required=True,
        metadata={"example": "Omzet turun karena pasar terbakar"},
    )
    cause = fields.String(required=True, validate=validate.OneOf(CAUSES))
    is_going_concern = FlagField(
        required=True, metadata={"description": "R153: the business goes on."}
    )
    documents = fields.Nested(RestructuringDocuments, required=True)


class ProposeRestructuring(RestructuringBody, LoanCommand, Command):
    """New terms for a loan."""


class RestructuringCommand(LoanCommand):
    """One restructuring of a loan."""

    restructuring_id = _id("rst_01jd8x")


class DecideRestructuring(RestructuringCommand, Command):
    """What is decided or done about one restructuring."""


class SignRestructuringBody(Schema):
    """Who signed the akad restrukturisasi, and when."""

    signed_on = fields.Date(required=True)
    signed_by = text(longest=200, required=True, metadata={"example": "Budi Santoso"})


class SignRestructuring(SignRestructuringBody, RestructuringCommand, Command):
    """A signed akad restrukturisasi, which is carried out at once."""


class RestructuringQuery(Schema):
    """In which form the restructuring is wanted."""

    format = files.format_field(files.PDF)


class GetRestructuring(RestructuringQuery, RestructuringCommand):
    """One restructuring, or its akad on paper."""


class RestructuringInstalment(Schema):
    """What falls due on one day."""

    number = fields.Integer(required=True, strict=True)
    due_on = fields.Date(required=True)
    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)


def _rupiah() -> fields.Integer:
    return fields.Integer(required=True, strict=True)


class RestructuringContent(Schema):
    """What the akad says: the debt, the old terms and the new ones."""

    cooperative_name = fields.String(required=True)
    cooperative_code = fields.String(required=True)
    member_name = fields.String(required=True)
    loan_number = fields.String(required=True)
    made_on = fields.Date(required=True)
    made_at = UtcField(required=True)
    outstanding = _rupiah()
    interest = _rupiah()
    penalty = _rupiah()
    paid_before = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "All that was paid or waived of the loan until then."},
    )
    principal = _rupiah()
    capitalised = _rupiah()
    deferred = _rupiah()
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    frequency = fields.String(required=True, validate=validate.OneOf(FREQUENCIES))
    rate_before_bps = fields.Integer(required=True, strict=True)
    rate_bps = fields.Integer(required=True, strict=True)
    count = fields.Integer(required=True, strict=True)
    matured_on = fields.Date(
        required=True, metadata={"description": "When the loan was to end before."}
    )
    matures_on = fields.Date(required=True, allow_none=True)
    old_schedule = fields.List(fields.Nested(RestructuringInstalment), required=True)
    schedule = fields.List(fields.Nested(RestructuringInstalment), required=True)


class Restructuring(Schema):
    """What was proposed, what was decided, and what came of it."""

    id = _id("rst_01jd8x")
    loan_id = _id("loa_01jd8x")
    number = fields.String(
        required=True, allow_none=True, metadata={"example": "RST/2026/11/1"}
    )
    method = fields.String(required=True, validate=validate.OneOf(KINDS))
    terms = fields.Nested(RestructuringTerms, required=True)
    reason = fields.String(required=True)
    cause = fields.String(required=True, validate=validate.OneOf(CAUSES))
    documents = fields.Nested(RestructuringDocuments, required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    proposed_by = fields.String(required=True)
    proposed_at = UtcField(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)
    content = fields.Nested(RestructuringContent, required=True)
    signed_on = fields.Date(required=True, allow_none=True)
    signed_by = fields.String(required=True, allow_none=True)
    new_loan_id = fields.String(required=True, allow_none=True)
    report_due_on = fields.Date(required=True, allow_none=True)
    reported_at = UtcField(required=True, allow_none=True)


class ListRestructurings(Page, LoanCommand):
    """The restructurings of a loan."""


class RestructuringPage(Schema):
    """Restructurings in the order they were proposed."""

    items = fields.List(fields.Nested(Restructuring), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

"""Branches of a cooperative, and what each kind of office needs (R22, R69-R72).

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_branch` | branches:write | `CreateBranch` | `Branch` |
| `change_branch` | branches:write | `ChangeBranch` | `Branch` |
| `get_branch` | branches:read | `BranchCommand` | `Branch` |
| `list_branches` | branches:read | `ListBranches` | `BranchPage` |
| `get_branch_preconditions` | branches:read | `BranchCommand` | `Preconditions` |
| `open_branch` | branches:write | `OpenBranch` | `Branch` |
| `close_branch` | branches:write | `CloseBranch` | `Branch` |
| `put_annual_report` | branches:write | `PutAnnualReport` | `AnnualReport` |
| `list_annual_reports` | branches:read | `ListAnnualReports` | `AnnualReportPage` |
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AMOUNT_MAX, UtcField, text
from services.shared.contracts.members import Command, Page, identifier, name_field
from services.shared.errors import ConflictError, RefusedError

BRANCH_KINDS: Final = ("pusat", "cabang", "cabang_pembantu", "kantor_kas")
BRANCH_STATUSES: Final = ("planned", "open", "closed")
TIME_ZONES: Final = ("WIB", "WITA", "WIT")

# Events, published to the exchange of the members service.
BRANCH_OPENED: Final = "branch_opened"  # BranchEvent
BRANCH_CLOSED: Final = "branch_closed"  # BranchEvent


class HeadOfficeExists(ConflictError):
    """The cooperative has a head office already."""

    code = "head_office_exists"


class BranchClosed(ConflictError):
    """A closed branch stays closed."""

    code = "branch_closed"


class BranchPreconditionsUnmet(RefusedError):
    """The cooperative does not meet what an office of this kind needs."""

    code = "branch_preconditions_unmet"


class BranchChangeBody(Schema):
    """What is known of a branch; it may change."""

    name = name_field("Cabang Denpasar")
    address = text(
        longest=500, required=True, metadata={"example": "Jl. Gatot Subroto 12"}
    )
    area = text(
        longest=100,
        required=True,
        metadata={
            "description": "The kabupaten or kota that it serves.",
            "example": "Kota Denpasar",
        },
    )
    time_zone = fields.String(
        required=True,
        validate=validate.OneOf(TIME_ZONES),
        metadata={"example": "WITA"},
    )
    members_in_area = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(min=0, max=10_000_000),
        metadata={
            "description": "Members who live in the area, as the cooperative declares; "
            "counted up to the number of its active members.",
            "example": 120,
        },
    )
    network_licence_number = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Licence of the branch network from OSS (R82).",
            "example": "9120001234567-C1",
        },
    )


class BranchBody(BranchChangeBody):
    """An office that is planned."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(BRANCH_KINDS),
        metadata={"example": "cabang"},
    )


class CreateBranch(BranchBody, Command):
    """A new branch, planned until it is opened."""


class BranchCommand(Schema):
    """Something about one branch of the caller's cooperative."""

    branch_id = identifier("brc_01jd8x")


class ChangeBranch(BranchChangeBody, BranchCommand):
    """A branch as it is from now on."""


class OpenBranch(BranchCommand, Command):
    """A branch that begins its work."""


class CloseBranchBody(Schema):
    """Why a branch is closed."""

    reason = text(longest=300, required=True, metadata={"example": "Pindah lokasi"})


class CloseBranch(CloseBranchBody, BranchCommand, Command):
    """A branch that ends its work."""


class ListBranches(Page):
    """The branches of the caller's cooperative."""

    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(BRANCH_STATUSES)
    )


class Branch(Schema):
    """A branch; staff belong to one by their user."""

    id = identifier("brc_01jd8x")
    code = fields.String(required=True, metadata={"example": "001"})
    name = fields.String(required=True, metadata={"example": "Cabang Denpasar"})
    kind = fields.String(required=True, validate=validate.OneOf(BRANCH_KINDS))
    address = fields.String(required=True)
    area = fields.String(required=True)
    time_zone = fields.String(required=True, validate=validate.OneOf(TIME_ZONES))
    members_in_area = fields.Integer(required=True, strict=True)
    network_licence_number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(BRANCH_STATUSES))
    created_at = UtcField(required=True)
    opened_on = fields.Date(required=True, allow_none=True)
    closed_on = fields.Date(required=True, allow_none=True)


class BranchPage(Schema):
    """Branches in the order of their codes."""

    items = fields.List(fields.Nested(Branch), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Precondition(Schema):
    """One precondition: what is asked for, what there is."""

    code = fields.String(required=True, metadata={"example": "working_capital"})
    is_met = fields.Boolean(required=True)
    required = fields.String(required=True, metadata={"example": "2500000000"})
    actual = fields.String(
        required=True, allow_none=True, metadata={"example": "3100000000"}
    )


class Preconditions(Schema):
    """All preconditions of a branch."""

    branch_id = identifier("brc_01jd8x")
    kind = fields.String(required=True, validate=validate.OneOf(BRANCH_KINDS))
    are_met = fields.Boolean(required=True)
    items = fields.List(fields.Nested(Precondition), required=True)


class BranchEvent(Schema):
    """Payload of the branch events."""

    cooperative_id = identifier("coop_01jd8x")
    branch_id = identifier("brc_01jd8x")
    code = fields.String(required=True)
    kind = fields.String(required=True)


# Annual reports


class AnnualReportBody(Schema):
    """What the members' meeting accepted for a year (R69, R170)."""

    accepted_on = fields.Date(required=True, metadata={"example": "2026-03-14"})
    working_capital = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=AMOUNT_MAX),
        metadata={
            "description": "Working capital at the end of the year, whole rupiah.",
            "example": 3_100_000_000,
        },
    )
    document_sha512 = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^[0-9a-f]{128}\Z"),
        metadata={"description": "Fingerprint of the report itself, hexadecimal."},
    )


class PutAnnualReport(AnnualReportBody):
    """A year's report."""

    year = fields.String(
        required=True,
        validate=validate.Regexp(r"^20[0-9]{2}\Z"),
        metadata={"example": "2025"},
    )


class ListAnnualReports(Page):
    """The annual reports of the caller's cooperative."""


class AnnualReport(Schema):
    """An annual report as declared."""

    year = fields.Integer(required=True, strict=True, metadata={"example": 2025})
    accepted_on = fields.Date(required=True)
    working_capital = fields.Integer(required=True, strict=True)
    document_sha512 = fields.String(required=True, allow_none=True)


class AnnualReportPage(Schema):
    """Annual reports by year."""

    items = fields.List(fields.Nested(AnnualReport), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

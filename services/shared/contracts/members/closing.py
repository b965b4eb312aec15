"""How a cooperative leaves the hub (R16-R19).

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_closing_blockers` | cooperative:read | `{}` | `Blockers` |
| `request_closing` | cooperative:write | `RequestClosing` | `Closing` |
| `withdraw_closing` | cooperative:write | `ClosingChange` | `Closing` |
| `get_closing` | operator, cooperative:read | `ClosingCommand` | `Closing` |
| `list_closings` | operator, cooperative:read | `ListClosings` | `ClosingPage` |
| `verify_closing` | operator | `ClosingChange` | `Closing` |
| `get_closing_document` | operator, cooperative:read | `GetDocument` | either form |
| `approve_closing` | operator | `ApproveClosing` | `Closing` |
| `reject_closing` | operator | `RejectClosing` | `Closing` |
| `get_closing_export` | anyone, with the token of its mail | `GetExport` | `Export` |

A closing that was approved goes on by itself, step by step, until it is `completed`.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.members import Command, Page, identifier
from services.shared.errors import ConflictError, RefusedError

CLOSING_STATES: Final = (
    "requested",
    "verified",
    "approved",
    "accounts_closed",
    "participant_closed",
    "exported",
    "key_destroyed",
    "completed",
    "rejected",
    "withdrawn",
)

# Events, published to the exchange of the members service.
CLOSING_REQUESTED: Final = "closing_requested"  # ClosingEvent
COOPERATIVE_CLOSED: Final = "cooperative_closed"  # CooperativeEvent


class CooperativeClosed(ConflictError):
    """The cooperative leaves the hub, or has left it; that is for good."""

    code = "cooperative_closed"


class ClosingBlocked(RefusedError):
    """Something stands against the closing; the errors name every item."""

    code = "closing_blocked"


class ClosingUnderWay(ConflictError):
    """A closing of this cooperative is under way already."""

    code = "closing_under_way"


class ClosingNotOpen(ConflictError):
    """The closing is in a state that does not allow this."""

    code = "closing_not_open"


class DocumentOutdated(ConflictError):
    """This is not the verification document in force; look at the present one."""

    code = "document_outdated"


class DocumentMissing(ConflictError):
    """The closing has not been verified yet, so there is no document."""

    code = "document_missing"


class InvalidExportLink(RefusedError):
    """The link to the exported books is unknown or has expired."""

    code = "invalid_export_link"


class ClosingBlocker(Schema):
    """One thing that stands against the closing."""

    field = fields.String(required=True, metadata={"example": "clearing"})
    code = fields.String(required=True, metadata={"example": "position_open"})
    detail = fields.String(required=True)


class Blockers(Schema):
    """Everything that stands against the closing; nothing when it may be requested."""

    items = fields.List(fields.Nested(ClosingBlocker), required=True)


class ClosingBody(Schema):
    """Why a cooperative leaves, and where its documents go."""

    reason = text(
        longest=1000,
        required=True,
        metadata={"example": "Rapat Anggota memutuskan pembubaran koperasi."},
    )
    contact_email = fields.Email(
        required=True,
        validate=validate.Length(max=200),
        metadata={
            "description": "The link to the exported books goes there.",
            "example": "pengurus@majubersama.example",
        },
    )


class RequestClosing(ClosingBody, Command):
    """A cooperative that wants to leave."""


class ClosingCommand(Schema):
    """Something about one closing."""

    closing_id = identifier("cls_01jd8x")


class ClosingChange(ClosingCommand, Command):
    """A closing that is verified or withdrawn."""


class ApproveBody(Schema):
    """The verification document that the approval rests on (R19)."""

    document_sha512 = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{128}\Z", error="Must be a SHA-512."),
        metadata={"example": "0" * 128},
    )


class ApproveClosing(ApproveBody, ClosingCommand, Command):
    """A closing that may go on; from the next step on there is no way back."""


class RejectClosingBody(Schema):
    """Why a closing is rejected; the cooperative reads it."""

    reason = text(
        longest=500,
        required=True,
        metadata={"example": "Masih ada polis yang berjalan."},
    )


class RejectClosing(RejectClosingBody, ClosingCommand, Command):
    """A closing that does not go on."""


class ListClosings(Page):
    """Closings: the operator sees all, a cooperative its own."""

    state = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(CLOSING_STATES)
    )


class Closing(Schema):
    """A closing as it stands."""

    id = identifier("cls_01jd8x")
    cooperative_id = identifier("coop_01jd8x")
    state = fields.String(required=True, validate=validate.OneOf(CLOSING_STATES))
    reason = fields.String(required=True)
    requested_at = UtcField(required=True)
    due_on = fields.Date(
        required=True,
        metadata={"description": "Three working days after the request (R18)."},
    )
    working_days_left = fields.Integer(required=True, strict=True)
    verified_at = UtcField(required=True, allow_none=True)
    document_sha512 = fields.String(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)
    decision_reason = fields.String(required=True, allow_none=True)
    completed_at = UtcField(required=True, allow_none=True)
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Code of what keeps the next step from being done."},
    )


class ClosingPage(Schema):
    """Closings, oldest first."""

    items = fields.List(fields.Nested(Closing), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class DocumentQuery(Schema):
    """The form of a document."""

    format = files.format_field(files.PDF)


class GetDocument(DocumentQuery, ClosingCommand):
    """The verification document of a closing."""


class VerificationLine(Schema):
    """One code of the trial balance."""

    code = fields.String(required=True, metadata={"example": "1-1000"})
    name = fields.String(required=True, metadata={"example": "Kas"})
    debit = fields.Integer(required=True, strict=True)
    credit = fields.Integer(required=True, strict=True)


class VerificationDocument(Schema):
    """What was verified, and the fingerprint over all of it."""

    number = fields.String(
        required=True, metadata={"example": "PENUTUPAN/2026/11/0101"}
    )
    sha512 = fields.String(required=True, metadata={"example": "0" * 128})
    closing_id = identifier("cls_01jd8x")
    cooperative_id = identifier("coop_01jd8x")
    cooperative_code = fields.String(required=True, metadata={"example": "0101"})
    cooperative_name = fields.String(
        required=True, metadata={"example": "KSP Maju Bersama"}
    )
    reason = fields.String(required=True)
    requested_at = UtcField(required=True)
    due_on = fields.Date(required=True)
    verified_at = UtcField(required=True)
    verified_by = fields.String(required=True)
    member_count = fields.Integer(required=True, strict=True)
    account_count = fields.Integer(required=True, strict=True)
    position = fields.Integer(required=True, strict=True)
    liquidity = fields.Integer(required=True, strict=True)
    trial_balance = fields.List(fields.Nested(VerificationLine), required=True)


class ExportBody(Schema):
    """What the link to the exported books carries."""

    token = text(
        longest=200,
        required=True,
        load_only=True,
        metadata={"example": "cls_01jd8x.Zx3rT9bWq0"},
    )


class GetExport(ExportBody):
    """A part of the exported books; the file is longer than one message."""

    part = fields.Integer(
        load_default=0, strict=True, validate=validate.Range(min=0, max=100_000)
    )


class Export(Schema):
    """A part of a ZIP archive in base64; ``next_part`` is null with the last."""

    name = fields.String(required=True, metadata={"example": "buku-0101.zip"})
    sha512 = fields.String(required=True)
    content = fields.String(required=True, metadata={"example": "UEsFBg=="})
    next_part = fields.Integer(required=True, allow_none=True, strict=True)


class ClosingEvent(Schema):
    """Payload of ``closing_requested``."""

    closing_id = identifier("cls_01jd8x")
    cooperative_id = identifier("coop_01jd8x")
    due_on = fields.Date(required=True)

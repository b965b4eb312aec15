"""The papers of an application (R121, R126).

| entrypoint | rule | command | result |
|---|---|---|---|
| `upload_application_document` | applications:write | `UploadDocument` | it |
| `list_application_documents` | applications:read | `ApplicationCommand` | a list |
| `get_application_document` | applications:read | `DocumentCommand` | `File` |
| `upload_my_application_document` | self:write | `UploadDocument` | it |
| `list_my_application_documents` | self:read | `ApplicationCommand` | a list |

"It" is an `ApplicationDocument`, a list `ApplicationDocuments`.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import ApplicationCommand, Command, identifier
from services.shared.errors import RefusedError

DOCUMENT_KINDS: Final = (
    "application_form",
    "payslip",
    "cash_book",
    "ktp",
    "kk",
    "business_permit",
    "collateral_photo",
    "collateral_deed",
    "akad_signed",
    "consent",
    "other",
)
MEDIA_TYPES: Final = ("image/jpeg", "image/png", "application/pdf")
SIZE_BYTES_MAX: Final = 5 << 20
DOCUMENTS_MAX: Final = 50
_BASE64_MAX: Final = -(-SIZE_BYTES_MAX // 3) * 4


class TooManyApplicationDocuments(RefusedError):
    """This application has as many documents as one may have."""

    code = "too_many_application_documents"


class ApplicationUploadQuery(Schema):
    """What an uploaded file shows."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(DOCUMENT_KINDS),
        metadata={"example": "payslip"},
    )
    collateral_id = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "The collateral that it shows."},
    )


class UploadDocument(ApplicationUploadQuery, ApplicationCommand, Command):
    """A file as it travels: base64 text and the media type that it came as."""

    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    content = fields.String(
        required=True, validate=validate.Length(max=_BASE64_MAX), load_only=True
    )


class DocumentCommand(Schema):
    """One document of an application."""

    document_id = identifier("ado_01jd8x")


class ApplicationDocument(Schema):
    """What is known of a document beside its content."""

    id = identifier("ado_01jd8x")
    application_id = identifier("app_01jd8x")
    collateral_id = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(DOCUMENT_KINDS))
    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    size_bytes = fields.Integer(required=True, metadata={"example": 184_320})
    uploaded_by = fields.String(required=True)
    uploaded_at = UtcField(required=True)


class ApplicationDocuments(Schema):
    """All documents of an application, oldest first."""

    items = fields.List(fields.Nested(ApplicationDocument), required=True)

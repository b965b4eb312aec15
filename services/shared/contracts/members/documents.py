"""What may be asked about the documents of members.

| entrypoint | rule | command | result |
|---|---|---|---|
| `upload_document` | documents:write | `UploadDocument` | `Document` |
| `list_documents` | documents:read | `ListDocuments` | `DocumentPage` |
| `get_document` | documents:read | `DocumentCommand` | `Document` |
| `get_document_content` | documents:read | `DocumentCommand` | `File` |
| `accept_document` | documents:write | `AcceptDocument` | `Document` |
| `reject_document` | documents:write | `RejectDocument` | `Document` |
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.members import (
    Command,
    MemberCommand,
    Page,
    identifier,
)
from services.shared.errors import ConflictError, RefusedError

DOCUMENT_KINDS: Final = ("ktp", "selfie", "payment_proof", "other")
DOCUMENT_STATUSES: Final = ("submitted", "accepted", "rejected")
MEDIA_TYPES: Final = ("image/jpeg", "image/png", "application/pdf")
SIZE_BYTES_MAX: Final = 5 << 20
_BASE64_MAX: Final = -(-SIZE_BYTES_MAX // 3) * 4


class DocumentNotRecognised(RefusedError):
    """The file is not a JPEG, a PNG or a PDF, or not the one that it is called."""

    code = "document_not_recognised"


class TooManyDocuments(RefusedError):
    """This member has as many documents as one may have."""

    code = "too_many_documents"


class DocumentReviewed(ConflictError):
    """This document was reviewed before, with the other outcome."""

    code = "document_reviewed"


class UploadQuery(Schema):
    """What an uploaded file shows."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(DOCUMENT_KINDS),
        metadata={"example": "ktp"},
    )


class Upload(UploadQuery):
    """A file as it travels: base64 text and the media type that it came as."""

    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    content = fields.String(
        required=True, validate=validate.Length(max=_BASE64_MAX), load_only=True
    )


class UploadDocument(Upload, MemberCommand, Command):
    """A document of a member of the caller's cooperative."""


class DocumentCommand(Schema):
    """Something about one document."""

    document_id = identifier("doc_01jd8x")


class AcceptDocument(DocumentCommand, Command):
    """A document that shows what it should."""


class RejectionBody(Schema):
    """Why a document is not good enough."""

    reason = text(longest=500, required=True, metadata={"example": "Foto buram"})


class RejectDocument(RejectionBody, DocumentCommand, Command):
    """A document that has to be handed in again."""


class ListDocuments(Page):
    """The documents of the caller's cooperative, or of one of its members."""

    member_id = text(longest=100, load_default=None, allow_none=True)
    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(DOCUMENT_STATUSES)
    )


class Document(Schema):
    """What is known of a document beside its content."""

    id = identifier("doc_01jd8x")
    member_id = identifier("mem_01jd8x")
    kind = fields.String(required=True, validate=validate.OneOf(DOCUMENT_KINDS))
    media_type = fields.String(required=True, validate=validate.OneOf(MEDIA_TYPES))
    size_bytes = fields.Integer(required=True, metadata={"example": 184_320})
    status = fields.String(required=True, validate=validate.OneOf(DOCUMENT_STATUSES))
    reason = fields.String(required=True, allow_none=True)
    uploaded_by = fields.String(required=True)
    uploaded_at = UtcField(required=True)
    reviewed_by = fields.String(required=True, allow_none=True)
    reviewed_at = UtcField(required=True, allow_none=True)


class DocumentPage(Schema):
    """Documents, oldest first."""

    items = fields.List(fields.Nested(Document), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

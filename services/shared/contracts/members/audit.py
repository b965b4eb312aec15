"""The audit trail of a cooperative.

| entrypoint | rule | command | result |
|---|---|---|---|
| `list_audit_entries` | audit:read, operator | `ListAuditEntries` | `AuditPage` |
"""

from __future__ import annotations

from marshmallow import Schema, fields

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.ledger import MomentOrDateField
from services.shared.contracts.members import Page, identifier


class ListAuditEntries(Page):
    """What is asked of the trail; every part narrows it."""

    cooperative_id = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "Whose trail; the operator may name any."},
    )
    actor = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "Who acted: the id of a person or a machine."},
    )
    subject = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "The id of what was changed or looked at."},
    )
    action = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "Such as `member.activated`, or its beginning."},
    )
    from_ = MomentOrDateField(data_key="from", load_default=None, allow_none=True)
    to = MomentOrDateField(load_default=None, allow_none=True)


class AuditEntry(Schema):
    """Who did what to what, and how it was before and after."""

    position = fields.Integer(
        required=True,
        metadata={"description": "Counts from 1 without gaps.", "example": 17},
    )
    at = UtcField(required=True)
    actor = identifier("usr_01jd8x")
    action = fields.String(required=True, metadata={"example": "member.activated"})
    subject = identifier("mem_01jd8x")
    before = fields.Dict(required=True, allow_none=True)
    after = fields.Dict(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    hash = fields.String(
        required=True,
        metadata={
            "description": "SHA-512 in hex over the hash before and this entry.",
            "example": "5f" * 64,
        },
    )


class AuditPage(Schema):
    """Entries of the trail, newest first."""

    items = fields.List(fields.Nested(AuditEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)

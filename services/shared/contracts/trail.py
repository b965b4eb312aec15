"""What services tell the audit trail: the event `audited` of each of them."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields

from services.shared.contracts.fields import UtcField, text

AUDITED: Final = "audited"


class Audited(Schema):
    """Payload of `audited`: who did what to what, and how it was before and after."""

    cooperative_id = text(longest=100, required=True)
    at = UtcField(required=True)
    actor = text(longest=200, required=True)
    action = text(longest=100, required=True)
    subject = text(longest=200, required=True)
    before = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    after = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)

"""Who a member is, whole and unmasked, for the service that has it checked.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_identity` | service kyc | `GetIdentity` | `MemberIdentity` |

Every answer is an entry of the cooperative's audit trail (R107).
"""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.shared.contracts.members import GENDERS, identifier


class GetIdentity(Schema):
    """A member of the caller's cooperative; photos only where they are needed."""

    member_id = identifier("mem_01jd8x")
    with_photos = fields.Boolean(load_default=True)


class MemberIdentity(Schema):
    """A person as the cooperative knows it, null where it knows nothing.

    The photos are the newest selfie and KTP that were handed in as an image and not
    rejected, in base64.
    """

    member_id = identifier("mem_01jd8x")
    name = fields.String(required=True)
    nik = fields.String(required=True, allow_none=True)
    birth_date = fields.Date(required=True, allow_none=True)
    birth_place = fields.String(required=True, allow_none=True)
    gender = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(GENDERS)
    )
    address = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    selfie_b64 = fields.String(required=True, allow_none=True)
    ktp_b64 = fields.String(required=True, allow_none=True)

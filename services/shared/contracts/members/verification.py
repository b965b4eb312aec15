"""What may be asked about proving that a phone or an e-mail address is one's own.

| entrypoint | rule | command | result |
|---|---|---|---|
| `send_verification_code` | members:write | `SendCode` | `CodeSent` |
| `confirm_verification_code` | members:write | `ConfirmCode` | `Verified` |

A member does the same for itself (`me`).
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField
from services.shared.contracts.members import Command, MemberCommand, identifier
from services.shared.errors import RateLimitedError, RefusedError

VERIFIED_CHANNELS: Final = ("email", "phone")


class NothingToVerify(RefusedError):
    """There is no such address to send a code to, or it has been verified."""

    code = "nothing_to_verify"


class TooManyCodes(RateLimitedError):
    """A code was sent a moment ago, or too many were sent today; wait."""

    code = "too_many_codes"


class WrongCode(RefusedError):
    """The code is wrong, was used, or has expired."""

    code = "wrong_code"


class CodeBody(Schema):
    """Which address a code goes to."""

    channel = fields.String(
        required=True,
        validate=validate.OneOf(VERIFIED_CHANNELS),
        metadata={"example": "phone"},
    )


class SendCode(CodeBody, MemberCommand, Command):
    """A code that is to be sent to a member."""


class CodeSent(Schema):
    """Where a code was sent to, and until when it is good."""

    channel = fields.String(required=True, validate=validate.OneOf(VERIFIED_CHANNELS))
    target = fields.String(
        required=True, metadata={"example": "+62812••••7890", "description": "Masked."}
    )
    expires_at = UtcField(required=True)


class ConfirmBody(CodeBody):
    """The code that came."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9]{6}\Z", error="Must be 6 digits."),
        metadata={"example": "493027"},
    )


class ConfirmCode(ConfirmBody, MemberCommand):
    """The code that a member got."""


class Verified(Schema):
    """An address that is proven."""

    channel = fields.String(required=True, validate=validate.OneOf(VERIFIED_CHANNELS))
    verified_at = UtcField(required=True)


class ConfirmApplication(ConfirmBody):
    """The code that an applicant got, who has no login yet."""

    application_id = identifier("mem_01jd8x")

"""What may be asked about second factors.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_security` | person | `{}` | `Security` |
| `enrol_second_factor` | person | `EnrolSecondFactor` | `Enrolment` |
| `confirm_second_factor` | person | `ConfirmSecondFactor` | `RecoveryCodes` |
| `renew_recovery_codes` | person | `ConfirmSecondFactor` | `RecoveryCodes` |
| `remove_second_factor` | person | `RemoveSecondFactor` | `Security` |
"""

from __future__ import annotations

from marshmallow import Schema, fields

from services.shared.contracts.fields import FlagField
from services.shared.contracts.members.sessions import code_field, password_field
from services.shared.errors import ConflictError, RefusedError


class SecondFactorEnrolled(ConflictError):
    """There is a second factor already; remove it first."""

    code = "second_factor_enrolled"


class NoSecondFactor(RefusedError):
    """There is no second factor yet; enrol one first."""

    code = "no_second_factor"


class Security(Schema):
    """How well one's own account is protected."""

    has_second_factor = FlagField(required=True)
    must_have_second_factor = FlagField(required=True)
    recovery_codes_left = fields.Integer(required=True, metadata={"example": 10})
    has_pin = FlagField(required=True)


class EnrolSecondFactor(Schema):
    """The password, as proof of who enrols."""

    password = password_field(required=True)


class Enrolment(Schema):
    """What an authenticator app needs, shown this once; counts once confirmed."""

    secret = fields.String(
        required=True,
        metadata={"description": "Base32.", "example": "JBSWY3DPEHPK3PXP"},
    )
    uri = fields.String(
        required=True,
        metadata={
            "description": "What the QR code holds.",
            "example": "otpauth://totp/…",
        },
    )


class ConfirmSecondFactor(Schema):
    """A code that the authenticator app shows."""

    code = code_field(required=True)


class RecoveryCodes(Schema):
    """Each stands in for the authenticator once; shown this once."""

    codes = fields.List(
        fields.String(), required=True, metadata={"example": ["k3vd-9x2m-p7qa"]}
    )


class RemoveSecondFactor(Schema):
    """The password and a last code."""

    password = password_field(required=True)
    code = code_field(required=True)

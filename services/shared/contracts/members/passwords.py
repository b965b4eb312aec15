"""What may be asked about passwords, and the links that lead to a new one.

| entrypoint | rule | command | result |
|---|---|---|---|
| `rate_password` | anyone | `RatePassword` | `PasswordStrength` |
| `forget_password` | anyone | `ForgetPassword` | `LinkSent` |
| `reset_password` | anyone | `UseLink` | `PasswordSet` |
| `accept_invitation` | anyone | `UseLink` | `PasswordSet` |
| `change_password` | person | `ChangePassword` | `PasswordSet` |
| `set_pin` | person | `SetPin` | `PinSet` |
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import FlagField, text
from services.shared.contracts.members.sessions import password_field
from services.shared.errors import RefusedError

SCORE_MAX: Final = 4
LINK_LENGTH_MAX: Final = 200
ADVICE: Final = ("too_short", "common", "personal", "repetitive", "longer", "mix")


class WeakPassword(RefusedError):
    """The password is too short, too common or too easily guessed."""

    code = "weak_password"


class WeakPin(RefusedError):
    """A PIN is six digits that nobody would try first."""

    code = "weak_pin"


class WrongPassword(RefusedError):
    """The current password is wrong."""

    code = "wrong_password"


class InvalidLink(RefusedError):
    """The link is wrong, was used before or has expired."""

    code = "invalid_link"


class RatePassword(Schema):
    """A password that somebody thinks of."""

    password = password_field(required=True)
    staff = FlagField(
        load_default=False,
        metadata={"description": "Whether it is for a member of the staff."},
    )


class PasswordStrength(Schema):
    """How good it is. 0 is refused; advice says what would make it better."""

    score = fields.Integer(
        required=True,
        validate=validate.Range(min=0, max=SCORE_MAX),
        metadata={"example": 3},
    )
    accepted = FlagField(required=True)
    advice = fields.List(
        fields.String(validate=validate.OneOf(ADVICE)),
        required=True,
        metadata={"example": ["longer"]},
    )


class ForgetPassword(Schema):
    """Somebody who cannot sign in any more."""

    login = text(longest=200, required=True, metadata={"example": "sari@contoh.id"})
    cooperative_code = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^([0-9]{4}|hub)\Z", error="Must be 4 digits."),
        metadata={"example": "0101"},
    )


class LinkSent(Schema):
    """The same answer whether anybody has that login or not."""

    detail = fields.String(required=True)


class UseLink(Schema):
    """The token of a link, and the password that it is used to set."""

    token = text(longest=LINK_LENGTH_MAX, required=True, load_only=True)
    password = password_field(required=True)


class PasswordSet(Schema):
    """Whose password was set. Sessions that were open have ended."""

    user_id = fields.String(required=True, metadata={"example": "usr_01jd8x"})


class ChangePassword(Schema):
    """The password that is, and the one that shall be."""

    current_password = password_field(required=True)
    password = password_field(required=True)


class SetPin(Schema):
    """A transaction PIN, with the password as proof of who sets it."""

    password = password_field(required=True)
    pin = text(
        longest=20, required=True, load_only=True, metadata={"example": "285714"}
    )


class PinSet(Schema):
    """That there is a transaction PIN."""

    has_pin = FlagField(required=True)

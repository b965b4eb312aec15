"""What may be asked about signing in.

| entrypoint | rule | command | result |
|---|---|---|---|
| `sign_in` | anyone | `SignIn` | `SignedIn` |
| `refresh_session` | anyone | `RefreshSession` | `SignedIn` |
| `step_up` | person | `StepUp` | `SignedIn` |
| `list_sessions` | person | `Page` | `SessionPage` |
| `end_session` | person | `SessionCommand` | `Session` |
| `list_ended_sessions` | service gateway | `ListEndedSessions` | `EndedSessions` |
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import FlagField, UtcField, text
from services.shared.contracts.members import identifier
from services.shared.errors import (
    NotAuthenticatedError,
    RateLimitedError,
    RefusedError,
)

TOKEN_LENGTH_MAX: Final = 500
PASSWORD_LENGTH_MAX: Final = 200


class InvalidLogin(NotAuthenticatedError):
    """The login or the password is wrong."""

    code = "invalid_login"


class TooManyAttempts(RateLimitedError):
    """This failed too often; wait before trying again."""

    code = "too_many_attempts"


class CooperativeCodeRequired(RefusedError):
    """You are with several cooperatives: name the code of one of them."""

    code = "cooperative_code_required"


class SecondFactorRequired(NotAuthenticatedError):
    """Send the code of your authenticator app, or a recovery code, as well."""

    code = "second_factor_required"


class InvalidSecondFactor(RefusedError):
    """The code or PIN is wrong, or the code was used before."""

    code = "invalid_second_factor"


class InvalidRefreshToken(NotAuthenticatedError):
    """The session has ended, or the refresh token was used before; sign in again."""

    code = "invalid_refresh_token"


def password_field(**kwargs: Any) -> fields.String:
    """A password as it is typed; whether it is good enough is judged later."""
    return fields.String(
        validate=validate.Length(min=1, max=PASSWORD_LENGTH_MAX),
        load_only=True,
        **({"metadata": {"example": "Melati-Putih-42", "format": "password"}} | kwargs),
    )


def code_field(**kwargs: Any) -> fields.String:
    """The six digits of an authenticator app, or a recovery code."""
    return text(longest=20, metadata={"example": "492039"}, **kwargs)


class SignIn(Schema):
    """Who signs in, and how long it shall last."""

    login = text(
        longest=200,
        required=True,
        metadata={
            "description": "E-mail address or telephone number.",
            "example": "sari@contoh.id",
        },
    )
    password = password_field(required=True)
    cooperative_code = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^([0-9]{4}|hub)\Z", error="Must be 4 digits."),
        metadata={
            "description": "For people who are with several cooperatives.",
            "example": "0101",
        },
    )
    second_factor = code_field(load_default=None, allow_none=True)
    remember = FlagField(
        load_default=False,
        metadata={"description": "30 days instead of 12 hours (ingatkan saya)."},
    )
    device = text(longest=200, shortest=0, load_default="")


class SignInBody(SignIn):
    """Who signs in; a browser asks for cookies and never sees the tokens."""

    cookie = FlagField(
        load_default=False,
        metadata={
            "description": "Keep both tokens in HttpOnly cookies. Requests that "
            "change something must then come from the hub's own pages."
        },
    )


class RefreshSession(Schema):
    """A session that goes on."""

    refresh_token = text(longest=TOKEN_LENGTH_MAX, required=True, load_only=True)


class RefreshBody(Schema):
    """A session that goes on; a browser sends its cookie instead of the token."""

    refresh_token = text(
        longest=TOKEN_LENGTH_MAX, load_default=None, allow_none=True, load_only=True
    )


class StepUp(Schema):
    """A second factor, given anew: a code or the transaction PIN."""

    code = code_field(load_default=None, allow_none=True)
    pin = text(longest=20, load_default=None, allow_none=True, load_only=True)

    @validates_schema
    def _check_one(self, data: dict[str, Any], **_: Any) -> None:
        if (data["code"] is None) == (data["pin"] is None):
            raise ValidationError("Send either a code or a PIN.")


class SignedIn(Schema):
    """A session with its tokens; they are null when they are in cookies.

    The access token is short-lived. The refresh token is good once: each use brings the
    next one, and one that was used before ends the session.
    """

    session_id = identifier("ses_01jd8x")
    user_id = identifier("usr_01jd8x")
    cooperative_id = identifier("coop_01jd8x")
    member_id = fields.String(required=True, allow_none=True)
    roles = fields.List(
        fields.String(), required=True, metadata={"example": ["teller"]}
    )
    scope = fields.String(required=True, metadata={"example": "accounts:read"})
    access_token = fields.String(required=True, allow_none=True)
    token_type = fields.String(
        required=True, validate=validate.Equal("Bearer"), metadata={"example": "Bearer"}
    )
    expires_in = fields.Integer(
        required=True, metadata={"description": "Seconds.", "example": 900}
    )
    refresh_token = fields.String(required=True, allow_none=True)
    session_expires_at = UtcField(required=True)
    remembered = FlagField(required=True)
    strong_until = UtcField(
        required=True,
        allow_none=True,
        metadata={"description": "Until when the second factor counts as fresh."},
    )
    must_enrol_second_factor = FlagField(
        required=True,
        metadata={
            "description": "Whether nothing else is allowed until that is done.",
        },
    )


class SessionCommand(Schema):
    """One of the caller's sessions."""

    session_id = identifier("ses_01jd8x")


class Session(Schema):
    """One sign-in on one device."""

    id = identifier("ses_01jd8x")
    device = fields.String(required=True, metadata={"example": "Firefox"})
    remembered = FlagField(required=True, attribute="is_remembered")
    created_at = UtcField(required=True)
    used_at = UtcField(required=True)
    expires_at = UtcField(required=True)
    ended_at = UtcField(required=True, allow_none=True)


class SessionPage(Schema):
    """The sessions that have not ended, oldest first."""

    items = fields.List(fields.Nested(Session), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ListEndedSessions(Schema):
    """Which sessions ended lately, so that their access tokens are worth nothing."""

    since = UtcField(load_default=None, allow_none=True)


class EndedSessions(Schema):
    """The sessions that ended, and the moment to ask from the next time."""

    items = fields.List(fields.String(), required=True)
    as_of = UtcField(required=True)

"""Who is calling: access tokens, client credentials, and who counts as known."""

from __future__ import annotations

import base64
import binascii
from typing import Final
from urllib.parse import unquote_plus

from services.shared import access, identity
from services.shared.access import Rule
from services.shared.errors import NotAuthenticated
from services.shared.identity import Identity

TOKEN_LENGTH_MAX: Final = 4096
API_AUDIENCE: Final = "api"

# RFC 6750 section 3: no error code when the request carried no credentials at all.
CHALLENGE: Final = 'Bearer realm="koperasi-hub"'
CHALLENGE_INVALID: Final = f'{CHALLENGE}, error="invalid_token"'


def caller(
    authorization: str | None,
    key: str | tuple[str, ...],
    audience: str = API_AUDIENCE,
) -> Identity:
    """The identity in an Authorization header. Raises NotAuthenticated."""
    if authorization is None:
        raise NotAuthenticated(
            "Send an access token: Authorization: Bearer ….",
            {"WWW-Authenticate": CHALLENGE},
        )
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.isascii():
        raise _invalid("The Authorization header is not a bearer token.")
    if len(token) > TOKEN_LENGTH_MAX:
        raise _invalid("The access token is not valid.")
    try:
        return identity.verify(token, key, audience=audience)
    except NotAuthenticated as error:
        raise _invalid(error.message) from error


def ended() -> NotAuthenticated:
    """What the token of a session gets that ended before it."""
    return _invalid("The session has ended.")


def _invalid(message: str) -> NotAuthenticated:
    return NotAuthenticated(message, {"WWW-Authenticate": CHALLENGE_INVALID})


def is_public(rule: Rule) -> bool:
    """Whether an operation with this rule takes requests without a token."""
    return rule is access.anyone


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic; None when it is not that (RFC 6749 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    client_id, colon, secret = plain.partition(":")
    if not colon:
        return None
    return unquote_plus(client_id), unquote_plus(secret)

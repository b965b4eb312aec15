"""How a client gets an access token (RFC 6749, client credentials)."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.gateway import auth
from services.gateway.http import operations
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.http.server import HttpServer
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import members as contract
from services.shared.errors import Malformed, MalformedError, ServiceError

GRANT_TYPE: Final = "client_credentials"
BASIC_CHALLENGE: Final = 'Basic realm="koperasi-hub"'


class UnsupportedGrantType(MalformedError):
    """The only grant type is client_credentials."""

    code = "unsupported_grant_type"


class TokenForm(Schema):
    """Client credentials; the client may also authenticate with HTTP Basic."""

    class Meta:
        """RFC 6749 section 3.2: unknown parameters are ignored."""

        unknown = EXCLUDE

    grant_type = fields.String(
        required=True,
        validate=validate.Equal(GRANT_TYPE),
        metadata={"example": GRANT_TYPE},
    )
    client_id = fields.String(metadata={"example": "cli_01jd8x"})
    client_secret = fields.String(
        metadata={"example": "rahasia-yang-hanya-sekali-tampil"}
    )
    scope = fields.String(metadata={"example": "accounts:read transfers:write"})


class TokenRate(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides the rate limit to the one operation that cannot know its caller yet."""

    server = HttpServer()

    def get_dependency(self, worker_ctx: WorkerContext) -> HttpServer:
        """The server, which counts."""
        del worker_ctx
        return self.server


class OauthRoutes(Peers):
    """Tokens."""

    token_rate = TokenRate()

    @route(
        "POST",
        "/v1/oauth/token",
        tag="Access",
        rule=access.anyone,
        body=TokenForm,
        body_media_type=operations.FORM,
        answer=contract.Token,
        key=Idempotency.NONE,
        errors=(contract.InvalidClient, contract.InvalidScope, UnsupportedGrantType),
    )
    def issue_token(self, request: Request) -> dict[str, Any]:
        """Exchange client credentials for a short-lived access token.

        The client's id and secret travel in the form or as HTTP Basic, not in both.
        Without `scope` the token may do all that the client may do.
        """
        try:
            command = _command(request)
            self.token_rate.check_rate(f"{request.address} {command['client_id']}")
            return dict(self.members.authenticate_client(command))
        except ServiceError as refusal:
            _speak_oauth(refusal)
            raise


def _command(request: Request) -> dict[str, Any]:
    form = {name: value for name, value in request.json.items() if value}
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise operations.invalid({"grant_type": ["Missing data for required field."]})
    if grant_type != GRANT_TYPE:
        raise UnsupportedGrantType
    client_id, client_secret = _credentials(request, form)
    command = {"client_id": client_id, "client_secret": client_secret}
    if "scope" in form:
        command["scope"] = form["scope"]
    try:
        contract.AuthenticateClient().load(command)
    except ValidationError as error:
        raise operations.invalid(error.messages) from error
    return command


def _credentials(request: Request, form: dict[str, Any]) -> tuple[str, str]:
    authorization = request.headers.get("authorization")
    if authorization is not None:
        if "client_secret" in form:
            raise Malformed("Send the client's secret in one way only.")
        found = auth.basic_credentials(authorization)
        if found is None:
            raise contract.InvalidClient("The Authorization header is not HTTP Basic.")
        if form.get("client_id", found[0]) != found[0]:
            raise Malformed("The two client ids differ.")
        return found
    if "client_id" not in form or "client_secret" not in form:
        raise contract.InvalidClient("Send client_id and client_secret.")
    return form["client_id"], form["client_secret"]


def _speak_oauth(refusal: ServiceError) -> None:
    """Add what RFC 6749 section 5.2 wants to a refusal."""
    known = {
        contract.InvalidClient.code: "invalid_client",
        contract.InvalidScope.code: "invalid_scope",
        UnsupportedGrantType.code: "unsupported_grant_type",
        Malformed.code: "invalid_request",
    }
    if refusal.code in known:
        refusal.details["oauth_error"] = known[refusal.code]
    if isinstance(refusal, contract.InvalidClient):
        refusal.details["WWW-Authenticate"] = BASIC_CHALLENGE

"""How does an outside program talk to the hub? A plain client of the public API."""

from __future__ import annotations

import base64
import textwrap
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

import requests

from services.shared import clock, crypto

REQUEST_SECONDS: Final = 60.0
TOKEN_MARGIN_SECONDS: Final = 30
READABLE_CHARACTERS: Final = 400


class StepFailed(Exception):
    """A step of the story did not turn out as it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and which request asked for it."""

    request: str
    status: int
    body: dict[str, Any]
    replayed: str | None
    """The header `Idempotency-Replayed`."""

    def expect(self, status: int) -> dict[str, Any]:
        """The body, when the status is the expected one.

        Raises StepFailed naming the request, both statuses and the problem's code.
        """
        if self.status == status:
            return self.body
        code = self.body.get("code", "-")
        detail = self.body.get("detail") or self.body.get("title") or self.body
        raise StepFailed(
            f"{self.request} answered {self.status} ({code}: {detail}), "
            f"expected {status}"
        )

    def expect_refusal(self, code: str, status: int = 422) -> None:
        """A refusal with exactly this code, a business rule's by default.

        Raises StepFailed for anything else, above all for a success.
        """
        self.expect(status)
        if self.body.get("code") != code:
            raise StepFailed(
                f"{self.request} was refused with {self.body.get('code')!r}, "
                f"expected {code!r}"
            )


class Outside:
    """Somebody without a token: a form on a page, or another server altogether."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()
        # The hub is on this machine: a proxy must not come between.
        self._session.trust_env = False

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """The body of a GET that must succeed."""
        return self._send("GET", path, params=query).expect(200)

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body of a PUT that must succeed."""
        return self._send("PUT", path, body=body).expect(200)

    def post(
        self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None
    ) -> Answer:
        """The answer to a POST, whatever it is; a fresh idempotency key by default."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self._send("POST", path, body=body, headers=headers)

    def upload(self, path: str, content: bytes, media_type: str) -> Answer:
        """The answer to a file that is handed in."""
        self._prepare()
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": media_type}
        return self._exchange("POST", path, data=content, headers=headers)

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str | int] | None = None,
    ) -> Answer:
        self._prepare()
        return self._exchange(
            method, path, json=body, headers=headers or {}, params=params
        )

    def _prepare(self) -> None:
        """What has to be done before a request: nothing, for whoever has no token."""

    def _hold(self, token: dict[str, Any]) -> None:
        self._session.headers["Authorization"] = f"Bearer {token['access_token']}"
        self._token_good_until = (
            time.monotonic() + token["expires_in"] - TOKEN_MARGIN_SECONDS
        )

    def _exchange(self, method: str, path: str, **arguments: Any) -> Answer:
        request = f"{method} {path}"
        try:
            answer = self._session.request(
                method, self._address + path, timeout=REQUEST_SECONDS, **arguments
            )
            body = answer.json() if answer.content else {}
        except requests.RequestException as error:
            raise StepFailed(f"{request} got no answer: {error}") from error
        return Answer(
            request=request,
            status=answer.status_code,
            body=body if isinstance(body, dict) else {"body": body},
            replayed=answer.headers.get("Idempotency-Replayed"),
        )


class Client(Outside):
    """One OAuth client: asks for its token by itself and renews it in time."""

    def __init__(self, address: str, client_id: str, client_secret: str) -> None:
        super().__init__(address)
        self._client_id = client_id
        self._client_secret = client_secret
        self._token_good_until = 0.0

    def _prepare(self) -> None:
        if time.monotonic() < self._token_good_until:
            return
        self._session.headers.pop("Authorization", None)
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
        }
        self._hold(self._exchange("POST", "/v1/oauth/token", data=form).expect(200))


class Person(Outside):
    """Somebody who signed in with a password."""

    def __init__(self, address: str, email: str, password: str) -> None:
        super().__init__(address)
        self.has_second_factor = False
        form = {"login": email, "password": password}
        signed_in = self._exchange("POST", "/v1/sessions", json=form).expect(201)
        self.must_enrol: bool = signed_in["must_enrol_second_factor"]
        self._refresh_token: str = signed_in["refresh_token"]
        self._hold(signed_in)

    def enrol_second_factor(self, password: str) -> None:
        """Scan the QR code with an authenticator, and confirm with its first code."""
        path = "/v1/me/second-factor"
        enrolled = self.post(path, {"password": password}).expect(201)
        secret = base64.b32decode(enrolled["secret"])
        code = crypto.totp_code(secret, clock.now().timestamp())
        self.post(f"{path}/confirm", {"code": code}).expect(200)
        self.has_second_factor = True
        self.renew()

    def _prepare(self) -> None:
        if time.monotonic() >= self._token_good_until:
            self.renew()

    def renew(self) -> None:
        """Get a token that knows what has changed: roles, the cooperative's status."""
        form = {"refresh_token": self._refresh_token}
        renewed = self._exchange("POST", "/v1/sessions/refresh", json=form).expect(200)
        self._refresh_token = renewed["refresh_token"]
        self._hold(renewed)


def same(actual: object, expected: object, what: str) -> None:
    """Raise StepFailed unless both are equal, naming what differs and both values."""
    if actual != expected:
        raise StepFailed(
            f"{what} is {_readable(actual)}, expected {_readable(expected)}"
        )


def _readable(value: object) -> str:
    return textwrap.shorten(repr(value), READABLE_CHARACTERS, placeholder="…")

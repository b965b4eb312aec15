"""A cooperative's own system that speaks SNAP, with keys of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.shared import clock
from tests.fakes.running_gateway import Gateway, Reply

BASE: Final = "/snap/v1.0"
_external_ids = itertools.count(1)


@cache
def private_key() -> rsa.RSAPrivateKey:
    """One for the whole run: making one takes a moment."""
    return rsa.generate_private_key(65537, 2048)


def public_pem() -> str:
    """What is registered of it."""
    encoding = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private_key().public_key().public_bytes(*encoding).decode()


def rsa_signature(message: str) -> str:
    """SHA256withRSA in base64."""
    signed = private_key().sign(message.encode(), PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode()


def timestamp() -> str:
    """Now, as SNAP writes it."""
    return clock.now().astimezone(clock.JAKARTA).isoformat(timespec="seconds")


def string_to_sign(path: str, token: str, body: bytes, at: str) -> str:
    """Written anew here, so that it is not the gateway's word against itself."""
    compact = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(compact.encode()).hexdigest()
    return f"POST:{path}:{token}:{digest}:{at}"


def next_external_id() -> str:
    """One that was not used yet."""
    return f"{next(_external_ids):020d}"


class SnapClient:
    """A partner that signs what it sends; ``changes`` spoil what a test is about."""

    def __init__(self, gateway: Gateway, partner_id: str, secret: str) -> None:
        self.gateway = gateway
        self.partner_id = partner_id
        self.secret = secret
        self._token = ""

    def ask_token(self, **changes: str) -> Reply:
        """A signed request for a token."""
        at = changes.get("at", timestamp())
        client = changes.get("client", self.partner_id)
        headers = {
            "X-TIMESTAMP": at,
            "X-CLIENT-KEY": client,
            "X-SIGNATURE": changes.get("signature", rsa_signature(f"{client}|{at}")),
        }
        return self.gateway.request(
            "POST",
            f"{BASE}/access-token/b2b",
            {"grantType": "client_credentials"},
            token=None,
            headers=headers,
        )

    @property
    def token(self) -> str:
        """A token, asked for once."""
        if not self._token:
            self._token = self.ask_token().json["accessToken"]
        return self._token

    def call(
        self,
        path: str,
        body: dict[str, Any],
        *,
        token: str | None = None,
        encode: Callable[[bytes], str] = lambda raw: base64.b64encode(raw).decode(),
        raw: bytes | None = None,
        at: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """A signed request."""
        used, at = token or self.token, at or timestamp()
        sent = raw if raw is not None else json.dumps(body, indent=1).encode()
        full = f"{BASE}/{path}"
        text = string_to_sign(full, used, sent, at)
        signed = hmac.digest(self.secret.encode(), text.encode(), "sha512")
        given = {
            "X-TIMESTAMP": at,
            "X-SIGNATURE": encode(signed),
            "X-PARTNER-ID": self.partner_id,
            "X-EXTERNAL-ID": next_external_id(),
            "CHANNEL-ID": "95221",
        } | (headers or {})
        given = {name: value for name, value in given.items() if value}
        return self.gateway.request("POST", full, sent, token=used, headers=given)

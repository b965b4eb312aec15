"""Systems of cooperatives that speak SNAP with the hub.

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_partner` | partners:write | `CreatePartner` | `NewPartner` |
| `list_partners` | partners:read | `Page` | `PartnerPage` |
| `renew_partner_secret` | partners:write | `ChangePartner` | `NewPartner` |
| `revoke_partner` | partners:write | `ChangePartner` | `Partner` |
| `list_partner_requests` | partners:read | `ListPartnerRequests` | its page |
| `authenticate_partner` | anyone | `AuthenticatePartner` | `PartnerToken` |
| `admit_partner_request` | a partner | `AdmitPartnerRequest` | `AdmittedRequest` |
| `record_partner_answer` | a partner | `RecordPartnerAnswer` | `RecordedAnswer` |
| `find_partner_request` | a partner | `FindPartnerRequest` | `FoundRequest` |
| `get_partner_account` | a partner | `AccountCommand` | `PartnerAccount` |

A partner is who holds a SNAP token: its id is the subject of the identity, and no
other caller has such a subject.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from marshmallow import Schema, ValidationError, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.members import (
    ACCOUNT_STATUSES,
    Command,
    Page,
    identifier,
    name_field,
)
from services.shared.errors import (
    ConflictError,
    NotAllowedError,
    NotAuthenticatedError,
    RefusedError,
)

PARTNER_SCOPES: Final = ("accounts:read", "transfers:read", "transfers:write")
PARTNER_STATUSES: Final = ("active", "revoked")
TOKEN_AUDIENCE: Final = "snap"  # noqa: S105  the audience of a token, no token
TOKEN_SECONDS: Final = 900
"""How long a SNAP token is good: what the standard says, not a setting."""

REFERENCE_LENGTH_MAX: Final = 64

EXAMPLE_PUBLIC_KEY: Final = """\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAraiJo5oJL1GwJayNI39N
fyhBJgq+pBJU7GsFPuAW5Z7c8MQNBdkzTHFvobTcm7U0W2JiPCk3jTDAUTueg93E
SJ2o3qmc8sOTcyWrv/dVL0b+yew10JGkKMvhCJi2uLQnVKy+WhfaS0FykBRWF9Yu
ulfpgrtHdbn7IWjNhy4FLU+jjXmeXMko8+GNLth41WVXHBLdH1nLfFv+S6IY/5gY
AJIitXA5HcXgncjviEaajCpT7BnwdVdICJlL4XPJ5pMBFsuCxNVR8+sUCjghT2Rq
e40v9WzrP08OXfD3RUEXBR98t0VfcQvydKL4bvm+1fQ8IVTXBYCq0oYQtbSrsDBO
vQIDAQAB
-----END PUBLIC KEY-----
"""
"""Whose private key nobody kept."""


class InvalidPublicKey(RefusedError):
    """The public key is not an RSA key of 2,048 to 8,192 bits in PEM."""

    code = "invalid_public_key"


class PartnerRevoked(ConflictError):
    """The partner was revoked; register a new one."""

    code = "partner_revoked"


class InvalidPartnerSignature(NotAuthenticatedError):
    """The partner is not known, or the request is not signed by it just now."""

    code = "invalid_partner_signature"


class AddressNotAllowed(NotAllowedError):
    """The partner may not call from this address."""

    code = "address_not_allowed"


class ExternalIdReused(ConflictError):
    """The X-EXTERNAL-ID was used before on this day."""

    code = "external_id_reused"


def _network(value: str) -> None:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValidationError("Must be an IP address or network.") from None


class PartnerBody(Schema):
    """A system of the cooperative that may call `/snap/v1.0`."""

    name = name_field("Core Banking KSP Maju Bersama")
    public_key = fields.String(
        required=True,
        validate=[
            validate.Length(min=100, max=4000),
            validate.Regexp(r"^[\x20-\x7e\r\n]*\Z", error="Must be PEM."),
        ],
        metadata={
            "description": "RSA public key in PEM, which verifies token requests.",
            "example": EXAMPLE_PUBLIC_KEY,
        },
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(PARTNER_SCOPES)),
        load_default=list(PARTNER_SCOPES),
        validate=validate.Length(min=1, max=len(PARTNER_SCOPES)),
        metadata={"example": list(PARTNER_SCOPES)},
    )
    allowed_ips = fields.List(
        fields.String(validate=[validate.Length(max=50), _network]),
        load_default=list,
        validate=validate.Length(max=50),
        metadata={
            "description": "Addresses or networks it may call from; none for any.",
            "example": ["203.0.113.0/24"],
        },
    )


class CreatePartner(PartnerBody, Command):
    """A new partner."""


class PartnerCommand(Schema):
    """Something about one partner of the caller's cooperative."""

    partner_id = identifier("snp_01jd8x")


class ChangePartner(PartnerCommand, Command):
    """A partner whose secret is renewed or who is revoked."""


class ListPartnerRequests(Page):
    """What a partner asked."""

    partner_id = identifier("snp_01jd8x")


class Partner(Schema):
    """A partner; `id` is both its X-CLIENT-KEY and its X-PARTNER-ID."""

    id = identifier("snp_01jd8x")
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    allowed_ips = fields.List(fields.String(), required=True)
    status = fields.String(required=True, validate=validate.OneOf(PARTNER_STATUSES))
    created_at = UtcField(required=True)
    revoked_at = UtcField(required=True, allow_none=True)


class NewPartner(Partner):
    """A partner with its secret, which is shown this once and signs its requests."""

    client_secret = fields.String(required=True)


class PartnerPage(Schema):
    """Partners, oldest first."""

    items = fields.List(fields.Nested(Partner), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PartnerRequest(Schema):
    """A request as it is kept: without names, account numbers by their last digits."""

    id = identifier("snq_01jd8x")
    external_id = fields.String(required=True)
    service_code = fields.String(required=True, metadata={"example": "17"})
    reference = fields.String(required=True, allow_none=True)
    address = fields.String(required=True)
    body = fields.Dict(required=True)
    received_at = UtcField(required=True)
    response_code = fields.String(
        required=True, allow_none=True, metadata={"example": "2001700"}
    )


class PartnerRequestPage(Schema):
    """Requests, newest first."""

    items = fields.List(fields.Nested(PartnerRequest), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Between the gateway and this service.


class AuthenticatePartner(Schema):
    """A request for a token, signed with the partner's private key."""

    client_key = text(longest=100, required=True)
    timestamp = text(longest=40, required=True)
    signature = text(longest=2000, required=True)
    address = text(longest=60, shortest=0, required=True)


class PartnerToken(Schema):
    """A token that opens `/snap` and nothing else."""

    access_token = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"example": TOKEN_SECONDS})


class AdmitPartnerRequest(Schema):
    """A signed request; `reference` and its hash count only where money moves.

    ``body`` is what of the body is kept.
    """

    service_code = text(longest=2, required=True)
    timestamp = text(longest=40, required=True)
    signature = text(longest=500, required=True)
    string_to_sign = fields.String(required=True, validate=validate.Length(max=10_000))
    external_id = fields.String(
        required=True, validate=validate.Regexp(r"^[0-9]{1,36}\Z")
    )
    address = text(longest=60, shortest=0, required=True)
    reference = text(longest=REFERENCE_LENGTH_MAX, load_default=None, allow_none=True)
    parameters_hash = text(longest=128, load_default=None, allow_none=True)
    body = fields.Dict(required=True)


class AdmittedRequest(Schema):
    """A request that was kept; is its reference that of another payment?"""

    id = identifier("snq_01jd8x")
    is_consistent = fields.Boolean(required=True, metadata={"example": True})


class RecordPartnerAnswer(Schema):
    """What a request was answered."""

    id = identifier("snq_01jd8x")
    response_code = fields.String(
        required=True, validate=validate.Regexp(r"^[0-9]{7}\Z")
    )


class RecordedAnswer(Schema):
    """The request whose answer is kept."""

    id = identifier("snq_01jd8x")


class FindPartnerRequest(Schema):
    """A payment by its reference, or by the X-EXTERNAL-ID of a day."""

    reference = text(longest=REFERENCE_LENGTH_MAX, load_default=None, allow_none=True)
    external_id = text(longest=36, load_default=None, allow_none=True)
    business_date = fields.Date(load_default=None, allow_none=True)


class FoundRequest(Schema):
    """The reference that a payment was asked for with, and whether just now."""

    reference = fields.String(required=True)
    is_recent = fields.Boolean(required=True)


class PartnerAccount(Schema):
    """An account of the partner's own cooperative."""

    number = identifier("0101100000000017")
    name = fields.String(required=True, metadata={"example": "Budi Santoso"})
    balance = fields.Integer(required=True, strict=True)
    available = fields.Integer(required=True, strict=True)
    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATUSES))

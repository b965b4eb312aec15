"""What may be asked of the members service, and what it answers.

Bodies are what HTTP clients send; a command is the body plus what the gateway adds
(ids out of the path, the idempotency part). Results are also the HTTP answers.

| entrypoint | rule | command | result |
|---|---|---|---|
| `authenticate_client` | anyone | `AuthenticateClient` | `Token` |
| `register_cooperative` | operator | `RegisterCooperative` | `Cooperative` |
| `activate_cooperative` | operator | `ChangeCooperative` | `Cooperative` |
| `deactivate_cooperative` | operator | `ChangeCooperative` | `Cooperative` |
| `get_cooperative` | operator, any tenant | `CooperativeCommand` | `Cooperative` |
| `list_cooperatives` | operator | `ListCooperatives` | `CooperativePage` |
| `create_client` | operator | `CreateClient` | `NewClient` |
| `list_clients` | operator | `ListClients` | `ClientPage` |
| `revoke_client` | operator | `RevokeClient` | `Client` |
| `register_member` | members:write | `RegisterMember` | `Member` |
| `activate_member` | members:write | `ActivateMember` | `Member` |
| `get_member` | members:read | `MemberCommand` | `MemberDetails` |
| `list_members` | members:read | `ListMembers` | `MemberPage` |
| `open_account` | accounts:write | `OpenAccount` | `Account` |
| `get_account` | accounts:read | `AccountCommand` | `Account` |
| `list_accounts` | accounts:read | `ListAccounts` | `AccountPage` |
| `close_account` | accounts:write | `CloseAccount` | `Account` |
| `deposit`, `withdraw` | accounts:write | `Movement` | `MovementResult` |
| `inquire_account` | accounts:read, transfers:write | `AccountCommand` | `Inquiry` |
| `get_health` | anyone | `{}` | `{"service","database","gauges"}` |

A result given again for the same idempotency key carries `"replayed": true`. Money is
refused with the errors of the ledger's contract, an inquiry without agreement with
`NoAgreement` of the transfers' contract.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, FlagField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.paging import Page as Page
from services.shared.errors import (
    ConflictError,
    MalformedError,
    NotAuthenticatedError,
    RefusedError,
)

SERVICE: Final = "members"

COOPERATIVE_KINDS: Final = ("ksp_primer", "ksp_sekunder", "ksu")
COOPERATIVE_STATUSES: Final = (
    "registered",
    "active",
    "deactivated",
    "closing",
    "closed",
)
MEMBER_STATUSES: Final = (
    "candidate",
    "active",
    "refused",
    "resigned",
    "expelled",
    "deceased",
)
GENDERS: Final = ("female", "male")
ACCOUNT_STATUSES: Final = ("opening", "active", "closed")
CHANNELS: Final = ("cash", "bank")

# Events, published to the exchange of this service. Payloads are JSON primitives.
COOPERATIVE_REGISTERED: Final = "cooperative_registered"  # CooperativeEvent
COOPERATIVE_ACTIVATED: Final = "cooperative_activated"  # CooperativeEvent
COOPERATIVE_DEACTIVATED: Final = "cooperative_deactivated"  # CooperativeEvent
MEMBER_ACTIVATED: Final = "member_activated"  # MemberEvent
MEMBER_LEFT: Final = "member_left"  # membership.MemberLeft
ACCOUNT_OPENED: Final = "account_opened"  # AccountEvent
ACCOUNT_CLOSED: Final = "account_closed"  # AccountEvent


class InvalidClient(NotAuthenticatedError):
    """The client id or the client secret is wrong, or the client may not sign in."""

    code = "invalid_client"


class InvalidScope(MalformedError):
    """A scope is unknown, or is more than this client was given."""

    code = "invalid_scope"


class CooperativeCodeTaken(ConflictError):
    """Another cooperative already has this code."""

    code = "cooperative_code_taken"


class CooperativeNotActive(RefusedError):
    """The cooperative was deactivated."""

    code = "cooperative_not_active"


class InvalidNik(RefusedError):
    """The NIK is not one that Dukcapil could have issued to this person."""

    code = "invalid_nik"


class DuplicateNik(ConflictError):
    """A member with this NIK already exists in the cooperative."""

    code = "duplicate_nik"


class MemberNotActive(RefusedError):
    """Candidate members may not hold accounts; activate the member first."""

    code = "member_not_active"


def identifier(example: str) -> fields.String:
    """An opaque id that a command or a result must carry."""
    return text(longest=100, required=True, metadata={"example": example})


def name_field(example: str) -> fields.String:
    """A name of 1 to 200 characters that shows something and hides nothing."""
    return fields.String(
        required=True,
        validate=[
            validate.Length(min=1, max=200),
            validate.Regexp(
                r"^(?=.*\S)[^\x00-\x1f\x7f]*\Z",
                error="Must not be blank, nor hold control characters.",
            ),
        ],
        metadata={"example": example},
    )


class Command(Schema):
    """What commands of people have in common."""

    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


# Clients and tokens


class AuthenticateClient(Schema):
    """OAuth 2.0 client credentials; `scope` narrows what the token may do."""

    client_id = text(longest=100, required=True)
    client_secret = text(longest=200, required=True, load_only=True)
    scope = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=500)
    )


class Token(Schema):
    """An access token, as RFC 6749 section 5.1 spells it."""

    access_token = fields.String(required=True)
    token_type = fields.String(
        required=True, validate=validate.Equal("Bearer"), metadata={"example": "Bearer"}
    )
    expires_in = fields.Integer(
        required=True, metadata={"description": "Seconds.", "example": 900}
    )
    scope = fields.String(
        required=True, metadata={"example": "accounts:read transfers:write"}
    )


class ClientBody(Schema):
    """A machine that may act for a cooperative."""

    name = name_field("Sistem Inti")
    scopes = fields.List(
        text(longest=40),
        required=True,
        validate=validate.Length(min=1, max=40),
        metadata={
            "description": "What it may do: `read` or `write` of `members`, "
            "`accounts`, `transfers`, `ledger` or `wallet`, such as `members:write`, "
            "which includes reading. `members` alone is both, `*` is everything.",
            "example": ["members:write", "accounts:write", "transfers:write"],
        },
    )


class CreateClient(ClientBody, Command):
    """A new client of a cooperative."""

    cooperative_id = identifier("coop_01jd8x")


class RevokeClient(Command):
    """A client that may not sign in any more."""

    cooperative_id = identifier("coop_01jd8x")
    client_id = identifier("cli_01jd8x")


class ListClients(Page):
    """The clients of one cooperative."""

    cooperative_id = identifier("coop_01jd8x")


class Client(Schema):
    """A client as listed: without its secret."""

    client_id = identifier("cli_01jd8x")
    cooperative_id = identifier("coop_01jd8x")
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    status = fields.String(
        required=True, validate=validate.OneOf(("active", "revoked"))
    )
    created_at = UtcField(required=True)


class NewClient(Schema):
    """A client at its creation: the one time that its secret is shown."""

    client_id = identifier("cli_01jd8x")
    client_secret = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)


class ClientPage(Schema):
    """Clients, oldest first."""

    items = fields.List(fields.Nested(Client), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Cooperatives


class CooperativeBody(Schema):
    """A cooperative that joins the hub."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9]{4}\Z", error="Must be 4 digits."),
        metadata={"example": "0101"},
    )
    name = name_field("KSP Maju Bersama")
    kind = fields.String(
        required=True,
        validate=validate.OneOf(COOPERATIVE_KINDS),
        metadata={"example": "ksp_primer"},
    )


class RegisterCooperative(CooperativeBody, Command):
    """A new cooperative."""


class CooperativeCommand(Schema):
    """Something about one cooperative."""

    cooperative_id = identifier("coop_01jd8x")


class ChangeCooperative(CooperativeCommand, Command):
    """A cooperative that is activated or deactivated."""


class ListCooperatives(Page):
    """The cooperatives of the hub."""

    status = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(COOPERATIVE_STATUSES),
    )


class Cooperative(Schema):
    """A cooperative; it takes part in payments once it is active."""

    id = identifier("coop_01jd8x")
    code = fields.String(required=True, metadata={"example": "0101"})
    name = fields.String(required=True, metadata={"example": "KSP Maju Bersama"})
    kind = fields.String(required=True, validate=validate.OneOf(COOPERATIVE_KINDS))
    status = fields.String(required=True, validate=validate.OneOf(COOPERATIVE_STATUSES))


class CooperativePage(Schema):
    """Cooperatives in the order of their codes."""

    items = fields.List(fields.Nested(Cooperative), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CooperativeEvent(Schema):
    """Payload of the cooperative events."""

    cooperative_id = identifier("coop_01jd8x")
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)


# Members


class MemberBody(Schema):
    """A person who applies for membership; null is as good as left out."""

    name = name_field("Budi Santoso")
    nik = fields.String(
        allow_none=True,
        validate=validate.Regexp(r"^[0-9]{16}\Z", error="Must be 16 digits."),
        metadata={
            "description": "National identity number, stored encrypted.",
            "example": "5171011708900001",
        },
    )
    phone = fields.String(
        allow_none=True,
        validate=validate.Regexp(
            r"^\+?[0-9][0-9 -]{7,18}\Z", error="Must be a telephone number."
        ),
        metadata={"example": "+6281234567890"},
    )
    email = fields.Email(
        allow_none=True,
        validate=validate.Length(max=200),
        metadata={"example": "budi@contoh.id"},
    )
    birth_date = fields.Date(allow_none=True, metadata={"example": "1990-08-17"})
    address = text(
        longest=500, allow_none=True, metadata={"example": "Jl. Melati 5, Denpasar"}
    )
    gender = fields.String(
        allow_none=True,
        validate=validate.OneOf(GENDERS),
        metadata={"example": "male"},
    )
    is_married = FlagField(
        allow_none=True,
        metadata={"description": "Who is married counts as grown up.", "example": True},
    )
    extra = fields.Dict(
        keys=text(longest=100),
        allow_none=True,
        metadata={
            "description": "What the cooperative's own registration form asks for.",
            "example": {},
        },
    )


class RegisterMember(MemberBody, Command):
    """A new candidate member of the caller's cooperative."""


class MemberCommand(Schema):
    """Something about one member of the caller's cooperative."""

    member_id = identifier("mem_01jd8x")


class ActivateMember(MemberCommand, Command):
    """A candidate that becomes a member."""


class ListMembers(Page):
    """The members of the caller's cooperative."""

    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(MEMBER_STATUSES)
    )


class Member(Schema):
    """A member as listed: without personal data."""

    id = identifier("mem_01jd8x")
    number = fields.String(
        required=True,
        metadata={"description": "Membership number.", "example": "0101-000001"},
    )
    name = fields.String(required=True, metadata={"example": "Budi Santoso"})
    status = fields.String(required=True, validate=validate.OneOf(MEMBER_STATUSES))
    registered_at = UtcField(required=True)


class MemberDetails(Member):
    """A member with the personal data that is kept; the NIK is masked."""

    nik = fields.String(
        required=True, allow_none=True, metadata={"example": "5171••••••••0001"}
    )
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    birth_date = fields.Date(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    gender = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(GENDERS)
    )
    is_married = FlagField(required=True, allow_none=True)
    extra = fields.Dict(
        required=True, allow_none=True, metadata={"example": {"nama_ibu": "Ni Made"}}
    )
    refusal_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why a candidate was not taken."},
    )
    is_self_registered = FlagField(required=True)
    is_masked = FlagField(
        required=True,
        metadata={
            "description": "Whether the caller sees phone and e-mail only in part, and "
            "neither the address nor the form's own fields."
        },
    )
    phone_verified_at = UtcField(required=True, allow_none=True)
    email_verified_at = UtcField(required=True, allow_none=True)
    activated_at = UtcField(required=True, allow_none=True)
    left_at = UtcField(required=True, allow_none=True)


class MemberPage(Schema):
    """Members in the order they registered."""

    items = fields.List(fields.Nested(Member), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MemberEvent(Schema):
    """Payload of the member events."""

    cooperative_id = identifier("coop_01jd8x")
    member_id = identifier("mem_01jd8x")
    number = fields.String(required=True)


# Savings accounts


class AccountBody(Schema):
    """A savings account to be opened for an active member."""

    member_id = identifier("mem_01jd8x")
    product = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_]{0,29}\Z", error="Must be the code of a savings product."
        ),
        metadata={"example": "sukarela"},
    )


class OpenAccount(AccountBody, Command):
    """A new savings account."""


class AccountCommand(Schema):
    """Something about one savings account."""

    number = identifier("0101100000000017")


class CloseAccount(AccountCommand, Command):
    """A savings account that is closed."""


class ListAccounts(Page):
    """The savings accounts of the caller's cooperative, or of one of its members."""

    member_id = text(longest=100, load_default=None, allow_none=True)


class Account(Schema):
    """A savings account with its balance in whole rupiah."""

    number = identifier("0101100000000017")
    member_id = identifier("mem_01jd8x")
    product = fields.String(required=True, metadata={"example": "sukarela"})
    balance = fields.Integer(required=True, strict=True)
    available = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "The balance less what is reserved."},
    )
    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATUSES))


class AccountPage(Schema):
    """Savings accounts in the order of their numbers."""

    items = fields.List(fields.Nested(Account), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AccountEvent(Schema):
    """Payload of the account events."""

    cooperative_id = identifier("coop_01jd8x")
    member_id = identifier("mem_01jd8x")
    number = identifier("0101100000000017")
    product = fields.String(required=True)


class MovementBody(Schema):
    """Money that a member brings or takes: at the counter or through the bank."""

    amount = AmountField(required=True, metadata={"example": 500000})
    channel = fields.String(
        required=True, validate=validate.OneOf(CHANNELS), metadata={"example": "cash"}
    )
    reference = text(longest=100, allow_none=True, metadata={"example": "SLIP-0001"})


class Movement(MovementBody):
    """A deposit or a withdrawal, done once per idempotency key."""

    number = identifier("0101100000000017")
    idempotency = fields.Nested(IdempotencySchema, required=True)


class MovementResult(Schema):
    """The journal that a movement became, and the balance right after it."""

    journal_id = identifier("jrn_4f1c")
    balance = fields.Integer(required=True, strict=True)
    slip_number = fields.String(
        metadata={"description": "Of the counter's slip.", "example": "SLIP/2026/11/7"}
    )


class InquiryCooperative(Schema):
    """The cooperative that keeps an account."""

    code = fields.String(required=True, metadata={"example": "0101"})
    name = fields.String(required=True, metadata={"example": "KSP Maju Bersama"})


class Inquiry(Schema):
    """Whose account it is, as much as a payer needs to see."""

    number = identifier("0101100000000017")
    cooperative = fields.Nested(InquiryCooperative, required=True)
    owner_name = fields.String(required=True, metadata={"example": "B*** S******"})

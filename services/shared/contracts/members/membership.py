"""What may be asked about finding, changing, activating and leaving members.

| entrypoint | rule | command | result |
|---|---|---|---|
| `search_members` | members:read | `SearchMembers` | `FoundMembers` |
| `change_member` | members:write | `ChangeMember` | `MemberDetails` |
| `get_member_nik` | members:write, audit:read | `MemberCommand` | `FullNik` |
| `invite_member` | members:write | `InviteMember` | `MemberLogin` |
| `refuse_candidate` | members:write | `RefuseCandidate` | `Member` |
| `propose_departure` | members:write | `ProposeDeparture` | `Departure` |
| `get_departure` | members:read | `DepartureCommand` | `Departure` |
| `list_departures` | members:read | `ListDepartures` | `DeparturePage` |
| `approve_departure` | approvals:write | `ApproveDeparture` | `Departure` |
| `withdraw_departure` | members:write | `WithdrawDeparture` | `Departure` |
| `list_duplicate_identities` | operator | `Page` | `DuplicateIdentityPage` |
| `apply_for_membership` | anyone | `Application` | `ApplicationReceived` |
| `confirm_application` | anyone | `ConfirmApplication` | `Verified` |
| `get_application_form` | anyone | `ApplicationFormCommand` | `ApplicationForm` |
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import FlagField, UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.members import (
    CHANNELS,
    MEMBER_STATUSES,
    Command,
    Member,
    MemberBody,
    MemberCommand,
    Page,
    identifier,
    name_field,
)
from services.shared.errors import ConflictError, RateLimitedError, RefusedError

DEPARTURE_KINDS: Final = ("refused", "resigned", "expelled", "deceased")
DEPARTURE_STATES: Final = (
    "proposed",
    "approved",
    "paying",
    "completed",
    "withdrawn",
)
FOUND_MAX: Final = 50


class InvalidPhone(RefusedError):
    """The phone number is not a mobile number of Indonesia."""

    code = "invalid_phone"


class TooYoung(RefusedError):
    """The person is younger than the cooperative takes as a member."""

    code = "too_young"


class MembershipNotTransferable(RefusedError):
    """A membership stays with its person: the NIK of a member cannot be exchanged."""

    code = "membership_not_transferable"


class MemberHasLeft(RefusedError):
    """This person is no longer a member, or was refused."""

    code = "member_has_left"


class NotACandidate(RefusedError):
    """Only a candidate can be refused."""

    code = "not_a_candidate"


class ContributionsUnpaid(RefusedError):
    """The candidate has not paid simpanan pokok and the first simpanan wajib yet."""

    code = "contributions_unpaid"


class ContributionsPaid(RefusedError):
    """The candidate has paid contributions, which go back through a departure."""

    code = "contributions_paid"


class DocumentsMissing(RefusedError):
    """A document that the cooperative asks for has not been accepted yet."""

    code = "documents_missing"


class CannotLeaveThisWay(RefusedError):
    """A candidate is refused; a member resigns, is expelled or has died."""

    code = "cannot_leave_this_way"


class TooManyApplications(RateLimitedError):
    """This cooperative takes no more applications for the moment; try later."""

    code = "too_many_applications"


class DepartureRunning(ConflictError):
    """A departure of this member is under way already."""

    code = "departure_running"


class DepartureDecided(ConflictError):
    """This departure was decided before."""

    code = "departure_decided"


class DepartureBlocked(RefusedError):
    """Something has to be settled before this member can leave."""

    code = "departure_blocked"


class SearchBody(Schema):
    """Who is looked for; everything that is given has to fit.

    It is a body and not a query, because what is in an address ends up in logs.
    """

    query = text(
        longest=100,
        metadata={
            "description": "Part of the name, or the beginning of the number.",
            "example": "budi",
        },
    )
    nik = fields.String(
        validate=validate.Regexp(r"^[0-9]{16}\Z", error="Must be 16 digits."),
        metadata={"example": "5171011708900001"},
    )
    phone = text(longest=30, metadata={"example": "0812-3456-7890"})
    status = fields.String(validate=validate.OneOf(MEMBER_STATUSES))
    limit = fields.Integer(
        strict=True,
        load_default=FOUND_MAX,
        validate=validate.Range(min=1, max=FOUND_MAX),
    )

    @validates_schema
    def _require_one(self, data: dict[str, object], **_kwargs: object) -> None:
        if not data.keys() & {"query", "nik", "phone"}:
            raise ValidationError("Give query, nik or phone.")


class SearchMembers(SearchBody):
    """Members of the caller's cooperative that are looked for."""


class FoundMembers(Schema):
    """The members that fit, in the order of their names; narrow the search for more."""

    items = fields.List(fields.Nested(Member), required=True)


class MemberChanges(MemberBody):
    """What is to be changed; null removes what is known."""

    name = fields.String(
        validate=name_field("Budi Santoso").validators,
        metadata={"example": "Budi Santoso"},
    )


class ChangeMember(MemberChanges):
    """Changed data of a member of the caller's cooperative."""

    member_id = identifier("mem_01jd8x")


class FullNik(Schema):
    """The whole NIK; whoever looked is in the audit trail."""

    nik = fields.String(
        required=True, allow_none=True, metadata={"example": "5171011708900001"}
    )


class MemberLogin(Schema):
    """Whether a link to choose a password was sent; not to who has a login already."""

    member_id = identifier("mem_01jd8x")
    is_invited = FlagField(required=True)


class InviteMember(MemberCommand, Command):
    """A member that is to have a login."""


class RefusalBody(Schema):
    """Why a candidate is not taken."""

    reason = text(longest=500, required=True, metadata={"example": "Data tidak sesuai"})


class RefuseCandidate(RefusalBody, MemberCommand, Command):
    """A candidate that is not taken."""


# Leaving


class DepartureBody(Schema):
    """How and why a membership is to end, and how what was paid in goes back."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(DEPARTURE_KINDS),
        metadata={"example": "resigned"},
    )
    reason = text(
        longest=500, required=True, metadata={"example": "Pindah ke luar kota"}
    )
    channel = fields.String(
        required=True, validate=validate.OneOf(CHANNELS), metadata={"example": "cash"}
    )


class ProposeDeparture(DepartureBody, MemberCommand, Command):
    """The end of a membership, which another person has to approve."""


class DepartureCommand(Schema):
    """Something about one departure."""

    departure_id = identifier("dep_01jd8x")


class ApproveDeparture(DepartureCommand):
    """A departure that is approved, which moves money."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class WithdrawDeparture(DepartureCommand, Command):
    """A departure that is given up."""


class ListDepartures(Page):
    """The departures of the caller's cooperative."""

    state = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(DEPARTURE_STATES)
    )


class DepartureBlocker(Schema):
    """One thing that has to be settled first."""

    code = fields.String(required=True, metadata={"example": "account_not_empty"})
    detail = fields.String(
        required=True, metadata={"example": "Account 0101100000000017 holds money."}
    )


class Departure(Schema):
    """The end of one membership."""

    id = identifier("dep_01jd8x")
    member_id = identifier("mem_01jd8x")
    kind = fields.String(required=True, validate=validate.OneOf(DEPARTURE_KINDS))
    reason = fields.String(required=True)
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    state = fields.String(required=True, validate=validate.OneOf(DEPARTURE_STATES))
    proposed_by = fields.String(required=True)
    proposed_at = UtcField(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = UtcField(required=True, allow_none=True)
    ended_at = UtcField(required=True, allow_none=True)
    journal_ids = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The journals that paid back what was paid in."},
    )
    blockers = fields.List(
        fields.Nested(DepartureBlocker),
        required=True,
        metadata={"description": "What stands in the way of approval at this moment."},
    )


class DepartureSummary(Departure):
    """A departure as listed: what stands in its way is told one at a time."""

    class Meta:
        """Everything else is as in the departure itself."""

        exclude = ("blockers",)


class DeparturePage(Schema):
    """Departures in the order they were proposed."""

    items = fields.List(fields.Nested(DepartureSummary), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class MemberLeft(Schema):
    """Payload of `member_left`."""

    cooperative_id = identifier("coop_01jd8x")
    member_id = identifier("mem_01jd8x")
    number = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(DEPARTURE_KINDS))


# The same person in several cooperatives


class Occurrence(Schema):
    """One membership of a person."""

    cooperative_id = identifier("coop_01jd8x")
    member_id = identifier("mem_01jd8x")
    status = fields.String(required=True, validate=validate.OneOf(MEMBER_STATUSES))
    registered_at = UtcField(required=True)


class DuplicateIdentity(Schema):
    """A NIK that several cooperatives have registered; the NIK itself is not told."""

    id = identifier("dup_4f1c")
    members = fields.List(fields.Nested(Occurrence), required=True)


class DuplicateIdentityPage(Schema):
    """Persons who are registered in several cooperatives."""

    items = fields.List(fields.Nested(DuplicateIdentity), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Candidates who register themselves


class ApplicationBody(MemberBody):
    """A person who wants to become a member, by phone or browser."""

    phone = fields.String(
        required=True,
        validate=validate.Length(min=8, max=20),
        metadata={"example": "081234567890"},
    )
    has_agreed = FlagField(
        required=True,
        validate=validate.Equal(True, error="Agree to the use of your data first."),  # noqa: FBT003
        metadata={
            "description": "That the cooperative may keep and use these data.",
            "example": True,
        },
    )


class Application(ApplicationBody):
    """An application to the cooperative with this code."""

    cooperative_code = identifier("0101")


class ApplicationReceived(Schema):
    """What every applicant is told, whether or not the person is known already."""

    id = identifier("mem_01jd8x")
    status = fields.String(
        required=True,
        validate=validate.Equal("received"),
        metadata={"example": "received"},
    )


class ApplicationFormCommand(Schema):
    """The form of the cooperative with this code."""

    cooperative_code = identifier("0101")


class ApplicationForm(Schema):
    """What a cooperative asks of applicants."""

    cooperative_name = fields.String(
        required=True, metadata={"example": "KSP Maju Bersama"}
    )
    required = fields.List(fields.String(), required=True)
    minimum_age = fields.Integer(required=True, metadata={"example": 17})
    fields_schema = fields.Dict(
        required=True,
        allow_none=True,
        data_key="fields",
        metadata={"description": "JSON Schema of `extra`.", "example": {}},
    )

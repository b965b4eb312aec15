"""The committee's votes, its decision with the letter, and the member's answer (R123).

| entrypoint | rule | command | result |
|---|---|---|---|
| `cast_vote` | approvals:write | `CastVote` | `Ballot` |
| `send_back` | approvals:write | `SendBack` | `Ballot` |
| `get_decision` | applications:read, approvals:read | `ApplicationCommand` | `Ballot` |
| `get_decision_letter` | applications:read, approvals:read | `GetLetter` | letter |
| `accept_offer`, `decline_offer` | applications:write | `AnswerOffer` | `Decision` |
| `get_my_decision` | self:read | `GetLetter` | letter |
| `accept_my_offer`, `decline_my_offer` | self:write | `AnswerOffer` | `Decision` |

A letter is a `DecisionLetter`, or a file when it is asked for as PDF.
Voting needs a fresh second factor. Amounts are whole rupiah, rates basis points a year.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts import files
from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.loans import (
    APPLICATION_STATUSES,
    ApplicationCommand,
    Command,
    identifier,
)
from services.shared.errors import ConflictError, RefusedError

CHOICES: Final = ("approve", "reject")
OUTCOMES: Final = ("approved", "conditional", "rejected")
ANSWERS: Final = ("accepted", "declined")
COUNT_MAX: Final = 600
RATE_BPS_MAX: Final = 2400


class NotOnCommittee(RefusedError):
    """Only people of the committee's roles vote on a loan of this size."""

    code = "not_on_committee"


class OwnLoan(RefusedError):
    """Nobody decides on a loan of their own."""

    code = "own_loan"


class AlreadyVoted(ConflictError):
    """You have voted on these terms; a vote stands."""

    code = "already_voted"


class TermsNotAllowed(RefusedError):
    """The terms go beyond what was applied for or what the product allows."""

    code = "terms_not_allowed"


class ReasonRequired(RefusedError):
    """A vote against the loan, or beyond what its score proposes, says why."""

    code = "reason_required"


class ApplicationIncomplete(RefusedError):
    """Something still stands against this; ``details`` says what."""

    code = "application_incomplete"


def _count(**more: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=1, max=COUNT_MAX),
        metadata={"description": "How many instalments.", "example": 12},
        **more,
    )


def _rate_bps(**more: Any) -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=0, max=RATE_BPS_MAX),
        metadata={
            "description": "Nominal rate per year in basis points: 2400 is 24 %.",
            "example": 2400,
        },
        **more,
    )


class VoteBody(Schema):
    """A vote, for the terms last voted on unless it names others.

    Before the first vote the terms are those applied for, at the rate that the score
    proposes or else the product's. A vote for other terms begins a new round, in which
    everybody votes again.
    """

    choice = fields.String(
        required=True, validate=validate.OneOf(CHOICES), metadata={"example": "approve"}
    )
    amount = AmountField(
        load_default=None, allow_none=True, metadata={"example": 2_500_000}
    )
    count = _count(load_default=None, allow_none=True)
    rate_bps = _rate_bps(load_default=None, allow_none=True)
    conditions = text(
        longest=1000,
        shortest=0,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Further conditions, as they are printed in the letter.",
            "example": "Menyerahkan BPKB asli sebelum pencairan.",
        },
    )
    reason = text(
        longest=1000,
        shortest=0,
        load_default="",
        metadata={"example": "Usaha berjalan baik lebih dari dua tahun."},
    )

    @validates_schema
    def _terms_are_for_approval(self, data: dict[str, Any], **_: Any) -> None:
        named = [
            name
            for name in ("amount", "count", "rate_bps", "conditions")
            if data.get(name) is not None
        ]
        if data.get("choice") == "reject" and named:
            raise ValidationError("Only an approval names terms.", named[0])


class CastVote(VoteBody, ApplicationCommand, Command):
    """The caller's vote on a verified application."""


class AnswerOffer(ApplicationCommand, Command):
    """Conditions that the member accepts or declines."""


class SendBackBody(Schema):
    """What the committee wants to know before it decides."""

    reason = text(
        longest=1000,
        required=True,
        metadata={"example": "Mohon periksa kembali arus kas tiga bulan terakhir."},
    )


class SendBack(SendBackBody, ApplicationCommand, Command):
    """An application that is verified again."""


class LetterQuery(Schema):
    """In which form the letter is wanted."""

    format = files.format_field(files.PDF)


class GetLetter(LetterQuery, ApplicationCommand):
    """The decision letter of an application."""


class LoanTerms(Schema):
    """Terms of a loan."""

    amount = fields.Integer(required=True, strict=True, metadata={"example": 3_000_000})
    count = _count(required=True)
    rate_bps = _rate_bps(required=True)
    conditions = fields.String(required=True)


class Vote(Schema):
    """A vote that was cast."""

    round = fields.Integer(required=True, strict=True)
    voter = fields.String(required=True)
    role = fields.String(required=True)
    choice = fields.String(required=True, validate=validate.OneOf(CHOICES))
    terms = fields.Nested(LoanTerms, required=True)
    reason = fields.String(required=True)
    voted_at = UtcField(required=True)


class Decision(Schema):
    """What was decided; terms of a rejection are those that were voted on."""

    number = fields.String(required=True, metadata={"example": "SK/2026/11/1"})
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    terms = fields.Nested(LoanTerms, required=True)
    reason = fields.String(required=True)
    quorum = fields.Integer(required=True, strict=True)
    decided_on = fields.Date(required=True)
    decided_at = UtcField(required=True)
    fingerprint = fields.String(
        required=True, metadata={"description": "SHA-512 of the printed letter."}
    )
    answer = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(ANSWERS)
    )
    answered_at = UtcField(required=True, allow_none=True)
    answered_by = fields.String(required=True, allow_none=True)


class Proposal(Schema):
    """What the score of the application proposes at most."""

    max_amount = fields.Integer(required=True, strict=True)
    rate_bps = _rate_bps(required=True)


class Ballot(Schema):
    """Where the decision on an application stands."""

    application_id = identifier("app_01jd8x")
    status = fields.String(required=True, validate=validate.OneOf(APPLICATION_STATUSES))
    asked = fields.Nested(
        LoanTerms,
        required=True,
        metadata={"description": "What was applied for, at the product's rate."},
    )
    proposed = fields.Nested(Proposal, required=True, allow_none=True)
    quorum = fields.Integer(required=True, strict=True)
    roles = fields.List(fields.String(), required=True)
    round = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "0 before the first vote."},
    )
    terms = fields.Nested(LoanTerms, required=True)
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What still stands against a decision."},
    )
    votes = fields.List(fields.Nested(Vote), required=True)
    decision = fields.Nested(Decision, required=True, allow_none=True)


class DecisionLetter(Schema):
    """What is printed on the decision letter (surat keputusan pinjaman)."""

    number = fields.String(required=True)
    cooperative_name = fields.String(required=True)
    cooperative_code = fields.String(required=True)
    application_number = fields.String(required=True)
    applied_on = fields.Date(required=True)
    member_name = fields.String(required=True)
    product_name = fields.String(required=True)
    purpose = fields.String(required=True)
    asked = fields.Nested(LoanTerms, required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    terms = fields.Nested(LoanTerms, required=True)
    terbilang = fields.String(required=True, metadata={"example": "tiga juta rupiah"})
    reason = fields.String(required=True)
    method = fields.String(required=True)
    frequency = fields.String(required=True)
    quorum = fields.Integer(required=True, strict=True)
    decided_on = fields.Date(required=True)
    decided_at = UtcField(required=True)

"""What is asked of an insurer and what it may answer, whoever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.insurance.domain.policies import GUARANTEE, LIFE

DEATH: Final = "death"
DEFAULT: Final = "default"
FORCE_MAJEURE: Final = "force_majeure"

USUAL_DOCUMENTS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    LIFE: {
        DEATH: ("ktp", "death_certificate", "loan_agreement", "loan_statement"),
    },
    GUARANTEE: {
        DEFAULT: ("loan_agreement", "loan_statement", "billing_record"),
        FORCE_MAJEURE: ("loan_agreement", "loan_statement", "disaster_statement"),
    },
}
"""The causes that each kind of product covers, with the documents of a claim."""

RECEIVED: Final = "received"
IN_REVIEW: Final = "in_review"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
PAID: Final = "paid"
ANSWERS: Final = (RECEIVED, IN_REVIEW, APPROVED, REJECTED, PAID)


class InsurerAway(Exception):
    """The insurer gave no answer that can be read; it may have done what was asked."""


class InsurerRefusal(Exception):
    """The insurer has understood and says no; the text is its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A loan as an insurer sees it; ``insurer`` is the code of who is asked."""

    insurer: str
    policy_id: str
    product_code: str
    kind: str
    name: str
    birth_date: date | None
    principal: int
    months: int
    premium: int
    coverage_bps: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisional:
    """What an insurer has reserved; the number is its own, if it gave one."""

    number: str | None
    premium: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """Cover that begins because the loan was paid out."""

    insurer: str
    policy_id: str
    starts_on: date
    ends_on: date
    premium: int
    premium_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Cover that ends before its time; also what was only reserved."""

    insurer: str
    policy_id: str
    on: date
    reason: str
    refund_amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document of a claim, as bytes."""

    id: str
    kind: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimForm:
    """A claim as it is submitted; its papers have gone before."""

    insurer: str
    claim_id: str
    policy_id: str
    cause: str
    occurred_on: date
    outstanding_principal: int
    outstanding_interest: int
    claimed_amount: int
    document_ids: Sequence[str]
    callback_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an insurer says about a claim: one of ANSWERS, and what belongs to it."""

    status: str
    amount: int | None = None
    paid_on: date | None = None
    reason: str | None = None

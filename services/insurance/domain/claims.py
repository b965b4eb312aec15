"""What a claim demands, by when, and which answers of an insurer can be true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.insurance.domain import insurers
from services.insurance.domain.insurers import Reading
from services.insurance.domain.premiums import BASIS_POINTS

DRAFT: Final = "draft"
SUBMITTING: Final = "submitting"
SUBMITTED: Final = "submitted"
IN_REVIEW: Final = "in_review"
APPROVED: Final = "approved"
DISPUTED: Final = "disputed"
WITHDRAWING: Final = "withdrawing"
PAID: Final = "paid"
REJECTED: Final = "rejected"
WITHDRAWN: Final = "withdrawn"
LAPSED: Final = "lapsed"

OPEN: Final = (
    DRAFT,
    SUBMITTING,
    SUBMITTED,
    IN_REVIEW,
    APPROVED,
    DISPUTED,
    WITHDRAWING,
)
"""A policy has at most one claim in these states, or one that was paid."""

WITH_INSURER: Final = (SUBMITTED, IN_REVIEW, APPROVED, DISPUTED)
"""The insurer is asked about these from time to time."""

UNFINISHED: Final = (SUBMITTING, *WITH_INSURER, WITHDRAWING)
"""The sweep carries on with these."""

WITHDRAWABLE: Final = (SUBMITTING, SUBMITTED, IN_REVIEW)

ASKED_AGAIN_AFTER: Final = timedelta(minutes=10)
DISPUTE_ASKED_AGAIN_AFTER: Final = timedelta(days=1)

REMINDED_DAYS: Final = (14, 7, 3, 1)
"""How many days before its deadline a draft is reminded of."""

DOCUMENTS_PER_CLAIM_MAX: Final = 20

_STATUSES: Final = {
    insurers.RECEIVED: SUBMITTED,
    insurers.IN_REVIEW: IN_REVIEW,
    insurers.APPROVED: APPROVED,
    insurers.REJECTED: REJECTED,
    insurers.PAID: PAID,
}
"""What the insurer's words are here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where an answer of the insurer takes a claim."""

    status: str
    reason: str | None = None


def claimed_amount(principal: int, interest: int, coverage_bps: int) -> int:
    """The share of what is outstanding that the policy pays, in rupiah, rounded down.

    The rest is the borrower's and stays in the loan (R47).
    """
    return (principal + interest) * coverage_bps // BASIS_POINTS


def opens_on(cause: str, occurred_on: date, waiting_days: int) -> date:
    """The first day of a claim: a default has to last for the waiting period."""
    waited = waiting_days if cause == insurers.DEFAULT else 0
    return occurred_on + timedelta(days=waited)


def deadline(
    cause: str, occurred_on: date, *, waiting_days: int, claim_days: int
) -> date:
    """The last day on which a claim may be submitted."""
    return opens_on(cause, occurred_on, waiting_days) + timedelta(days=claim_days)


def reminder(days_left: int, reminded: int | None) -> int | None:
    """The mark in REMINDED_DAYS that a draft has passed and not been told of, if any.

    ``reminded`` is the mark that it was told of last.
    """
    passed = [mark for mark in REMINDED_DAYS if days_left <= mark]
    if not passed or days_left < 0:
        return None
    mark = min(passed)
    return mark if reminded is None or mark < reminded else None


def judge(
    reading: Reading,
    *,
    claimed: int,
    approved: int | None,
    occurred_on: date,
    today: date,
) -> Verdict:
    """What to make of an insurer's answer about a claim of ``claimed`` rupiah.

    What cannot be is disputed and not believed: more than was claimed, nothing at all,
    another amount than was approved or agreed on before, or a payment on a day that
    cannot be.
    """
    told = _STATUSES[reading.status]
    if told == REJECTED:
        return Verdict(status=REJECTED, reason=reading.reason)
    if told not in {APPROVED, PAID}:
        return Verdict(status=told)
    doubt = _doubt_of_amount(reading, claimed, approved)
    if doubt is None and told == PAID:
        doubt = _doubt_of_day(reading, occurred_on, today)
    if doubt is not None:
        return Verdict(status=DISPUTED, reason=doubt)
    return Verdict(status=told)


def _doubt_of_amount(
    reading: Reading, claimed: int, approved: int | None
) -> str | None:
    if reading.amount is None or not 0 < reading.amount <= claimed:
        return f"jumlah {reading.amount} tidak sesuai dengan klaim {claimed}"
    if approved is not None and reading.amount != approved:
        return f"jumlah {reading.amount}, padahal disetujui {approved}"
    return None


def _doubt_of_day(reading: Reading, occurred_on: date, today: date) -> str | None:
    if reading.paid_on is None or not occurred_on <= reading.paid_on <= today:
        return f"tanggal bayar {reading.paid_on} tidak mungkin"
    return None

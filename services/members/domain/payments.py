"""What a payment into a virtual account passes through, and when money is believed.

What a provider calls back is only a hint. What counts is its own answer when it is
asked (`Reading`), and only when transaction, reference and amount are those we know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

DEPOSIT: Final = "deposit"
CONTRIBUTIONS: Final = "contributions"
LOAN: Final = "loan"
WALLET: Final = "wallet"
VIRTUAL_ACCOUNT: Final = "virtual_account"
"""The channel of contributions that came by a payment."""

CANCELLED: Final = "contribution_cancelled"
"""Why money that was with whom it was for is held again."""

PURPOSES: Final = (DEPOSIT, CONTRIBUTIONS, LOAN, WALLET)

REQUESTING: Final = "requesting"
"""Stored here; the provider has not answered yet."""

PENDING: Final = "pending"
"""There is a virtual account that can be paid."""

PAID: Final = "paid"
"""The provider confirmed the money when asked; no book has it yet."""

RECEIVED: Final = "received"
"""The money is in the books, not yet with whom it is for."""

CREDITED: Final = "credited"
UNALLOCATED: Final = "unallocated"
"""The money is in the books, but its target refused it: a person has to decide."""

EXPIRED: Final = "expired"
FAILED: Final = "failed"
DISPUTED: Final = "disputed"
"""The provider says paid, but not what was asked for: a person has to look."""

STATES: Final = (
    REQUESTING, PENDING, PAID, RECEIVED, CREDITED,
    UNALLOCATED, EXPIRED, FAILED, DISPUTED,
)  # fmt: skip
AT_REST: Final = frozenset({CREDITED, UNALLOCATED})
"""States in which the money is in the books, and nobody is moving it."""

UNFINISHED: Final = (REQUESTING, PENDING, PAID, RECEIVED)
"""States that nothing may stay in: the sweep goes on from each of them."""

READABLE: Final = (PENDING, EXPIRED, FAILED)
"""States in which the provider is asked when it calls back: late money is money."""

CHANNELS: Final = (
    "bag", "bca", "bmi", "bni", "bri", "bsi", "cimb", "danamon", "mandiri", "permata",
)  # fmt: skip
"""Banks whose virtual accounts can be asked for."""

FIRST_PAUSE_SECONDS: Final = 15
PAUSE_SECONDS_MAX: Final = 900
GRACE_SECONDS: Final = 3600
"""How long after its end a virtual account is still asked about."""


class ProviderAway(Exception):
    """The provider could not be asked, or did not answer in time."""


class ProviderRefused(Exception):
    """The provider will not do this, however often it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A virtual account to be asked for; ``reference`` is the payment's id here."""

    reference: str
    amount: int
    channel: str
    name: str
    phone: str
    email: str
    product: str
    hours: int
    notify_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualAccount:
    """What the provider made: where to pay, and by which number it knows of it."""

    transaction_id: str
    number: str
    name: str
    total: int
    fee: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the provider answers when it is asked about a transaction."""

    transaction_id: str
    reference: str
    amount: int | None
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What we know of a payment when its transaction is read."""

    transaction_id: str
    reference: str
    amount: int
    state: str
    expires_at: datetime


# iPaymu's transaction statuses: 6 is paid, and not yet settled to us.
_PAID: Final = frozenset({1, 6})
_OPEN: Final = frozenset({0, 7})
_EXPIRED: Final = -2


def judged(reading: Reading, expected: Expected, now: datetime) -> str:
    """The state that a payment is in after its transaction was read.

    Paid only if all that was asked for was paid; anything else that was paid is
    disputed. Open ones stay as they are until their time and some grace are over.
    """
    if reading.status in _PAID:
        is_same = (reading.transaction_id, reading.reference, reading.amount) == (
            expected.transaction_id,
            expected.reference,
            expected.amount,
        )
        return PAID if is_same else DISPUTED
    if reading.status == _EXPIRED:
        return EXPIRED
    if reading.status not in _OPEN:
        return FAILED
    if expected.state != PENDING:
        return expected.state
    is_over = (now - expected.expires_at).total_seconds() > GRACE_SECONDS
    return EXPIRED if is_over else PENDING


def pause_seconds(attempts: int) -> int:
    """How long to rest after this many looks: 15, 30, 60 … at most a quarter hour."""
    grown = FIRST_PAUSE_SECONDS << min(max(attempts - 1, 0), 20)
    return min(grown, PAUSE_SECONDS_MAX)


# What the hub thinks of a callback. None of these moves money by itself.
ACCEPTED: Final = "accepted"
REPEATED: Final = "repeated"
UNREADABLE: Final = "unreadable"
UNKNOWN_REFERENCE: Final = "unknown_reference"
WRONG_TRANSACTION: Final = "wrong_transaction"
WRONG_AMOUNT: Final = "wrong_amount"
VERDICTS: Final = (
    ACCEPTED, REPEATED, UNREADABLE, UNKNOWN_REFERENCE, WRONG_TRANSACTION, WRONG_AMOUNT,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What a provider, or somebody who says so, tells of a payment."""

    transaction_id: str | None = None
    reference: str | None = None
    amount: int | None = None
    status: str | None = None
    is_signed: bool = False


def verdict(callback: Callback, expected: Expected | None) -> str:
    """What is to be thought of a callback about the payment that it names."""
    if callback.reference is None and callback.transaction_id is None:
        return UNREADABLE
    if expected is None:
        return UNKNOWN_REFERENCE
    if callback.transaction_id != expected.transaction_id:
        return WRONG_TRANSACTION
    if callback.amount != expected.amount:
        return WRONG_AMOUNT
    return ACCEPTED if expected.state in READABLE else REPEATED

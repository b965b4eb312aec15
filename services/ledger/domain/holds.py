"""How a hold ends: posted, voided or expired, and at most once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.ledger.domain.balances import HeldPosting

PENDING: Final = "pending"
POSTED: Final = "posted"
VOIDED: Final = "voided"
EXPIRED: Final = "expired"
REFUSED: Final = "refused"

POST: Final = "post"
VOID: Final = "void"

CODES: Final = {
    POSTED: "hold_already_posted",
    VOIDED: "hold_already_voided",
    EXPIRED: "hold_expired",
}
"""What is wrong with resolving a hold that ended in this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How a hold is to end. ``amount`` is the part to post, None the whole."""

    hold_id: str
    action: str
    amount: int | None = None
    business_date: date | None = None

    @property
    def state(self) -> str:
        """The state that this leads to."""
        return POSTED if self.action == POST else VOIDED


@dataclass(slots=True, kw_only=True)
class Hold:
    """A hold while its row is locked."""

    id: str
    kind: str
    description: str
    reference: str | None
    business_date: date
    state: str
    books: list[str]
    placed_at: datetime
    expires_at: datetime | None
    resolved_at: datetime | None
    posted_amount: int | None
    request_id: str | None
    postings: Sequence[HeldPosting]

    def is_due(self, moment: datetime) -> bool:
        """Whether its time is up."""
        return self.expires_at is not None and self.expires_at <= moment

    def part(self, amount: int | None) -> int | None:
        """How much of each posting ``amount`` means; None when it is no valid part."""
        largest = max(posting.amount for posting in self.postings)
        if amount is None:
            return largest
        is_uniform = all(posting.amount == largest for posting in self.postings)
        return amount if is_uniform and amount <= largest else None

    def ended_as(self, resolution: Resolution) -> bool:
        """Whether the hold ended in just the way that is asked for again."""
        if self.state != resolution.state:
            return False
        return self.state == VOIDED or self.posted_amount == self.part(
            resolution.amount
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A hold that was placed, with the state in which it is."""

    hold_id: str
    state: str
    placed_at: datetime
    expires_at: datetime | None
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A hold that has ended; a posted one is the journal of its id."""

    hold_id: str
    state: str
    resolved_at: datetime
    journal_id: str | None
    balances: dict[str, int]
    replayed: bool = False

"""What an account is: four counters, a normal side, a limit and a status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ACTIVE: Final = "active"
FROZEN: Final = "frozen"
CLOSED: Final = "closed"

COUNTER_MAX: Final = 9 * 10**18
"""Just below what PostgreSQL's BIGINT can hold; no counter may pass it."""


@dataclass(slots=True, kw_only=True)
class Account:
    """An account while its row is locked; the counters move, the rest stands.

    `minimum_balance` is the lowest balance allowed, pending amounts counted; None is
    no limit. `covered_by` is the account whose balance must cover what this one owes.
    """

    id: int
    key: str
    cooperative_id: str
    is_debit_normal: bool
    debits_posted: int = 0
    credits_posted: int = 0
    debits_pending: int = 0
    credits_pending: int = 0
    minimum_balance: int | None = None
    covered_by: int | None = None
    status: str = ACTIVE

    @property
    def balance(self) -> int:
        """What has been posted, positive on the normal side."""
        if self.is_debit_normal:
            return self.debits_posted - self.credits_posted
        return self.credits_posted - self.debits_posted

    @property
    def pending(self) -> int:
        """What holds may still take out; what they may bring in does not count."""
        return self.credits_pending if self.is_debit_normal else self.debits_pending

    @property
    def available(self) -> int:
        """What may still go out before the limit is reached."""
        return self.balance - self.pending - (self.minimum_balance or 0)

    @property
    def is_below_minimum(self) -> bool:
        """Whether the limit is passed."""
        return self.minimum_balance is not None and self.available < 0

    @property
    def is_overfull(self) -> bool:
        """Whether a counter is beyond what can be stored."""
        return (
            self.debits_posted + self.debits_pending > COUNTER_MAX
            or self.credits_posted + self.credits_pending > COUNTER_MAX
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it and nothing is on its way."""
        return self.balance == self.debits_pending == self.credits_pending == 0


def is_covered(account: Account, cover: Account) -> bool:
    """Whether ``cover`` holds at least what ``account`` owes, pending counted."""
    return account.balance - account.pending + cover.balance - cover.pending >= 0
